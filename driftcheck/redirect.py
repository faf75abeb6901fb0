"""Sends every connection that user code opens to a shadow database, and refuses any other.

Three hooks that stand together, put on for the length of a stage and taken off after it:

1. ``do_connect`` on the ``Engine`` class connects to the shadow in place of what was asked for;
   what was asked for is how driftcheck learns where the live database is.
2. A data descriptor on ``Engine.url`` lets code *read* the shadow's name too.
3. ``connect`` on the ``Pool`` class asks each new connection for the shadow's mark and refuses any
   other before a statement is run: ``creator=``, ready-made pools, whatever hook 1 cannot see.

Connections pooled before a stage are made to reconnect when they are checked out.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from driftcheck.errors import DriftcheckError, RedirectError
from driftcheck.location import (
    Place,
    arguments_for,
    place_of,
    url_for_dialect,
    url_of_arguments,
)
from driftcheck.shadow.base import ShadowDatabase

_STAGE = "driftcheck.stage"
_TARGET = "driftcheck.target"

MakeShadow = Callable[[URL, str], ShadowDatabase]
"""Makes the shadow of the database at a URL, for a stage of that name."""


class Stage:
    """One set of shadows: a shadow for each database that user code asks for.

    Args:
        name: What the shadows are for: ``import``, ``replay`` ...
        make: Makes a shadow the first time its database is asked for.
    """

    _numbers = count(1)

    def __init__(self, name: str, make: MakeShadow) -> None:
        self.name = name
        self.number = next(self._numbers)
        self.shadows: dict[Place, ShadowDatabase] = {}
        self._make = make
        self._lock = threading.RLock()

    def shadow_of(self, target: URL) -> ShadowDatabase:
        """The shadow that stands for a database, made when first asked for."""
        with self._lock:
            place = place_of(target)
            if place not in self.shadows:
                self.shadows[place] = self._make(target, self.name)
            return self.shadows[place]


class Redirect:
    """Knows which database stands behind each shadow, and puts the hooks on.

    Attributes:
        targets: Every database that user code asked for, in that order, by its place.
    """

    def __init__(self) -> None:
        self.targets: dict[Place, URL] = {}
        self._behind: dict[Place, URL] = {}
        self._failure: DriftcheckError | None = None

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Redirect all that user code connects to while the stage lasts.

        Raises:
            RedirectError: User code would have reached a database that is not a shadow; also
                where that code caught the error that it was given instead.
        """
        self._failure = None
        hooks = _Hooks(self, stage)
        with hooks.installed():
            yield
        if self._failure is not None:
            raise self._failure

    def target_of(self, connection: Any) -> URL:
        """The database that user code meant by a SQLAlchemy connection it was given."""
        info = connection.connection.info
        if _TARGET not in info:
            raise RedirectError(
                "env.py configured a connection that was opened before driftcheck could redirect it",
                hint="Open the connection in env.py, or in the callable that builds the Config.",
            )
        target: URL = info[_TARGET]
        return target

    def resolve(self, asked: URL) -> URL:
        """The database that is meant: behind a shadow of an earlier stage stands another."""
        target = self._behind.get(place_of(asked), asked)
        self.targets.setdefault(place_of(target), target)
        return target

    def shadow_for(self, asked: URL, stage: Stage) -> tuple[URL, ShadowDatabase]:
        """The database that is meant, and what stands for it in a stage."""
        target = self.resolve(asked)
        shadow = stage.shadow_of(target)
        self._behind[place_of(shadow.url)] = target
        return target, shadow

    def failed(self, error: DriftcheckError) -> DriftcheckError:
        """Keep the first error: user code may catch what is raised at it."""
        self._failure = self._failure or error
        return error


class _Hooks:
    """The hooks of one stage."""

    def __init__(self, redirect: Redirect, stage: Stage) -> None:
        self._redirect = redirect
        self._stage = stage

    @contextmanager
    def installed(self) -> Iterator[None]:
        listeners: tuple[tuple[Any, str, Any, dict[str, bool]], ...] = (
            # SQLAlchemy 1.4 does not take insert=True for this one.
            (Engine, "do_connect", self._do_connect, {}),
            (Pool, "first_connect", self._require_mark, {"insert": True}),
            (Pool, "connect", self._require_mark, {"insert": True}),
            (Pool, "checkout", self._require_stage, {"insert": True}),
        )
        for target, name, listener, options in listeners:
            event.listen(target, name, listener, **options)
        Engine.url = _ShadowURL(self._url)  # type: ignore[assignment]
        try:
            yield
        finally:
            del Engine.url
            for target, name, listener, _ in listeners:
                event.remove(target, name, listener)

    def _do_connect(
        self, dialect: Dialect, record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        """Hook 1: connect to the shadow. What is returned is taken for the connection."""
        try:
            asked = url_of_arguments(dialect, cargs, cparams)
            target, shadow = self._redirect.shadow_for(asked, self._stage)
        except DriftcheckError as error:
            raise self._redirect.failed(error) from None
        if record is not None:
            record.info[_TARGET] = target
        theirs, keywords = arguments_for(shadow.url, dialect, cparams)
        return dialect.connect(*theirs, **keywords)

    def _url(self, engine: Engine, real: URL) -> URL:
        """Hook 2: what code reads of an engine's URL."""
        try:
            asked = url_of_arguments(engine.dialect, *engine.dialect.create_connect_args(real))
        except RedirectError:
            return real  # to be read it may be anything; to be connected to it is refused
        try:
            _, shadow = self._redirect.shadow_for(asked, self._stage)
        except DriftcheckError as error:
            raise self._redirect.failed(error) from None
        return url_for_dialect(shadow.url, engine.dialect)

    def _require_mark(self, dbapi_connection: Any, record: Any) -> None:
        """Hook 3: refuse a connection that does not lead to a shadow of this stage."""
        if _leads_to_any(dbapi_connection, self._stage.shadows.values()):
            record.info[_STAGE] = self._stage.number
            return
        with suppress(Exception):
            dbapi_connection.close()
        raise self._redirect.failed(
            RedirectError(
                "the project opened a connection that leads to no shadow database; "
                "it was closed before anything was run on it",
                hint="An engine made with creator= or with a pool of its own cannot be redirected: "
                "let it take its address from a URL while driftcheck runs.",
            )
        )

    def _require_stage(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get(_STAGE) != self._stage.number:
            raise DisconnectionError


def _leads_to_any(dbapi_connection: Any, shadows: Iterable[ShadowDatabase]) -> bool:
    """Ask a connection for the mark that only shadows answer with."""
    tokens = defaultdict(set)
    for shadow in shadows:
        tokens[shadow.mark_query].add(shadow.token)
    return any(_answer(dbapi_connection, query) in known for query, known in tokens.items())


def _answer(dbapi_connection: Any, query: str) -> object:
    """What a connection answers to a query, left outside a transaction as it came."""
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(query)
        row = cursor.fetchone()
    except Exception:  # noqa: BLE001  (another database's syntax: every driver has errors of its own)
        row = None
    finally:
        cursor.close()
        dbapi_connection.rollback()
    return row[0] if row else None


class _ShadowURL:
    """Stands in for the attribute ``Engine.url`` while a stage lasts."""

    def __init__(self, read: Callable[[Engine, URL], URL]) -> None:
        self._read = read

    def __get__(self, engine: Engine | None, owner: type[Engine]) -> Any:
        if engine is None:
            return self
        return self._read(engine, engine.__dict__["url"])

    def __set__(self, engine: Engine, url: URL) -> None:
        engine.__dict__["url"] = url

