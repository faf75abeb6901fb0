"""Connections of psycopg2 whose every call has a deadline."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

import psycopg2
from psycopg2 import extensions

from driftcheck.errors import ConnectionFailedError, DriftcheckError, NotAnsweredError
from driftcheck.process.deadline import MARGIN_SECONDS, aborter, watchdog

Failed = Callable[[DriftcheckError], DriftcheckError]
"""Takes note of an error that is raised."""

_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_IS_BROKEN = 2  # what a connection's attribute ``closed`` says then
_ON_CONNECTION = (
    *("commit", "rollback", "reset", "cancel", "set_client_encoding", "set_isolation_level"),
    *("set_session", "tpc_begin", "tpc_prepare", "tpc_commit", "tpc_rollback", "tpc_recover"),
    *("lobject", "close"),
)
_ON_CURSOR = ("execute", "executemany", "callproc", "copy_from", "copy_to", "copy_expert")
_ON_NAMED_CURSOR = ("fetchone", "fetchmany", "fetchall", "scroll", "__next__", "close")
_LENGTH = r"(\d+)\s*(us|ms|s|min|h|d)?\b"
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}


def _all_watched(*names: str) -> Callable[[type], type]:
    """A class decorator that gives the methods of these names a deadline."""

    def decorate(cls: type) -> type:
        for name in names:
            setattr(cls, name, _with_deadline(getattr(cls, name)))
        return cls

    return decorate


def _with_deadline(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method, updated=())
    def watched(self: Any, *arguments: Any, **keywords: Any) -> Any:
        connection: Any = self if isinstance(self, WatchedConnection) else self.connection
        return connection.watch(method, self, *arguments, **keywords)

    return watched


@_all_watched(*_ON_CONNECTION)
class WatchedConnection(extensions.connection):
    """A connection whose calls do not take longer than they may.

    Attributes:
        database: What messages call the database.
        seconds: How long one call may take.
        is_own: Whether driftcheck opened it for itself: the loss of the connection is then an
            error of driftcheck's as well. User code gets the driver's own error.
        failed: Takes note of an error that is raised.
    """

    database = "the database"
    seconds: float | None = None
    is_own = False
    failed: Failed | None = None
    _failure: DriftcheckError | None = None

    def cursor(
        self, name: Any = None, cursor_factory: Any = None, *arguments: Any, **keywords: Any
    ) -> Any:
        """A cursor of the class that is asked for, its calls watched as well."""
        if self._failure is not None:
            raise self._failure
        chosen: Any = self.cursor_factory  # None unless somebody has set it
        factory = cursor_factory or chosen or extensions.cursor
        base = WatchedCursor if name is None else WatchedNamedCursor
        return super().cursor(name, _joined(factory, base), *arguments, **keywords)

    def watch(self, method: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make a call that has a deadline.

        Raises:
            NotAnsweredError: Its time was over.
            ConnectionFailedError: The connection was lost, and is driftcheck's own.
        """
        try:
            with watchdog.call(self.database, aborter(self), self.seconds):
                return method(*arguments, **keywords)
        except psycopg2.Error as error:
            if self._failure is not None:  # nothing can be done on it any more: say why
                raise self._failure from error
            if not self.is_own or self.closed != _IS_BROKEN:
                raise
            self._failure = ConnectionFailedError(
                f"the connection to {self.database} was lost",
                hint="Check that the server and the network work, and try again.",
                details=str(error).strip(),
            )
            raise self._failure from error
        except NotAnsweredError as error:
            self._failure = error if self.failed is None else self.failed(error)
            raise self._failure from error.__cause__


@_all_watched(*_ON_CURSOR)
class WatchedCursor(extensions.cursor):
    """A cursor whose statements have a deadline; it has all rows when one has run."""


@_all_watched(*_ON_NAMED_CURSOR)
class WatchedNamedCursor(WatchedCursor):
    """A cursor that the server keeps: it asks for rows, too."""


@cache
def _joined(theirs: Any, ours: type) -> Any:
    """A class that somebody asks for, with ours below it; what is no class stays as it is."""
    if not isinstance(theirs, type) or issubclass(theirs, ours):
        return theirs
    if issubclass(ours, theirs):
        return ours
    try:
        return type(theirs.__name__, (theirs, ours), {"__module__": theirs.__module__})
    except TypeError:  # a class of C that cannot be joined with another
        return theirs


def connect(
    database: str, *arguments: Any, failed: Failed | None = None, own: bool = True, **keywords: Any
) -> Any:
    """Connect as ``psycopg2.connect`` does, within the time that connecting may take.

    Args:
        database: What messages call the database; without a password.
        arguments: Those of ``psycopg2.connect``.
        failed: Takes note of an error that is raised on the connection later.
        own: Whether driftcheck opens it for itself.
        keywords: Those of ``psycopg2.connect``.

    Raises:
        psycopg2.Error: The server cannot be reached, or refuses.
        NotAnsweredError: Its time is over.
    """
    said = _said(arguments, keywords)
    keywords = {**defaults(said), **keywords}
    factory = _joined(
        keywords.get("connection_factory") or extensions.connection, WatchedConnection
    )
    keywords["connection_factory"] = factory
    connection = watchdog.within(
        database,
        _seconds_to_connect(said),
        lambda: psycopg2.connect(*arguments, **keywords),
    )
    if isinstance(connection, WatchedConnection):
        connection.database, connection.is_own, connection.failed = database, own, failed
        connection.seconds = _seconds_of_statement(connection)
    return connection


def _said(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """What is said to libpq, in a text or by arguments."""
    text = arguments[0] if arguments else keywords.get("dsn")
    return {**(extensions.parse_dsn(text) if text else {}), **keywords}


def defaults(said: Mapping[str, Any]) -> dict[str, Any]:
    """What to say to libpq about time, where neither the user nor the environment says it.

    A service may say any of it, and what is said here would count more.
    """
    if said.get("service") or os.environ.get("PGSERVICE"):
        return {}
    wanted: dict[str, Any] = {
        "connect_timeout": max(2, round(watchdog.connect_seconds)),  # libpq takes 1 for 2
        "tcp_user_timeout": round(watchdog.client_seconds * 1000),
        **_KEEPALIVES,
    }
    if os.environ.get("PGCONNECT_TIMEOUT"):
        del wanted["connect_timeout"]
    return {key: value for key, value in wanted.items() if key not in said}


def _seconds_to_connect(said: Mapping[str, Any]) -> float:
    """How long connecting may take in all; what the user says is for each host."""
    theirs = said.get("connect_timeout") or os.environ.get("PGCONNECT_TIMEOUT")
    if not theirs and not said.get("service") and not os.environ.get("PGSERVICE"):
        return watchdog.connect_seconds
    try:
        seconds = float(theirs or 0)
    except ValueError:  # libpq refuses it
        return watchdog.connect_seconds
    hosts = str(said.get("host") or os.environ.get("PGHOST") or "").count(",") + 1
    return seconds * hosts + MARGIN_SECONDS if seconds > 0 else watchdog.client_seconds


def limit_said(connection: Any, name: str = "statement_timeout") -> float | None:
    """A limit that the user has libpq say to the server, in the URL or the environment.

    Args:
        connection: A connection of psycopg2.
        name: The server's setting.

    Returns:
        Seconds, 0 for no limit; ``None`` where nothing is said.
    """
    options = connection.info.dsn_parameters.get("options", "")
    found = re.findall(rf"\b{name}\s*=\s*'?{_LENGTH}", options)
    if not found:
        return None
    number, unit = found[-1]
    return float(int(number) * _UNITS[unit or "ms"])


def _seconds_of_statement(connection: Any) -> float | None:
    theirs = limit_said(connection)
    return theirs + MARGIN_SECONDS if theirs else None
