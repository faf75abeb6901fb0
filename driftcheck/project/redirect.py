"""Redirects every connection that user code opens to a shadow database, and refuses all others.

Three hooks are installed for as long as user code may run:

1. ``do_connect`` on the ``Engine`` class connects to the shadow instead of the requested database.
   The requested database is also how driftcheck learns where the live database is.
2. A data descriptor on ``Engine.url`` returns the URL of the shadow.
3. ``connect`` on the ``Pool`` class asks each new connection for the mark of the shadow, and
   refuses any other connection before a statement is run. This covers ``creator=``, existing pools,
   and everything else that hook 1 does not see.

A connection that was pooled for an earlier shadow set is opened again when it is checked out, and
what SQLAlchemy remembers of a database follows (``default_schemas.py``). On a server that others
use, statements that affect more than the shadow database are refused too.

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
from driftcheck.databases.database import Database
from driftcheck.databases.location import (
    DatabaseKey,
    arguments_for,
    database_key_of,
    url_for_dialect,
    url_of_arguments,
)
from driftcheck.databases.own_statements import require_own_database
from driftcheck.databases.own_work import redirected_to
from driftcheck.databases.registry import database_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import DriftcheckError, NotAnsweredError, RedirectError
from driftcheck.process.deadline import aborter, watchdog
from driftcheck.project.containment import ReportError, at_the_end, process_owner
from driftcheck.project.default_schemas import DefaultSchemas
from driftcheck.project.interception.database_names import (
    created_database,
    renamed,
    without_creation,
)
from driftcheck.project.interception.interceptor import Interceptor
from driftcheck.project.interception.statements import statement_beyond_database
from driftcheck.project.shadow_sets import ShadowSet

_LINK = "driftcheck.link"


class _Link(NamedTuple):
    """The shadow that a pooled connection is connected to."""

    shadow_set: ShadowSet
    shadow: ShadowDatabase
    entered: int


class Redirect:
    """Redirects connections, and knows which database each shadow replaces.

    Args:
        root: The project's directory; the working directory if it is not given.
        known: Databases that user code must not reach, in addition to those that it requests.

    Attributes:
        targets: Every database that user code has requested, in this order, by its database key.
        interceptor: Refuses connections that bypass SQLAlchemy.
        default_schemas: Keeps the default schemas of dialects those of the current shadow set.
    """

    def __init__(self, root: Path | None = None, known: Iterable[URL] = ()) -> None:
        self.targets: dict[DatabaseKey, URL] = {}
        self.interceptor = Interceptor(root or Path.cwd(), known, self._was_refused)
        self.default_schemas = DefaultSchemas()
        self._replaced: dict[DatabaseKey, URL] = {}
        self._current: ShadowSet | None = None
        self._hooks = _Hooks(self)
        self._depth = 0
        self._nested = 0
        self._has_ended = False

    @contextmanager
    def hooked(self) -> Iterator[Redirect]:
        """Install the hooks. They stay installed between shadow sets: threads of user code go on.

        If such a thread is still running at the end, the hooks stay until the process ends. In the
        process of the command line they always stay, and refuse every connection after the end of
        this context: user code also runs at exit, for example in ``atexit`` handlers.
        """
        self._depth += 1
        if self._depth == 1:
            threads = set(threading.enumerate())
            self._hooks.install()
        try:
            yield self
        finally:
            self._depth -= 1
            if self._depth == 0:
                if process_owner() is not None:
                    self._has_ended = True
                    self.interceptor.stay_on()
                elif not set(threading.enumerate()) - threads:
                    self._hooks.remove()

    @contextmanager
    def to(self, shadow_set: ShadowSet) -> Iterator[None]:
        """Redirect the connections of user code to a shadow set within this context.

        Contexts may be nested.

        Raises:
            RedirectError: User code tried to reach a database that is not a shadow. This is also
                raised if that code caught the error that was raised in it.
        """
        outer, self._current, shadow_set.failure = self._current, shadow_set, None
        shadow_set.entered += 1
        self._nested += 1
        self.default_schemas.switch(shadow_set)
        for (
            database_key,
            shadow,
        ) in shadow_set.shadows.items():  # created before user code requested them
            self._allow(shadow)
            if database_key in self.targets:
                self._replaced[database_key_of(shadow.url)] = self.targets[database_key]
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
            self.default_schemas.switch(self._current)
        for refused in self.interceptor.refusals.take_from_children():
            shadow_set.failed(refused)
        if shadow_set.failure is not None:
            raise shadow_set.failure

    @property
    def current(self) -> ShadowSet:
        """The innermost shadow set; outside of all sets, the last set that was used."""
        if self._current is None:
            raise RedirectError("the project opened a connection before driftcheck was ready")
        if self._has_ended:
            raise self.interceptor.refusals.refusal(
                "connect to a database after the check has ended"
            )
        return self._current

    def target_of(self, connection: Any) -> URL:
        """Return the database that user code requested when it opened a SQLAlchemy connection."""
        link: _Link | None = connection.connection.info.get(_LINK)
        if link is None or link.shadow_set is not self._current:
            raise RedirectError(
                "env.py configured a connection that was opened before it ran",
                hint="Open the connection in env.py, or in the callable that builds the Config. "
                "A connection that was opened during the import cannot be redirected.",
            )
        return self.resolve(link.shadow.url)

    def resolve(self, asked: URL) -> URL:
        """Return the requested database. If a URL is that of a shadow, its target is returned."""
        target = self._replaced.get(database_key_of(asked), asked)
        self.targets.setdefault(database_key_of(target), target)
        self.interceptor.databases.add(target)
        return target

    def shadow_for(self, asked: URL) -> ShadowDatabase:
        """Return the shadow of a requested database in the current shadow set."""
        target = self.resolve(asked)
        shadow = self.current.shadow_of(target)
        self._replaced[database_key_of(shadow.url)] = target
        self._allow(shadow)
        return shadow

    def database_names(self, dialect: str) -> frozenset[str]:
        """Return the names of the databases that user code must not reach.

        Args:
            dialect: The dialect of the databases.
        """
        urls = (*self.targets.values(), *self.interceptor.databases.refused)
        names = (url.database for url in urls if url.get_backend_name() == dialect)
        return frozenset(name for name in names if name)

    def _allow(self, shadow: ShadowDatabase) -> None:
        self.interceptor.databases.add_shadow(shadow.url, is_shared=shadow.shares_server)

    def kept(self, error: DriftcheckError) -> DriftcheckError:
        """Record an error that is about to be raised in user code, and return the error."""
        return error if self._current is None else self._current.failed(error)

    def _was_refused(self, error: RedirectError) -> bool:
        """Record a refusal of the interceptor.

        Returns:
            Whether ``to`` will raise the error; outside of all shadow sets, it will not.
        """
        if self._current is not None and self._nested:
            self._current.failed(error)
        return self._nested > 0


_left_on: list[_Hooks] = []


class _Hooks:
    """Installs and removes the hooks."""

    def __init__(self, redirect: Redirect) -> None:
        self._redirect = redirect
        self._on = ExitStack()
        self._listeners: tuple[tuple[Any, str, Any, dict[str, bool]], ...] = (
            # SQLAlchemy 1.4 does not accept insert=True for do_connect.
            (Engine, "do_connect", self._do_connect, {}),
            (Engine, "before_cursor_execute", self._about_own_database, {"retval": True}),
            (Pool, "first_connect", self._require_mark, {"insert": True}),
            (Pool, "connect", self._require_mark, {"insert": True}),
            (Pool, "checkout", self._require_current_set, {"insert": True}),
        )

    def install(self) -> None:
        if _left_on:
            _left_on.pop().remove()
        if (report := process_owner()) is not None:
            _left_on.append(self)
            at_the_end(partial(_report_refusals, self._redirect.interceptor, report))
        self._redirect.interceptor.install()
        self._on.callback(self._redirect.interceptor.remove)
        for target, name, listener, options in self._listeners:
            event.listen(target, name, listener, **options)
            self._on.callback(event.remove, target, name, listener)
        Engine.url = _ShadowURL(self._url)  # type: ignore[assignment]
        self._on.callback(delattr, Engine, "url")

    def remove(self) -> None:
        self._on.close()

    def _do_connect(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        """Hook 1: connect to the shadow, and return the connection."""
        for listener in dialect.dispatch.do_connect:
            if listener != self._do_connect:
                # A listener of the project may set a token as password. If the listener opens the
                # connection itself, hook 3 checks that connection.
                connection = listener(dialect, record, cargs, cparams)
                if connection is not None:
                    return connection
        with self._failures_kept():
            shadow = self._redirect.shadow_for(url_of_arguments(dialect, cargs, cparams))
            arguments, keywords = arguments_for(shadow.url, dialect, cparams)
            database = f"the shadow database {shadow.name}"
            with redirected_to(shadow.url):
                connection = watched_dialect.connect(
                    dialect, database, arguments, keywords, self._keep
                )
                self._redirect.default_schemas.connected(
                    dialect, connection, self._redirect.current
                )
                return connection

    def _url(self, engine: Engine, real: URL) -> URL:
        """Hook 2: return the URL of the shadow as the URL of an engine."""
        try:
            asked = url_of_arguments(engine.dialect, *engine.dialect.create_connect_args(real))
        except RedirectError:
            return real  # reading an unusable URL is allowed; connecting to it is refused
        with self._failures_kept():
            shadow = self._redirect.shadow_for(asked)
        return url_for_dialect(shadow.url, engine.dialect)

    def _require_mark(self, dbapi_connection: Any, record: Any) -> None:
        """Hook 3: refuse a connection that is not to a shadow of the current shadow set."""
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
                "the project opened a connection that does not lead to a shadow database; "
                "driftcheck closed it before a statement was run",
                hint="An engine with creator= or with its own pool cannot be redirected. "
                "Create the engine from a URL while driftcheck runs.",
            )

    def _require_current_set(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if is_own(record):
            return
        link = record.info.get(_LINK)
        current = self._redirect.current
        if link is None or (link.shadow_set, link.entered) != (current, current.entered):
            raise DisconnectionError

    def _about_own_database(
        self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_arguments: Any
    ) -> tuple[str, Any]:
        """Answer queries for the live database, and refuse statements about other databases."""
        link = connection.connection.info.get(_LINK)
        if link is None:
            return statement, parameters
        database = database_for(connection.dialect.name)
        if created_database(statement):
            names = self._redirect.database_names(connection.dialect.name)
            statement = without_creation(statement, names)
        elif database.databases_view is not None and database.databases_view.search(statement):
            names = self._redirect.database_names(connection.dialect.name)
            shadow = str(link.shadow.url.database)
            statement, parameters = renamed(statement, parameters, names, shadow)
        self._require_own_database(link, statement, database)
        return statement, parameters

    def _require_own_database(self, link: _Link, statement: str, database: Database) -> None:
        """Refuse statements that affect more than the shadow database on a shared server."""
        if not link.shadow.shares_server:
            return
        if found := statement_beyond_database(statement, link.shadow.name):
            with self._failures_kept():
                raise RedirectError(
                    f"the project would run {found} on a server that others use",
                    hint="Have driftcheck create its shadow databases on a private server: "
                    "run pip install 'driftcheck[embedded]', and leave out --shadow.",
                    details=statement.strip(),
                )
        with self._failures_kept():
            require_own_database(database, statement, link.shadow.name)

    def _keep(self, error: DriftcheckError) -> DriftcheckError:
        return self._redirect.current.failed(error)

    @contextmanager
    def _failures_kept(self) -> Iterator[None]:
        try:
            yield
        except DriftcheckError as error:
            raise self._redirect.kept(error) from None


def _report_refusals(interceptor: Interceptor, report: ReportError) -> None:
    """Report the refusals that were not raised in ``Redirect.to``."""
    for error in interceptor.refusals.take():
        report(error)


def _shadow_reached(dbapi_connection: Any, shadow_set: ShadowSet) -> ShadowDatabase | None:
    """Return the shadow that a connection is connected to, by its mark; ``None`` if it is none."""
    abort = aborter(getattr(dbapi_connection, "driver_connection", dbapi_connection))
    for shadow in shadow_set.shadows.copy().values():
        # Another database may not support the query, and every driver has its own exceptions.
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
    """The descriptor that replaces the attribute ``Engine.url``."""

    def __init__(self, read: Callable[[Engine, URL], URL]) -> None:
        self._read = read

    def __get__(self, engine: Engine | None, owner: type[Engine]) -> Any:
        if engine is None:
            return self
        return self._read(engine, engine.__dict__["url"])

    def __set__(self, engine: Engine, url: URL) -> None:
        engine.__dict__["url"] = url
