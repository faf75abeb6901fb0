"""Plays what becomes of one database that is upgraded: a copy of the shadow where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from driftcheck.actions.simulate.excerpts import excerpt, operation_line
from driftcheck.actions.simulate.generated_migration import Generated
from driftcheck.chain import Gap, Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.row_filling import Unfilled, fill
from driftcheck.databases.version_table import VersionTable
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import changes_of
from driftcheck.judging.report import Simulation, SimulationStep
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.replay import Destinations, MigrationSource, Replay, RevisionFailure

EMPTY = "an empty database"
"""Where somebody stands who has no database yet."""

_GENERATED = "the migration that migrate would write now"


@dataclass(frozen=True)
class Scenario:
    """What is played with every database of one place.

    Attributes:
        session: The session.
        database_key: The database.
        tables: Its version tables.
        heads: The heads of the history.
        head: The schema at the heads; ``None`` where the history does not build.
        reword: Says what comes from a base snapshot in its words, as ``head`` does.
        generated: The migration that ``migrate`` would write now, if any.
        with_data: Whether rows are put into the tables first.
        downgrades: How many revisions are taken back in between.
    """

    session: Session
    database_key: DatabaseKey
    tables: Sequence[VersionTable]
    heads: Sequence[str]
    head: Snapshot | None
    reword: Callable[[Snapshot], Snapshot]
    generated: Generated | None = None
    with_data: bool = False
    downgrades: int = 0


@dataclass
class ScenarioResult:
    """What came of it.

    Attributes:
        play: The play, as it is told.
        fault: What stopped it, if anything did.
        is_downgrade: Whether it stopped on the way back.
        changes: In what the database differs from the head once it is upgraded.
        unfilled: The tables into which no rows could be put.
    """

    play: Simulation
    fault: RevisionFailure | None = None
    is_downgrade: bool = False
    changes: Sequence[Change] = ()
    unfilled: Sequence[Unfilled] = ()


@dataclass(frozen=True)
class Start:
    """Where a database stands before a play.

    Attributes:
        at: In words: its revision.
        opening: What is told of it first.
        shadow_set: Its shadows, which the play changes.
        made: Which revision made what is in it.
    """

    at: str
    opening: str
    shadow_set: ShadowSet
    made: Mapping[Address, MigrationSource]


def play(scenario: Scenario, start: Start) -> ScenarioResult:
    """Play the plot with one database."""
    actor = _Actor(scenario, start, start.at)
    steps = SimulationStep(start.opening), *actor.steps()
    told = Simulation(actor.at, steps)
    return ScenarioResult(told, actor.fault, actor.is_downgrade, actor.changes, actor.unfilled)


@dataclass
class _Actor:
    scenario: Scenario
    start: Start
    at: str
    fault: RevisionFailure | None = None
    is_downgrade: bool = False
    changes: Sequence[Change] = ()
    unfilled: Sequence[Unfilled] = ()
    _ran: list[str] = field(default_factory=list)
    _has_shown: bool = False

    def __post_init__(self) -> None:
        session, database_key = self.scenario.session, self.scenario.database_key
        self._shadow = self.start.shadow_set.shadow_of(session.target(database_key))
        self._replay = Replay(session.project, session.redirect, self.start.shadow_set, self._note)
        self._replay.made[database_key] = dict(self.start.made)

    def steps(self) -> Iterator[SimulationStep]:
        """Each act once it is done, up to the first that does not come off."""
        if self.scenario.with_data and self.start.at != EMPTY:
            yield self._fill()
        yield from self._upgrade()
        if self.fault is None and self.scenario.downgrades:
            yield self._downgrade()
            if self.fault is None:
                yield from self._upgrade()

    def _fill(self) -> SimulationStep:
        self.unfilled = fill(self._shadow.url, self.scenario.tables)
        without = len(self.unfilled)
        said = "rows are put into every table"
        return SimulationStep(f"{said} but {without} of them" if without else said, succeeded=None)

    def _upgrade(self) -> Iterator[SimulationStep]:
        yield self._upgrade_to_heads()
        if self.fault is None and self.scenario.generated is not None:
            yield self._upgrade_to_generated(self.scenario.generated)

    def _upgrade_to_heads(self) -> SimulationStep:
        self._go(self._replay.upgrade, self.scenario.heads)
        if self.fault is not None:
            return self._failure(f"upgrade fails at revision {self.fault.where.revision}")
        if self.scenario.head is not None:
            session = self.scenario.session
            snapshot = read_restricted(self._shadow, session.scope, self.scenario.tables)
            its = within(self.scenario.reword(snapshot), session.settings.schemas)
            sides = {Side.FIRST: self.scenario.head, Side.SECOND: its}
            self.changes = changes_of(Gap.DIFFERENCE, sides)
        return SimulationStep(f"upgrade {self._what_ran('has nothing to run: that is the head')}")

    def _upgrade_to_generated(self, generated: Generated) -> SimulationStep:
        self._go(self._replay.upgrade, [generated.revision])
        if self.fault is not None:
            return self._failure(f"upgrade fails in {_GENERATED}")
        shown_before, self._has_shown = self._has_shown, True
        code = "" if shown_before else excerpt(generated.file, None)
        return SimulationStep(f"upgrade runs {_GENERATED}", code=code)

    def _downgrade(self) -> SimulationStep:
        self.is_downgrade = True
        self.changes = ()  # until now it was a copy of the live one, and may be as unlike
        counted = self.scenario.downgrades
        self._go(self._replay.downgrade, [f"-{counted}"])
        if self.fault is not None:
            return self._failure(f"downgrade fails at revision {self.fault.where.revision}")
        self.is_downgrade = False
        self.at += f" after {counted} downgrade{'s' * (counted > 1)}"
        return SimulationStep(f"downgrade {self._what_ran('has nothing to take back')}")

    def _failure(self, said: str) -> SimulationStep:
        assert self.fault is not None  # noqa: S101  (it is what is told)
        where = self.fault.where
        code = excerpt(self.scenario.session.project.root / where.file, where.line)
        return SimulationStep(said, succeeded=False, code=code)

    def _go(self, way: Any, revisions: Sequence[str]) -> None:
        self._ran.clear()
        destinations: Destinations = {
            (self.scenario.database_key, table): tuple(revisions) for table in self.scenario.tables
        }
        way(destinations)
        if self._replay.fault is not None:
            self.fault = _at_operation(self._replay.fault, self.scenario.session.project.root)

    def _note(self, database_key: DatabaseKey, revision: str, _connection: Any) -> None:
        if database_key == self.scenario.database_key:
            self._ran.append(revision)

    def _what_ran(self, nothing: str) -> str:
        if not self._ran:
            return nothing
        if len(self._ran) == 1:
            return f"runs revision {self._ran[0]}"
        return f"runs {len(self._ran)} revisions, {self._ran[0]} to {self._ran[-1]}"


def _at_operation(fault: RevisionFailure, root: Path) -> RevisionFailure:
    """The same fault at the line of its operation, which may have run at the end of a block."""
    where = fault.where
    line = operation_line(root / where.file, where.line, fault.statement)
    return replace(fault, where=replace(where, line=line))
