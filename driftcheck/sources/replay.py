"""Replays a project's history in shadow databases, and records which revision creates what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationStep
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.messages import database_message
from driftcheck.databases.names import names
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import ConnectionFailedError, ProjectError
from driftcheck.process.exception_text import exception_lines
from driftcheck.project.containment import line_in
from driftcheck.project.environment import LoadedProject
from driftcheck.project.failure_hints import missing_variable
from driftcheck.project.inputs import States
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.project.working_schema import working_schema
from driftcheck.schema import Address
from driftcheck.sources.created_tables import table_of_no_revision
from driftcheck.sources.files import relative, source_directories
from driftcheck.sources.import_operations import import_again
from driftcheck.sources.object_sources import MigrationSource, ObjectSources
from driftcheck.sources.replay_inputs import ReplayRecording, recording
from driftcheck.sources.session_watch import SessionWatch
from driftcheck.sources.statement_log import ExecutedStatement, StatementLog, has_word

_ALREADY_EXISTS = re.compile(r"(?<!not )(?<!n't )exist|duplicate", re.IGNORECASE)


@dataclass(frozen=True)
class RevisionFailure:
    """The failure of a revision.

    Attributes:
        where: The revision, its file and the line of the operation.
        statement: The statement that failed; empty if the failure is an exception in Python.
        message: The first error of the database, or the exception.
        existing: For an object that exists already: the object, and where an earlier revision
            creates it.
        variable: The environment variable that the revision needs and that is not set; empty if
            that is not the cause.
        missing_table: The table that the revision needs and that no revision creates; empty if
            that is not the cause.
    """

    where: MigrationSource
    statement: str
    message: str
    existing: tuple[Address, MigrationSource] | None = None
    variable: str = ""
    missing_table: str = ""


@dataclass(frozen=True)
class UseOfModels:
    """A line of a revision that creates tables of the models as they are now.

    Attributes:
        where: The revision, its file and the line.
        tables: The names of the tables, with their schemas if the models name them.
    """

    where: MigrationSource
    tables: tuple[str, ...]


@dataclass(frozen=True)
class AppliedRevisions:
    """Revisions that a replay has run, and what it recorded.

    Attributes:
        revisions: The revisions, in the order in which they ran.
        sources: Where they create and drop objects.
        names_special_date: See ``Replay.names_special_date``.
        inputs: What they have read outside the history.
    """

    revisions: tuple[str, ...]
    sources: ObjectSources
    names_special_date: bool
    inputs: States


Destinations = Mapping[tuple[DatabaseKey, VersionTable], tuple[str, ...]]
"""The revisions to which each version table of each database is upgraded or downgraded."""

Observe = Callable[[DatabaseKey, str, Any], "Iterable[Address] | None"]
"""Called after each revision with its database, its identifier and its connection. The transaction
may still be open. Returns the objects of the database if it has read them, else ``None``."""

Watch = Callable[[DatabaseKey, ExecutedStatement, Any], None]
"""Called after each statement of a revision with its database and its connection."""

_Record = Callable[[DatabaseKey, frozenset[Address]], None]
"""Records the objects that a database has after a revision."""

_FindSteps = Callable[[Any, str, Any], Iterable[Any]]
"""Finds the steps to a destination: (script directory, destination, current heads) -> steps."""


class Replay:
    """A replay of a history in the shadows of one shadow set.

    Args:
        loaded: The project.
        shadow_set: The shadows.
        observe: Called after each revision.
        watch: Called after each statement of a revision.
        session: Watches what the revisions leave in their sessions.

    Attributes:
        applied: The revisions that were upgraded to, in this order.
        known: The objects that each database has now. They are read by name, unless they are set
            here before the replay and returned by ``observe`` after each revision.
        made: For each database, where the migrations create its objects.
        dropped: For each database, where they drop or rename objects that it does not have again.
        fault: The failure that stopped the replay, if any. A stopped replay does not go on.
        show: Called with each revision before it runs.
    """

    def __init__(
        self,
        loaded: LoadedProject,
        shadow_set: ShadowSet,
        observe: Observe = lambda *_: None,
        watch: Watch | None = None,
        session: SessionWatch | None = None,
    ) -> None:
        self._loaded = loaded
        self._redirect = loaded.redirect
        self._shadow_set = shadow_set
        self._observe = observe
        self._session = session
        self._log = StatementLog(None if watch is None else partial(self._watched, watch))
        databases = loaded.environment.databases.values()
        self._models = [m for contexts in databases for c in contexts for m in c.metadata]
        self.applied: list[str] = []
        self.known: dict[DatabaseKey, frozenset[Address]] = {}
        self.sources = ObjectSources()
        self.fault: RevisionFailure | None = None
        self._has_imported = False
        self.show: Callable[[str], None] = lambda _: None

    @property
    def statements(self) -> tuple[ExecutedStatement, ...]:
        """The statements of the running revision so far, except those that read or write rows."""
        return tuple(self._log.statements)

    @property
    def names_special_date(self) -> bool:
        """Whether a revision names the present date in a string, such as ``'today'``."""
        return self._log.names_special_date

    @property
    def uses_of_models(self) -> tuple[UseOfModels, ...]:
        """The lines of the revisions so far that create tables of the models."""
        tables: dict[MigrationSource, dict[str, None]] = {}
        for executed, table in self._log.created_tables:
            if any(table.metadata is models for models in self._models):
                file = relative(executed.file, self._loaded.root)
                where = MigrationSource(executed.revision, file, executed.line)
                tables.setdefault(where, {})[table.fullname] = None
        return tuple(UseOfModels(where, tuple(names)) for where, names in tables.items())

    def resume(self, earlier: AppliedRevisions) -> None:
        """Go on after revisions that an earlier replay has run in the database of the shadows."""
        self.applied = [*earlier.revisions]
        self.sources = earlier.sources.copy()
        self._log.names_special_date = earlier.names_special_date

    def recording(self) -> AbstractContextManager[ReplayRecording]:
        """Record what the revisions read outside the history, until the end of the block."""
        directories = source_directories(self._loaded.script)
        return recording(directories, self._loaded.root, self._loaded.recording)

    def upgrade(self, destinations: Destinations) -> bool:
        """Upgrade every version table to its destinations.

        Returns:
            Whether all revisions ran. If not, ``fault`` is the failure.
        """
        return self._run_steps(destinations, _upgrade_steps, self._record_created)

    def downgrade(self, destinations: Destinations) -> bool:
        """Downgrade every version table to its destinations; ``base`` undoes all revisions.

        Returns:
            Whether all revisions ran. If not, ``fault`` is the failure.
        """
        return self._run_steps(destinations, _downgrade_steps, self._record_dropped)

    def undo(self, revisions: Destinations) -> bool:
        """Downgrade single heads, and no other revision, also where branches meet.

        Returns:
            Whether all revisions ran. If not, ``fault`` is the failure.
        """
        return self._run_steps(revisions, _undo_step, self._record_dropped)

    def stamp(self, revision: str) -> None:
        """Stamp the shadows with a revision, without running it. The replay starts after it."""

        def steps(heads: Any, context: Any) -> Iterable[Any]:
            return context.script._stamp_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001

        self._run("stamping the shadow database", steps)

    def _run_steps(
        self, destinations: Destinations, find_steps: _FindSteps, record: _Record
    ) -> bool:
        """Run env.py once for the first destination of every version table, then for the next."""
        for number in range(max(map(len, destinations.values()), default=0)):
            if self.fault is None:
                steps = self._steps(destinations, number, find_steps, record)
                self._run("replaying the history", steps)
        return self.fault is None

    def _run(self, doing: str, work: Callable[[Any, Any], Iterable[Any]]) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._redirect.to(self._shadow_set))
            stack.enter_context(self._log.recording())
            try:
                self._loaded.project.run_environment(work, doing)
            except ProjectError as error:
                if not self._log.revision:
                    raise
                self.fault = self._failure(error.__cause__ or error)
            else:
                if self._log.revision:  # env.py ran it in a thread, and ignored its exception
                    self.fault = self._failure(ProjectError("env.py did not finish the revision"))

    def _steps(
        self, destinations: Destinations, number: int, find_steps: _FindSteps, record: _Record
    ) -> Callable[[Any, Any], Iterator[Any]]:
        def steps(heads: Any, context: Any) -> Iterator[Any]:
            database_key = database_key_of(self._redirect.target_of(context.connection))
            working = working_schema(context.connection)
            schema = working.schema_of(context.version_table_schema)
            table = VersionTable(schema, context.version_table)
            wanted = destinations.get((database_key, table), ())[number : number + 1]
            if not self._has_imported:
                self._has_imported = True
                import_again(context.script, heads)
            if database_key not in self.known:  # no revision creates the objects that exist before
                self.known[database_key] = _names_in(context) or frozenset()
            if self._session is not None:
                self._session.begin(context.connection)
            for revision in wanted:
                context.on_version_apply_callbacks = (
                    *context.on_version_apply_callbacks,
                    partial(self._after_revision, database_key, record),
                )
                for step in find_steps(context.script, revision, heads):
                    self.show(step.revision.revision)
                    self._log.begin(step.revision.revision, step.revision.path)
                    yield step
                self._log.end()

        return steps

    def _watched(self, watch: Watch, statement: ExecutedStatement, connection: Any) -> None:
        watch(database_key_of(self._redirect.target_of(connection)), statement, connection)

    def _after_revision(
        self, database_key: DatabaseKey, record: _Record, *, ctx: Any, **_: Any
    ) -> None:
        """Read the objects after a revision, while its transaction is still open."""
        if self._session is not None:
            self._session.check(ctx.connection)
        observed = self._observe(database_key, self._log.revision, ctx.connection)
        now = _names_in(ctx) if observed is None else frozenset(observed)
        if now is not None:
            record(database_key, now)
            self.known[database_key] = now

    def _record_created(self, database_key: DatabaseKey, now: frozenset[Address]) -> None:
        revision, file = self._log.revision, self._log.file
        self.applied.append(revision)
        shown = relative(file, self._loaded.root)

        def source(address: Address | None) -> MigrationSource:
            if address is None:
                return MigrationSource(revision, shown, 0)
            line = self._log.creation_line(*address.path)
            return MigrationSource(
                revision, shown, line or self._log.creation_line(address.path[0])
            )

        before = self.known.get(database_key, frozenset())
        self.sources.record_upgrade(database_key, before, now, source)

    def _record_dropped(self, database_key: DatabaseKey, now: frozenset[Address]) -> None:
        before = self.known.get(database_key, frozenset())
        self.sources.record_downgrade(database_key, before, now)

    def _failure(self, error: BaseException) -> RevisionFailure:
        if self._log.is_disconnected:  # says nothing about the history
            raise ConnectionFailedError(
                f"the connection to the shadow database was lost in {self._log.revision}",
                hint="Check that the server and the network work, and try again.",
                details=database_message(error),
            ) from error
        first = self._log.error
        file, revision = self._log.file, self._log.revision
        if first is not None:
            where = MigrationSource(
                revision, relative(file, self._loaded.root), first.statement.line
            )
            statement = first.statement.sql
            existing = self._existing_object(first.message, statement)
            files = (Path(each.path) for each in self._loaded.script.walk_revisions())
            missing = table_of_no_revision(first.message, statement, files)
            return RevisionFailure(where, statement, first.message, existing, missing_table=missing)
        message = database_message(error)
        if not isinstance(error, DBAPIError):
            message = "\n".join(exception_lines(error))
        return RevisionFailure(
            MigrationSource(revision, relative(file, self._loaded.root), line_in(error, file)),
            "",
            message,
            variable=missing_variable(error),
        )

    def _existing_object(
        self, message: str, statement: str
    ) -> tuple[Address, MigrationSource] | None:
        """The object that exists already according to an error message, and where it is created."""
        if not _ALREADY_EXISTS.search(message):
            return None
        candidates = [
            (address, source)
            for sources in self.sources.made.values()
            for address, source in sources.items()
            if has_word(message, address.name)
            and all(has_word(statement, part) for part in address.path)
        ]
        return max(candidates, key=lambda candidate: len(candidate[0].path), default=None)


def _upgrade_steps(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    return script._upgrade_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001


def _downgrade_steps(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    return script._downgrade_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001


def _undo_step(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    if revision in heads:
        head = script.get_revision(revision)
        yield MigrationStep.downgrade_from_script(script.revision_map, head)


def _names_in(context: Any) -> frozenset[Address] | None:
    """The names of the objects in a database; ``None`` if they cannot be read."""

    def fetch(query: str) -> Iterable[Any]:
        return context.connection.exec_driver_sql(query).fetchall()  # type: ignore[no-any-return]

    try:
        return names(context.dialect.name, fetch)
    except SQLAlchemyError:
        return None
