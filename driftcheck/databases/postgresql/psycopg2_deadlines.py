"""Connections of psycopg2 with a deadline for each call. Nothing here imports SQLAlchemy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any

import psycopg2
from psycopg2 import extensions

from driftcheck.errors import ConnectionFailedError, DriftcheckError, NotAnsweredError
from driftcheck.process.deadline import MARGIN_SECONDS, NoteError, aborter, watchdog

_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_IS_BROKEN = 2  # the value of a connection's attribute ``closed`` after an error
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
    """Return a class decorator that gives the named methods a deadline."""

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
    """A connection whose calls have a deadline.

    Attributes:
        database: The name of the database in messages.
        seconds: The time limit of a call; ``None`` for the default.
        is_own: Whether the connection is driftcheck's own. Then the loss of the connection raises
            an error of driftcheck's. User code gets the driver's own error.
        note: Takes note of an error that is raised.
    """

    database = "the database"
    seconds: float | None = None
    is_own = False
    note: NoteError | None = None
    _failure: DriftcheckError | None = None

    def cursor(
        self, name: Any = None, cursor_factory: Any = None, *arguments: Any, **keywords: Any
    ) -> Any:
        """Create a cursor of the requested class whose calls have a deadline too."""
        if self._failure is not None:
            raise self._failure
        chosen: Any = self.cursor_factory  # None unless it was set
        factory = cursor_factory or chosen or extensions.cursor
        base = WatchedCursor if name is None else WatchedNamedCursor
        return super().cursor(name, _joined(factory, base), *arguments, **keywords)

    @contextmanager
    def time_for(self, statements: int) -> Iterator[None]:
        """Give calls the time of several statements: the time limit is that of one statement."""
        seconds = self.seconds
        self.seconds = (seconds or watchdog.client_seconds) * statements
        try:
            yield
        finally:
            self.seconds = seconds

    def watch(self, method: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Call a method with a deadline.

        Raises:
            NotAnsweredError: The call took too long.
            ConnectionFailedError: The connection was lost, and is driftcheck's own.
        """
        try:
            with watchdog.call(self.database, aborter(self), self.seconds):
                return method(*arguments, **keywords)
        except psycopg2.Error as error:
            if self._failure is not None:  # the connection is unusable since this error
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
            self._failure = error if self.note is None else self.note(error)
            raise self._failure from error.__cause__


@_all_watched(*_ON_CURSOR)
class WatchedCursor(extensions.cursor):
    """A cursor whose statements have a deadline. It fetches all rows when a statement has run."""


@_all_watched(*_ON_NAMED_CURSOR)
class WatchedNamedCursor(WatchedCursor):
    """A server-side cursor: each fetch of rows has a deadline too."""


@cache
def _joined(requested: Any, ours: type) -> Any:
    """Return a subclass of both classes. A factory function is returned as it is."""
    if not isinstance(requested, type) or issubclass(requested, ours):
        return requested
    if issubclass(ours, requested):
        return ours
    try:
        return type(requested.__name__, (requested, ours), {"__module__": requested.__module__})
    except TypeError:  # an extension type that does not allow multiple inheritance
        return requested


def connect(
    database: str,
    /,
    *arguments: Any,
    note: NoteError | None = None,
    own: bool = True,
    **keywords: Any,
) -> Any:
    """Connect as ``psycopg2.connect`` does, with a deadline for connecting and for later calls.

    Args:
        database: The name of the database in messages, without a password.
        arguments: The positional arguments of ``psycopg2.connect``.
        note: Takes note of an error that is raised on the connection later.
        own: Whether the connection is driftcheck's own.
        keywords: The keyword arguments of ``psycopg2.connect``.

    Raises:
        psycopg2.Error: The server cannot be reached, or refuses the connection.
        NotAnsweredError: Connecting took too long.
    """
    parameters = _parameters(arguments, keywords)
    keywords = {**defaults(parameters), **keywords}
    factory = _joined(
        keywords.get("connection_factory") or extensions.connection, WatchedConnection
    )
    keywords["connection_factory"] = factory
    connection = watchdog.within(
        database,
        _connect_seconds(parameters),
        lambda: psycopg2.connect(*arguments, **keywords),
    )
    if isinstance(connection, WatchedConnection):
        connection.database, connection.is_own, connection.note = database, own, note
        connection.seconds = _statement_seconds(connection)
    return connection


def _parameters(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters for libpq, from a connection string and from keywords."""
    text = arguments[0] if arguments else keywords.get("dsn")
    return {**(extensions.parse_dsn(text) if text else {}), **keywords}


def defaults(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return libpq's time parameters that neither the user nor the environment sets.

    With a service, nothing is returned: a parameter would override the service file.
    """
    if parameters.get("service") or os.environ.get("PGSERVICE"):
        return {}
    wanted: dict[str, Any] = {
        "connect_timeout": max(2, round(watchdog.connect_seconds)),  # libpq raises 1 to 2
        "tcp_user_timeout": round(watchdog.client_seconds * 1000),
        **_KEEPALIVES,
    }
    if os.environ.get("PGCONNECT_TIMEOUT"):
        del wanted["connect_timeout"]
    return {key: value for key, value in wanted.items() if key not in parameters}


def _connect_seconds(parameters: Mapping[str, Any]) -> float:
    """Return the time limit for connecting. The user's limit is for each host."""
    limit = parameters.get("connect_timeout") or os.environ.get("PGCONNECT_TIMEOUT")
    if not limit and not parameters.get("service") and not os.environ.get("PGSERVICE"):
        return watchdog.connect_seconds
    try:
        seconds = float(limit or 0)
    except ValueError:  # libpq will refuse the value
        return watchdog.connect_seconds
    hosts = str(parameters.get("host") or os.environ.get("PGHOST") or "").count(",") + 1
    return seconds * hosts + MARGIN_SECONDS if seconds > 0 else watchdog.client_seconds


def user_limit(connection: Any, name: str = "statement_timeout") -> float | None:
    """Return a time limit that the user sets with libpq's parameter ``options``.

    Args:
        connection: A connection of psycopg2.
        name: The server's setting.

    Returns:
        Seconds, 0 for no limit; ``None`` if the user does not set it.
    """
    options = connection.info.dsn_parameters.get("options", "")
    found = re.findall(rf"\b{name}\s*=\s*'?{_LENGTH}", options)
    if not found:
        return None
    number, unit = found[-1]
    return float(int(number) * _UNITS[unit or "ms"])


def _statement_seconds(connection: Any) -> float | None:
    """Return the time limit of a call; ``None`` for the default."""
    limit = user_limit(connection)
    return limit + MARGIN_SECONDS if limit else None
