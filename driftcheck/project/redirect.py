"""Sends every connection that user code opens to a shadow database, and refuses any other.

Hooks that stand together, on for as long as user code may run:

1. ``do_connect`` on the ``Engine`` class connects to the shadow in place of what was asked for;
   what was asked for is how driftcheck learns where the live database is.
2. A data descriptor on ``Engine.url`` lets code *read* the shadow's name too.
3. ``connect`` on the ``Pool`` class asks each new connection for the shadow's mark and refuses any
   other before a statement is run: ``creator=``, ready-made pools, whatever hook 1 cannot see.

A connection that was pooled for an earlier shadow set is opened again when it is checked out. On a
server that others use, statements that reach beyond the shadow database are refused as well.

A connection that bypasses SQLAlchemy cannot be redirected. The interceptor (``interception/``)
refuses such a connection unless it leads to a shadow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from driftcheck.databases import dialect_deadlines as watched_dialect
from driftcheck.databases.connection import is_own
from driftcheck.databases.location import (
    DatabaseKey,
    arguments_for,
    database_key_of,
    url_for_dialect,
    url_of_arguments,
)
from driftcheck.databases.own_work import redirected_to
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import DriftcheckError, NotAnsweredError, RedirectError
from driftcheck.process.deadline import aborter, watchdog
from driftcheck.project.containment import TellError, at_the_end, process_owner
from driftcheck.project.interception.interceptor import Interceptor
from driftcheck.project.interception.statements import beyond_the_database

_LINK = "driftcheck.link"

MakeShadow = Callable[[URL, str], ShadowDatabase]
"""Makes the shadow of the database at a URL, for a shadow set of that name."""


class ShadowSet:
    """One set of shadows: a shadow for each database that user code asks for.

    Args:
        name: What the shadows are for: ``import``, ``replay`` ...
        make: Makes a shadow the first time its database is asked for.

    Attributes:
        shadows: What was made so far.
        failure: The first error that user code was given: it may have caught it.
        entered: How often it was begun. Between two times its shadows may have been copied, which
            cuts off what is connected to them.
    """

    def __init__(self, name: str, make: MakeShadow) -> None:
        self.name = name
        self.shadows: dict[DatabaseKey, ShadowDatabase] = {}
        self.failure: DriftcheckError | None = None
        self.entered = 0
        self._make = make
        self._lock = threading.RLock()

    def shadow_of(self, target: URL) -> ShadowDatabase:
        """The shadow that stands for a database, made when first asked for."""
        with self._lock:
            database_key = database_key_of(target)
            if database_key not in self.shadows:
                self.shadows[database_key] = self._make(target, self.name)
            return self.shadows[database_key]

    def begin_again(self) -> None:
        """Drop the shadows, so that the next ones are empty."""
        with self._lock:
            while self.shadows:
                _, shadow = self.shadows.popitem()
                shadow.drop()

    def failed(self, error: DriftcheckError) -> DriftcheckError:
        """Keep the first error: user code may catch what is raised at it."""
        self.failure = self.failure or error
        return error


class _Link(NamedTuple):
    """Where a pooled connection leads."""

    shadow_set: ShadowSet
    shadow: ShadowDatabase
    entered: int


class Redirect:
    """Knows which database stands behind each shadow, and keeps the hooks on.

    Args:
        root: The project's directory; the working directory if it is not given.
        known: Databases that user code must not reach, besides those that it asks for.

    Attributes:
        targets: Every database that user code asked for, in that order, by its place.
        interceptor: Refuses what goes past SQLAlchemy.
    """

    def __init__(self, root: Path | None = None, known: Iterable[URL] = ()) -> None:
        self.targets: dict[DatabaseKey, URL] = {}
        self.interceptor = Interceptor(root or Path.cwd(), known, self._was_refused)
        self._behind: dict[DatabaseKey, URL] = {}
        self._current: ShadowSet | None = None
        self._hooks = _Hooks(self)
        self._depth = 0
        self._nested = 0
        self._is_over = False

    @contextmanager
    def hooked(self) -> Iterator[Redirect]:
        """Keep the hooks on: between shadow sets, too, threads that user code started go on.

        Such a thread outlives this; the hooks then stay for as long as the process does. Where the
        process is driftcheck's own they always do, and refuse every connection from then on: user
        code runs until the very end, as in a handler of ``atexit``.
        """
        self._depth += 1
        if self._depth == 1:
            threads = set(threading.enumerate())
            self._hooks.put_on()
        try:
            yield self
        finally:
            self._depth -= 1
            if self._depth == 0:
                if process_owner() is not None:
                    self._is_over = True
                    self.interceptor.stay_on()
                elif not set(threading.enumerate()) - threads:
                    self._hooks.take_off()

    @contextmanager
    def to(self, shadow_set: ShadowSet) -> Iterator[None]:
        """Redirect the connections of user code to a shadow set within this context.

        Contexts may be nested.

        Raises:
            RedirectError: User code would have reached a database that is not a shadow; also
                where that code caught the error that it was given instead.
        """
        outer, self._current, shadow_set.failure = self._current, shadow_set, None
        shadow_set.entered += 1
        self._nested += 1
        for database_key, shadow in shadow_set.shadows.items():  # made before anybody asked
            self._let_pass(shadow)
            if database_key in self.targets:
                self._behind[database_key_of(shadow.url)] = self.targets[database_key]
        try:
            with self.hooked():
                self.interceptor.renew()
                yield
        except Exception as error:
            if shadow_set.failure not in (None, error):
                raise shadow_set.failure from error
            raise
        finally:
            self._current = outer or shadow_set
            self._nested -= 1
        for refused in self.interceptor.refusals.take_from_children():
            shadow_set.failed(refused)
        if shadow_set.failure is not None:
            raise shadow_set.failure

    @property
    def current(self) -> ShadowSet:
        """The innermost shadow set; between shadow sets, the first there was."""
        if self._current is None:
            raise RedirectError("the project opened a connection before driftcheck was ready")
        if self._is_over:
            raise self.interceptor.refusals.refusal(
                "connect to a database after the check has ended"
            )
        return self._current

    def target_of(self, connection: Any) -> URL:
        """The database that user code meant by a SQLAlchemy connection it was given."""
        link: _Link | None = connection.connection.info.get(_LINK)
        if link is None or link.shadow_set is not self._current:
            raise RedirectError(
                "env.py configured a connection that was opened before it ran",
                hint="Open the connection in env.py, or in the callable that builds the Config: "
                "one that is held since the import cannot be sent elsewhere.",
            )
        return self.resolve(link.shadow.url)

    def resolve(self, asked: URL) -> URL:
        """The database that is meant: behind a shadow of an earlier shadow set stands another."""
        target = self._behind.get(database_key_of(asked), asked)
        self.targets.setdefault(database_key_of(target), target)
        self.interceptor.databases.add(target)
        return target

    def shadow_for(self, asked: URL) -> ShadowDatabase:
        """What stands, in the current shadow set, for the database that is meant."""
        target = self.resolve(asked)
        shadow = self.current.shadow_of(target)
        self._behind[database_key_of(shadow.url)] = target
        self._let_pass(shadow)
        return shadow

    def _let_pass(self, shadow: ShadowDatabase) -> None:
        self.interceptor.databases.add_shadow(shadow.url, is_shared=shadow.shares_server)

    def kept(self, error: DriftcheckError) -> DriftcheckError:
        """Keep an error that user code is given."""
        return error if self._current is None else self._current.failed(error)

    def _was_refused(self, error: RedirectError) -> bool:
        """Keep what the interceptor refuses; between shadow sets there is nobody to raise it at."""
        if self._current is not None and self._nested:
            self._current.failed(error)
        return self._nested > 0


_left_on: list[_Hooks] = []


class _Hooks:
    """The hooks themselves."""

    def __init__(self, redirect: Redirect) -> None:
        self._redirect = redirect
        self._on = ExitStack()
        self._listeners: tuple[tuple[Any, str, Any, dict[str, bool]], ...] = (
            # SQLAlchemy 1.4 does not take insert=True for this one.
            (Engine, "do_connect", self._do_connect, {}),
            (Engine, "before_cursor_execute", self._require_own_database, {}),
            (Pool, "first_connect", self._require_mark, {"insert": True}),
            (Pool, "connect", self._require_mark, {"insert": True}),
            (Pool, "checkout", self._require_current_set, {"insert": True}),
        )

    def put_on(self) -> None:
        if _left_on:
            _left_on.pop().take_off()
        if (tell := process_owner()) is not None:
            _left_on.append(self)
            at_the_end(partial(_tell_refusals, self._redirect.interceptor, tell))
        self._redirect.interceptor.put_on()
        self._on.callback(self._redirect.interceptor.take_off)
        for target, name, listener, options in self._listeners:
            event.listen(target, name, listener, **options)
            self._on.callback(event.remove, target, name, listener)
        Engine.url = _ShadowURL(self._url)  # type: ignore[assignment]
        self._on.callback(delattr, Engine, "url")

    def take_off(self) -> None:
        self._on.close()

    def _do_connect(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        """Hook 1: connect to the shadow. What is returned is taken for the connection."""
        for theirs in dialect.dispatch.do_connect:
            if theirs != self._do_connect:
                # It may put a token in for a password; where it connects by itself, hook 3 asks.
                connection = theirs(dialect, record, cargs, cparams)
                if connection is not None:
                    return connection
        with self._failures_kept():
            shadow = self._redirect.shadow_for(url_of_arguments(dialect, cargs, cparams))
            arguments, keywords = arguments_for(shadow.url, dialect, cparams)
            database = f"the shadow database {shadow.name}"
            with redirected_to(shadow.url):
                return watched_dialect.connect(dialect, database, arguments, keywords, self._keep)

    def _url(self, engine: Engine, real: URL) -> URL:
        """Hook 2: what code reads of an engine's URL."""
        try:
            asked = url_of_arguments(engine.dialect, *engine.dialect.create_connect_args(real))
        except RedirectError:
            return real  # to be read it may be anything; to be connected to it is refused
        with self._failures_kept():
            shadow = self._redirect.shadow_for(asked)
        return url_for_dialect(shadow.url, engine.dialect)

    def _require_mark(self, dbapi_connection: Any, record: Any) -> None:
        """Hook 3: refuse a connection that does not lead to a shadow of this shadow set."""
        if is_own(record) or _LINK in record.info:
            return
        with self._failures_kept():
            shadow_set = self._redirect.current
            shadow = _shadow_reached(dbapi_connection, shadow_set)
            if shadow is not None:
                record.info[_LINK] = _Link(shadow_set, shadow, shadow_set.entered)
                return
            with suppress(Exception):
                dbapi_connection.close()
            raise RedirectError(
                "the project opened a connection that leads to no shadow database; "
                "it was closed before anything was run on it",
                hint="An engine made with creator= or with a pool of its own cannot be redirected: "
                "let it take its address from a URL while driftcheck runs.",
            )

    def _require_current_set(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if is_own(record):
            return
        link = record.info.get(_LINK)
        current = self._redirect.current
        if link is None or (link.shadow_set, link.entered) != (current, current.entered):
            raise DisconnectionError

    def _require_own_database(
        self, connection: Any, _cursor: Any, statement: str, *_arguments: Any
    ) -> None:
        """Refuse what would change a server that others use; a private one may be changed."""
        link = connection.connection.info.get(_LINK)
        if link is None or not link.shadow.shares_server:
            return
        if found := beyond_the_database(statement, link.shadow.name):
            with self._failures_kept():
                raise RedirectError(
                    f"the project would run {found} on a server that others use",
                    hint="Let driftcheck make its shadow databases on a private server: "
                    "pip install 'driftcheck[embedded]', and leave out --shadow.",
                    details=statement.strip(),
                )

    def _keep(self, error: DriftcheckError) -> DriftcheckError:
        return self._redirect.current.failed(error)

    @contextmanager
    def _failures_kept(self) -> Iterator[None]:
        try:
            yield
        except DriftcheckError as error:
            raise self._redirect.kept(error) from None


def _tell_refusals(interceptor: Interceptor, tell: TellError) -> None:
    """Tell of what was refused when there was nobody to raise it at."""
    for error in interceptor.refusals.take():
        tell(error)


def _shadow_reached(dbapi_connection: Any, shadow_set: ShadowSet) -> ShadowDatabase | None:
    """Ask a connection for the mark that only shadows answer with."""
    abort = aborter(getattr(dbapi_connection, "driver_connection", dbapi_connection))
    for shadow in shadow_set.shadows.copy().values():
        # Another database may not know the query, and every driver has errors of its own.
        try:
            with watchdog.call(f"the shadow database {shadow.name}", abort):
                if shadow.is_reached_by(dbapi_connection):
                    return shadow
        except NotAnsweredError:
            raise
        except Exception:  # noqa: BLE001, S112
            continue
    return None


class _ShadowURL:
    """Stands in for the attribute ``Engine.url``."""

    def __init__(self, read: Callable[[Engine, URL], URL]) -> None:
        self._read = read

    def __get__(self, engine: Engine | None, owner: type[Engine]) -> Any:
        if engine is None:
            return self
        return self._read(engine, engine.__dict__["url"])

    def __set__(self, engine: Engine, url: URL) -> None:
        engine.__dict__["url"] = url
