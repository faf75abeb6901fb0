"""One replay of a project's history in shadow databases: what runs, what made what, what fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from alembic.runtime.migration import MigrationStep
from sqlalchemy.exc import SQLAlchemyError

from driftcheck.databases.location import Place, place_of
from driftcheck.databases.messages import database_message
from driftcheck.databases.names import names
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import ConnectionFailedError, ProjectError
from driftcheck.project.containment import line_in
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, Stage
from driftcheck.schema import Address
from driftcheck.sources.files import relative
from driftcheck.sources.journal import Entry, Journal, has_word

_STANDS_IN_THE_WAY = re.compile(r"(?<!not )(?<!n't )exist|duplicate", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Made:
    """Where an object was made: a revision, its file, the line of the operation."""

    revision: str
    file: str
    line: int | None


@dataclass(frozen=True)
class Fault:
    """A revision that does not run.

    Attributes:
        where: The revision, its file and the line of the operation.
        statement: What was run; empty where it was no statement that failed.
        message: The database's first error, or the exception.
        existing: The object that stood in the way, and the earlier revision that made it.
    """

    where: Made
    statement: str
    message: str
    existing: tuple[Address, Made] | None = None


Destinations = Mapping[tuple[Place, VersionTable], tuple[str, ...]]
"""How far each version table of each database is to be upgraded or downgraded."""

Observe = Callable[[Place, str, Any], "Iterable[Address] | None"]
"""Told of each revision that has run: its database, its identifier, and the connection on which it
ran, whose transaction may still be open. Tells what is there now, where it has read that."""

Watch = Callable[[Place, Entry, Any], None]
"""Told of each statement that a revision has run: its database, and the connection on which it
ran."""

_Note = Callable[[Place, frozenset[Address]], None]
"""Takes in what is in a database now."""

_Way = Callable[[Any, str, Any], Iterable[Any]]
"""Finds the steps to a destination: (script directory, destination, current heads) -> steps."""


class Replay:
    """One replay of a history in the shadows of one stage.

    Args:
        project: The project.
        redirect: The redirection.
        stage: The shadows.
        observe: Told of each revision that has run.
        watch: Told of each statement that a revision has run.

    Attributes:
        known: For each database, what is there now. It is asked for by its names, unless it is
            given here and told by the observer from then on.
        made: For each database, where what is there now was made.
        fault: What stopped the replay, if anything did; it goes no further then.
    """

    def __init__(
        self,
        project: Project,
        redirect: Redirect,
        stage: Stage,
        observe: Observe = lambda *_: None,
        watch: Watch | None = None,
    ) -> None:
        self._project = project
        self._redirect = redirect
        self._stage = stage
        self._observe = observe
        self._journal = Journal(None if watch is None else partial(self._watched, watch))
        self.known: dict[Place, frozenset[Address]] = {}
        self.made: dict[Place, dict[Address, Made]] = {}
        self.fault: Fault | None = None

    @property
    def statements(self) -> tuple[Entry, ...]:
        """What the revision that runs now has run so far, without what reads or writes rows."""
        return tuple(self._journal.entries)

    def upgrade(self, destinations: Destinations) -> bool:
        """Upgrade every version table to its destinations.

        Returns:
            Whether it got there; else ``fault`` says what stopped it.
        """
        return self._walk(destinations, _upgrades, self._note_what_was_made)

    def downgrade(self, destinations: Destinations) -> bool:
        """Downgrade every version table to its destinations; ``base`` is the beginning.

        Returns:
            Whether it got there; else ``fault`` says what stopped it.
        """
        return self._walk(destinations, _downgrades, self._note_what_is_there)

    def undo(self, revisions: Destinations) -> bool:
        """Take the revisions that have run last back, and nothing else, wherever branches meet.

        Returns:
            Whether it was done; else ``fault`` says what stopped it.
        """
        return self._walk(revisions, _one_back, self._note_what_is_there)

    def stamp(self, revision: str) -> None:
        """Record a revision as run without running it: the history is taken up there."""

        def steps(heads: Any, context: Any) -> Iterable[Any]:
            return context.script._stamp_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001

        self._run("stamping the shadow database", steps)

    def _walk(self, destinations: Destinations, way: _Way, note: _Note) -> bool:
        """Take every version table along a way."""
        for round_ in range(max(map(len, destinations.values()), default=0)):
            if self.fault is None:
                self._run("replaying the history", self._steps(destinations, round_, way, note))
        return self.fault is None

    def _run(self, doing: str, work: Callable[[Any, Any], Iterable[Any]]) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._redirect.stage(self._stage))
            stack.enter_context(self._journal.kept())
            try:
                self._project.run_environment(work, doing)
            except ProjectError as error:
                if not self._journal.revision:
                    raise
                self.fault = self._as_fault(error.__cause__ or error)
            else:
                if self._journal.revision:  # env.py ran it in a thread, and never looked back
                    self.fault = self._as_fault(ProjectError("env.py did not finish the revision"))

    def _steps(
        self, destinations: Destinations, round_: int, way: _Way, note: _Note
    ) -> Callable[[Any, Any], Iterator[Any]]:
        def steps(heads: Any, context: Any) -> Iterator[Any]:
            place = place_of(self._redirect.target_of(context.connection))
            table = VersionTable(context.version_table_schema or "", context.version_table)
            wanted = destinations.get((place, table), ())[round_ : round_ + 1]
            if place not in self.known:  # what is there before no revision has made
                self.known[place] = _names_in(context) or frozenset()
            for revision in wanted:
                context.on_version_apply_callbacks = (
                    *context.on_version_apply_callbacks,
                    partial(self._has_run, place, note),
                )
                for step in way(context.script, revision, heads):
                    self._journal.begin(step.revision.revision, step.revision.path)
                    yield step
                self._journal.end()

        return steps

    def _watched(self, watch: Watch, entry: Entry, connection: Any) -> None:
        watch(place_of(self._redirect.target_of(connection)), entry, connection)

    def _has_run(self, place: Place, note: _Note, *, ctx: Any, **_: Any) -> None:
        """See what a revision has done, while its transaction is still open."""
        observed = self._observe(place, self._journal.revision, ctx.connection)
        now = _names_in(ctx) if observed is None else frozenset(observed)
        if now is not None:
            note(place, now)
            self.known[place] = now

    def _note_what_was_made(self, place: Place, now: frozenset[Address]) -> None:
        revision, file = self._journal.revision, self._journal.file
        made = self.made.setdefault(place, {})
        before = self.known.get(place, frozenset())
        for gone in before - now:
            made.pop(gone, None)
        for address in now - before:
            line = self._journal.line_where_made(*address.path)
            line = line or self._journal.line_where_made(address.path[0])
            made[address] = Made(revision, relative(file, self._project.root), line)

    def _note_what_is_there(self, place: Place, now: frozenset[Address]) -> None:
        """What comes back by a downgrade was made by an earlier revision: which, is not known."""
        made = self.made.setdefault(place, {})
        for gone in self.known.get(place, frozenset()) - now:
            made.pop(gone, None)

    def _as_fault(self, error: BaseException) -> Fault:
        if self._journal.is_disconnected:  # says nothing about the history
            raise ConnectionFailedError(
                f"the connection to the shadow database was lost in {self._journal.revision}",
                hint="Check that the server and the network work, and try again.",
                details=database_message(error),
            ) from error
        first = self._journal.error
        file, revision = self._journal.file, self._journal.revision
        if first is not None:
            where = Made(revision, relative(file, self._project.root), first.entry.line)
            existing = self._in_the_way(first.message, first.entry.statement)
            return Fault(where, first.entry.statement, first.message, existing)
        message = database_message(error)
        if not isinstance(error, SQLAlchemyError):
            message = f"{type(error).__name__}: {message}"
        return Fault(
            Made(revision, relative(file, self._project.root), line_in(error, file)), "", message
        )

    def _in_the_way(self, message: str, statement: str) -> tuple[Address, Made] | None:
        """What an earlier revision made already, where the database says that it exists."""
        if not _STANDS_IN_THE_WAY.search(message):
            return None
        candidates = [
            (address, made)
            for everything in self.made.values()
            for address, made in everything.items()
            if has_word(message, address.name)
            and all(has_word(statement, part) for part in address.path)
        ]
        return max(candidates, key=lambda found: len(found[0].path), default=None)


def _upgrades(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    return script._upgrade_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001


def _downgrades(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    return script._downgrade_revs(revision, heads)  # type: ignore[no-any-return]  # noqa: SLF001


def _one_back(script: Any, revision: str, heads: Any) -> Iterable[Any]:
    if revision in heads:
        one = script.get_revision(revision)
        yield MigrationStep.downgrade_from_script(script.revision_map, one)


def _names_in(context: Any) -> frozenset[Address] | None:
    """What is in a database now; ``None`` where it cannot be asked."""

    def fetch(query: str) -> Iterable[Any]:
        return context.connection.exec_driver_sql(query).fetchall()  # type: ignore[no-any-return]

    try:
        return names(context.dialect.name, fetch)
    except SQLAlchemyError:
        return None
