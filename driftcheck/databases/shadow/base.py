"""Shadow databases, and the base class of their makers."""

from __future__ import annotations

import atexit
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from driftcheck.errors import (
    ConnectionFailedError,
    DriftcheckError,
    NotAnsweredError,
    ShadowError,
)
from driftcheck.process.interrupt import interruption
from driftcheck.process.streams import warn
from driftcheck.storage.mark import Mark
from driftcheck.storage.temporary import sweep_temporary_directories

UNTRUSTED_NOT_RUN = (
    "SQL that comes from a live database or from a snapshot file is not run on a server that "
    "others use"
)
USE_PRIVATE_SERVER = (
    "Leave out --shadow: the shadow databases are then made on a private server (of "
    "driftcheck[embedded], or of a PostgreSQL that is installed on this machine), "
    "where that SQL runs without any rights."
)

if TYPE_CHECKING:  # importing SQLAlchemy takes longer than a quick check
    from sqlalchemy.engine import URL


@dataclass(frozen=True, eq=False)
class ShadowDatabase:
    """A throwaway database, which driftcheck creates, fills, reads and drops.

    Attributes:
        url: The URL; for PostgreSQL with the driver ``psycopg2``.
        name: The name, by which users recognize a shadow database.
        token: The mark.
        mark_query: A query that returns the mark in this database only.
        restricted: Whether untrusted SQL may run in it. On PostgreSQL, the URL then has a role
            without privileges, which owns all objects of the database.
        role: The name of this role; empty if there is none.
        replaced_role: The role that owns the objects in shadows that are not restricted.
    """

    url: URL
    name: str
    token: str
    mark_query: str
    _maker: ShadowMaker = field(repr=False)
    restricted: bool = False
    role: str = ""
    replaced_role: str = ""

    def is_reached_by(self, connection: Any) -> bool:
        """Return whether a DB-API connection, without a transaction, is to this database."""
        cursor = connection.cursor()
        try:
            cursor.execute(self.mark_query)
            row = cursor.fetchone()
        finally:
            cursor.close()
            connection.rollback()
        return row is not None and str(row[0]) == self.token

    @property
    def shares_server(self) -> bool:
        """Whether other users or programs use its server too."""
        return self._maker.shares_server

    def install(self, extensions: Iterable[tuple[str, str]]) -> None:
        """Install extensions as a superuser, before any untrusted SQL is run.

        Args:
            extensions: Pairs of extension and schema. Unsafe extensions, and extensions that the
                server does not have, are skipped.

        Raises:
            ShadowError: An extension cannot be installed.
        """
        self._maker.install(self, extensions)

    def drop(self) -> None:
        """Drop it, and end all connections to it. A second call does nothing."""
        self._maker.drop(self)


@dataclass(frozen=True)
class Template:
    """A copy of a shadow database that is kept for later runs.

    Attributes:
        key: At most 40 digits, from everything that can change what is in it.
        description: A text of whoever had it kept.
    """

    key: str
    description: str


class ShadowMaker(ABC):
    """Makes shadow databases, in one of several ways.

    ``close`` drops all shadows of the maker. It is called at the end of a ``with`` statement or of
    the process, but not in a forked process.

    Attributes:
        how: Where the shadows are, and why: a sentence for ``--verbose``.
        notes: The differences between the shadows and the live database, as sentences.
        passed_over: The other ways to make shadows, each with the reason why it was not taken.
        shares_server: Whether other users or programs use the server of the shadows too.
        runs_untrusted_ddl: Whether DDL of the live database can be run without giving its author
            more privileges.
        keeps_templates: Whether copies of shadows can be kept for later runs.
        program: The path of the program of a server that the maker starts itself; otherwise empty.
        place: What ``Database.start_early`` needs to start the same server; empty for most makers.
    """

    shares_server = False
    runs_untrusted_ddl = True
    keeps_templates = False
    program = ""
    place = ""

    def __init__(self, how: str) -> None:
        self.how = how
        self.notes: list[str] = []
        self.passed_over: list[str] = []
        self._made: list[ShadowDatabase] = []
        self._pid = os.getpid()
        self._is_closed = False
        atexit.register(self.close)
        interruption.hold(self)
        sweep_temporary_directories()

    @property
    @abstractmethod
    def writes(self) -> str:
        """What is written to make shadows, as a clause."""

    @property
    def runs_untrusted_files(self) -> bool:
        """Whether the SQL of a cache file or a snapshot file can be run.

        Such a file can contain any SQL. So it is only run where nothing else can be reached.
        """
        return self.runs_untrusted_ddl and not self.shares_server

    def make(
        self, purpose: str, template: ShadowDatabase | None = None, *, restricted: bool = False
    ) -> ShadowDatabase:
        """Make a shadow database.

        Args:
            purpose: The purpose in one word. It becomes a part of the name.
            template: A shadow of this maker to copy, with its rows. All connections to it are
                ended. Without a template, the shadow is empty.
            restricted: Whether untrusted SQL will be run in it. A copy of a restricted shadow is
                always restricted.

        Raises:
            ShadowError: The shadow cannot be made.
        """
        mark = Mark.new()
        shadow = self._plan(purpose, mark)
        interruption.has_made = True
        if restricted or (template is not None and template.restricted):
            if not self.runs_untrusted_ddl:
                raise ShadowError(UNTRUSTED_NOT_RUN, hint=USE_PRIVATE_SERVER)
            shadow = self._restricted(shadow, mark)
        self._made.append(shadow)  # before _create, so that an interrupt does not leave it behind
        try:
            self._create(shadow, template)
        except ShadowError:
            self.drop(shadow)
            raise
        return shadow

    def drop(self, shadow: ShadowDatabase) -> None:
        """Drop a shadow of this maker. A second call does nothing.

        If it cannot be dropped, ``close`` tries again.
        """
        with suppress(ShadowError):
            self._drop(shadow)

    def _drop(self, shadow: ShadowDatabase) -> None:
        if shadow in self._made:
            self._destroy(shadow)
            self._made.remove(shadow)

    @property
    def flavour(self) -> str:
        """The properties of the server that can affect the result of a replay."""
        return ""

    @property
    def server_state(self) -> str:
        """Everything about the server, as it is now, that a new shadow can differ by.

        It is complete only for a server that nothing else uses.
        """
        return self.flavour

    @property
    def session_state(self) -> str:
        """A query whose result changes if a revision leaves what ends with its session.

        It is empty if there is none.
        """
        return ""

    @property
    def shared_state(self) -> str:
        """A text that changes with what a replay does outside of its shadows."""
        return ""

    def templates(self) -> Sequence[Template]:
        """Return the templates that can be copied, those first that were used last."""
        return ()

    def keep(self, shadow: ShadowDatabase, template: Template) -> None:  # noqa: B027  (most keep none)
        """Keep a copy of a shadow as a template. All connections to the shadow are ended.

        Raises:
            ShadowError: It cannot be copied.
        """

    def make_from(self, purpose: str, template: Template) -> ShadowDatabase:
        """Make a shadow database as a copy of a template; see ``make``."""
        raise NotImplementedError

    def roles_left(self) -> tuple[str, ...]:
        """Return the roles that were created since this maker was opened. They outlive shadows."""
        return ()

    def release_role(self, role: str) -> bool:  # noqa: ARG002
        """Drop a role of the live database or of a replay, so that a replay can create it.

        Returns:
            Whether it was dropped. On a server that others use, and while a shadow needs the role,
            it is not.
        """
        return False

    def close(self) -> None:
        """Drop all shadows of this maker, and stop its server.

        For a shadow that cannot be dropped, a warning is printed. The next run tries again.
        """
        if os.getpid() != self._pid or self._is_closed:
            return
        atexit.unregister(self.close)
        try:
            for shadow in reversed(self._made.copy()):
                try:
                    self._drop(shadow)
                except (ShadowError, ConnectionFailedError) as error:
                    self._warn_left(shadow, error)
                    if isinstance(error, NotAnsweredError):
                        break  # the other shadows would take as long
        finally:
            self._stop()
        self._is_closed = True
        if not self.left():
            interruption.release(self)

    def left(self) -> tuple[str, ...]:
        """Return the names of the shadows that exist. With a private server, all are gone."""
        if self._is_closed and not self.shares_server:
            return ()
        return tuple(shadow.name for shadow in self._made)

    def stop_at_once(self) -> None:  # noqa: B027  (most makers start nothing)
        """Stop the server without waiting, if the run must end at once."""

    def _warn_left(self, shadow: ShadowDatabase, error: DriftcheckError) -> None:
        """Warn about a shadow that could not be dropped: the report is already written.

        If a signal ends the run, the message of the signal names all such shadows.
        """
        if interruption.received is not None:
            return
        reason = ". ".join(filter(None, (error.details, error.hint))) or str(error)
        warn(f"the shadow database {shadow.name} could not be dropped: {reason}")

    def __enter__(self) -> Self:
        """Return the maker, which is closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the maker."""
        self.close()

    @abstractmethod
    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        """Return a new shadow, which ``_create`` will create."""

    @abstractmethod
    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        """Create and mark the shadow."""

    @abstractmethod
    def _destroy(self, shadow: ShadowDatabase) -> None:
        """Drop the shadow if it exists."""

    def _restricted(self, shadow: ShadowDatabase, mark: Mark) -> ShadowDatabase:  # noqa: ARG002
        """Return the planned shadow as a restricted one."""
        return replace(shadow, restricted=True)

    def install(self, shadow: ShadowDatabase, extensions: Iterable[tuple[str, str]]) -> None:
        """Install extensions in a restricted shadow. Only PostgreSQL has extensions."""
        del shadow, extensions

    def _stop(self) -> None:  # noqa: B027  (most makers start nothing)
        """Stop the server that this maker started."""
