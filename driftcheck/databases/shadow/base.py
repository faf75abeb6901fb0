"""What a shadow database is, and what every way of getting one offers."""

from __future__ import annotations

import atexit
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from driftcheck.errors import (
    ConfigurationError,
    ConnectionFailedError,
    DriftcheckError,
    NotAnsweredError,
    ShadowError,
)
from driftcheck.process.interrupt import interruption
from driftcheck.process.streams import warn
from driftcheck.storage.mark import Mark
from driftcheck.storage.temporary import sweep_temporary_directories

SAME_SERVER = "same-server"
"""The value of ``--shadow`` that requests shadow databases on the server of the live database."""
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


@dataclass(frozen=True)
class ServerFacts:
    """What the live database has that a shadow must match, or that decides where one is made.

    Attributes:
        dialect: SQLAlchemy's name of the database.
        major: The server's major version.
        server_version: As the server gives it: ``16.4``.
        identity: Which database of which server this is; equal only for the same one.
        database: The live database's name.
        encoding: Such as ``UTF8``.
        collation: ``LC_COLLATE``.
        ctype: ``LC_CTYPE``.
        locale_provider: ``libc``, ``icu`` or ``builtin``.
        locale: The provider's own locale; empty for ``libc``.
        extensions: Names of the extensions installed in the live database.
        roles: Names of the server's roles, without its own (``pg_...``).
        user: Whom driftcheck is there.
        search_path: As shown.
        schemas: Those of the search path that exist, without ``public`` and the server's own.
    """

    dialect: str
    major: int
    server_version: str
    identity: str
    database: str
    encoding: str
    collation: str
    ctype: str
    locale_provider: str
    locale: str
    extensions: frozenset[str]
    roles: tuple[str, ...]
    user: str
    search_path: str
    schemas: tuple[str, ...]


@dataclass(frozen=True)
class ShadowRequest:
    """Where shadow databases are requested.

    Attributes:
        dialect: The name of SQLAlchemy's dialect.
        facts: The properties of the live database that a shadow must have, if they are known.
        live_url: The live database, if there is one.
        server_url: The server that ``--shadow`` names; the live database for ``same-server``.
        on_live_server: Whether ``--shadow same-server`` is given.
    """

    dialect: str
    facts: ServerFacts | None = None
    live_url: URL | None = None
    server_url: URL | None = None
    on_live_server: bool = False


@dataclass(frozen=True, eq=False)
class ShadowDatabase:
    """A throwaway database: filled, read and dropped by driftcheck, never the live one.

    Attributes:
        url: Where it is; for PostgreSQL always with the driver ``psycopg2``.
        name: Its name there, which says what it is.
        token: Its mark.
        mark_query: The SQL that answers with the mark in this database, and in no other.
        restricted: Whether SQL that is not to be trusted may be run in it. On PostgreSQL the URL
            then logs in as a role without rights, which everything in it belongs to.
        role: That role; empty where there is none.
        stands_for: The role whose place that one takes: the owner in a shadow without it.
    """

    url: URL
    name: str
    token: str
    mark_query: str
    _maker: ShadowMaker = field(repr=False)
    restricted: bool = False
    role: str = ""
    stands_for: str = ""

    def is_reached_by(self, connection: Any) -> bool:
        """Whether a DB-API connection, no transaction begun on it, leads to this database."""
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
        """Whether others use its server as well."""
        return self._maker.shares_server

    def install(self, extensions: Iterable[tuple[str, str]]) -> None:
        """Install extensions with the rights of a superuser, before any untrusted SQL is run.

        Args:
            extensions: Their names, each with its schema. Those that the server lacks or that are
                unsafe are left out.

        Raises:
            ShadowError: One cannot be installed.
        """
        self._maker.install(self, extensions)

    def drop(self) -> None:
        """Drop it now; what is still connected to it is cut off. Does nothing a second time."""
        self._maker.drop(self)


class ShadowMaker(ABC):
    """One way of getting shadow databases.

    It remembers what it made, so that ``close`` drops all of it whatever has happened: at the
    end of a ``with``, or of the process. Only the process that opened it can close it, never a
    fork of that.

    Attributes:
        how: Where the shadows are and why there: a sentence for ``--verbose``.
        notes: In what the shadows are less like live than they should be; sentences.
        shares_server: Whether others use the shadows' server as well.
        runs_untrusted_ddl: Whether DDL that comes from the live database can be run in a shadow
            without more rights than its author has.
    """

    shares_server = False
    runs_untrusted_ddl = True

    def __init__(self, how: str) -> None:
        self.how = how
        self.notes: list[str] = []
        self._made: list[ShadowDatabase] = []
        self._pid = os.getpid()
        self._is_closed = False
        atexit.register(self.close)
        interruption.hold(self)
        sweep_temporary_directories()

    @property
    def runs_untrusted_files(self) -> bool:
        """Whether what a cache or snapshot file says can be run as well.

        Such a file can hold any SQL. So it needs a place where nothing else can be reached.
        """
        return self.runs_untrusted_ddl and not self.shares_server

    def make(
        self, purpose: str, template: ShadowDatabase | None = None, *, restricted: bool = False
    ) -> ShadowDatabase:
        """Make a shadow database.

        Args:
            purpose: What it is for, one word; becomes a part of its name.
            template: A shadow of this maker to copy, schema and rows; what is connected to it
                is cut off. An empty one is made without.
            restricted: Whether SQL that is not to be trusted will be run in it. A copy of a
                restricted shadow always is one.

        Raises:
            ShadowError: It cannot be made.
        """
        mark = Mark.new()
        shadow = self._plan(purpose, mark)
        interruption.has_made = True
        if restricted or (template is not None and template.restricted):
            if not self.runs_untrusted_ddl:
                raise ShadowError(UNTRUSTED_NOT_RUN, hint=USE_PRIVATE_SERVER)
            shadow = self._restricted(shadow, mark)
        self._made.append(shadow)  # first: an interrupt while it is being made must not leak it
        try:
            self._create(shadow, template)
        except ShadowError:
            self.drop(shadow)
            raise
        return shadow

    def drop(self, shadow: ShadowDatabase) -> None:
        """Drop a shadow that this maker made; does nothing a second time.

        What cannot be dropped now is tried again in the end.
        """
        with suppress(ShadowError):
            self._drop(shadow)

    def _drop(self, shadow: ShadowDatabase) -> None:
        if shadow in self._made:
            self._destroy(shadow)
            self._made.remove(shadow)

    @property
    def flavour(self) -> str:
        """What of the server could make the same statements build another schema."""
        return ""

    def roles_left(self) -> tuple[str, ...]:
        """Roles that came to the server since this maker began: they outlive the shadows."""
        return ()

    def release_role(self, role: str) -> bool:  # noqa: ARG002
        """Drop a role that live knows or a replay has made, so that another can make it.

        Returns:
            Whether it is gone: not on a server that others use, nor while a shadow needs it.
        """
        return False

    def close(self) -> None:
        """Drop everything this maker made and stop what it started.

        What cannot be dropped is told and left to the next run's sweep.
        """
        if os.getpid() != self._pid or self._is_closed:
            return
        atexit.unregister(self.close)
        try:
            for shadow in reversed(self._made.copy()):
                try:
                    self._drop(shadow)
                except (ShadowError, ConnectionFailedError) as error:
                    self._tell_left(shadow, error)
                    if isinstance(error, NotAnsweredError):
                        break  # each of the others would be waited for as long
        finally:
            self._stop()
        self._is_closed = True
        if not self.left():
            interruption.release(self)

    def left(self) -> tuple[str, ...]:
        """The names of the shadows that are there: all are gone with a server of our own."""
        if self._is_closed and not self.shares_server:
            return ()
        return tuple(shadow.name for shadow in self._made)

    def stop_at_once(self) -> None:  # noqa: B027  (most makers start nothing)
        """Stop what this maker started without waiting, where the run must end at once."""

    def _tell_left(self, shadow: ShadowDatabase, error: DriftcheckError) -> None:
        """Warn about a shadow that stays. The report is written by then.

        If a signal ends the run, its message names all shadows that stay.
        """
        if interruption.received is not None:
            return
        said = ". ".join(filter(None, (error.details, error.hint)))
        text = f"the shadow database {shadow.name} could not be dropped: {said or error}"
        warn(text)

    def __enter__(self) -> Self:
        """The maker, to be closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it, whatever has happened."""
        self.close()

    @abstractmethod
    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        """Say what the shadow will be, and make nothing yet."""

    @abstractmethod
    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        """Make and mark it."""

    @abstractmethod
    def _destroy(self, shadow: ShadowDatabase) -> None:
        """Drop it if it is there."""

    def _restricted(self, shadow: ShadowDatabase, mark: Mark) -> ShadowDatabase:  # noqa: ARG002
        """The same shadow, planned for SQL that is not to be trusted."""
        return replace(shadow, restricted=True)

    def install(self, shadow: ShadowDatabase, extensions: Iterable[tuple[str, str]]) -> None:
        """Install extensions in a restricted shadow; databases other than PostgreSQL have none."""
        del shadow, extensions

    def _stop(self) -> None:  # noqa: B027  (most makers start nothing)
        """Stop what this maker started."""


def names_live_database(url: str) -> ConfigurationError:
    """Return the error for a ``--shadow`` that names the live database.

    Args:
        url: The URL without its password.
    """
    return ConfigurationError(
        f"--shadow names the live database, {url}",
        hint=f"Name another database of that server, or use --shadow {SAME_SERVER}: "
        "driftcheck then creates separate shadow databases on the live database's server.",
    )
