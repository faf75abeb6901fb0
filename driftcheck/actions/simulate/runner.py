"""Simulates the upgrade, and the downgrade, of one database on a shadow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from driftcheck.actions.simulate.excerpts import excerpt, operation_line
from driftcheck.actions.simulate.generated_migration import Generated
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.row_filling import Unfilled, fill
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.databases.version_table import VersionTable
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.report import Simulation, SimulationStep
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.selection import within
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.replay import Destinations, RevisionFailure

EMPTY = "an empty database"
"""The start of a database that no revision has run on."""

_GENERATED = "the migration that migrate would write now"


@dataclass(frozen=True)
class Scenario:
    """The parameters of all simulations of one database.

    Attributes:
        database_key: The database.
        tables: Its version tables.
        heads: The heads of the history.
        head: The schema at the heads; ``None`` if the history does not build.
        restore: Gives the unchanged objects of a schema their definitions in the base snapshot.
        generated: The migration that ``migrate`` would write now, if any.
        with_data: Whether rows are inserted first.
        downgrades: The number of revisions to downgrade after the upgrade; it is then repeated.
    """

    database_key: DatabaseKey
    tables: Sequence[VersionTable]
    heads: Sequence[str]
    head: Snapshot | None
    restore: Callable[[Snapshot], Snapshot]
    generated: Generated | None = None
    with_data: bool = False
    downgrades: int = 0


@dataclass(frozen=True)
class Start:
    """The state in which a simulation starts.

    Attributes:
        at: The revisions in words.
        description: The first step of the report: the database and its revisions.
        shadow_set: The shadows, which the simulation changes.
        made: The revisions that created the objects of the database.
    """

    at: str
    description: str
    shadow_set: ShadowSet
    made: Mapping[Address, MigrationSource]


@dataclass(frozen=True)
class ScenarioResult:
    """The result of a simulation.

    Attributes:
        simulation: The steps, as they are reported.
        fault: The failure that stopped the simulation, if any.
        is_downgrade: Whether a downgrade failed.
        changes: The differences of the upgraded schema from the head.
        unfilled: The tables into which no rows could be inserted.
        fails_on_rows_only: Whether the same steps do not fail there without rows.
    """

    simulation: Simulation
    fault: RevisionFailure | None = None
    is_downgrade: bool = False
    changes: Sequence[Change] = ()
    unfilled: Sequence[Unfilled] = ()
    fails_on_rows_only: bool = False


class ScenarioRunner:
    """Runs simulations.

    Args:
        root: The project's directory.
        shadows: Creates the project's shadow databases.
        replays: Replays its history.
        settings: The settings; they select the schemas that are compared.
    """

    def __init__(self, root: Path, shadows: Shadows, replays: Replays, settings: Settings) -> None:
        self._root = root
        self._shadows = shadows
        self._replays = replays
        self._schemas = settings.schemas

    def run(self, scenario: Scenario, start: Start) -> ScenarioResult:
        """Run a simulation up to the first step that fails.

        If it fails with rows, it is run on a copy without rows too: the failure may have nothing to
        do with rows.
        """
        if not scenario.with_data or start.at == EMPTY:
            return self._run(scenario, start)
        empty = self._shadows.copies(start.shadow_set, "empty")
        for database_key in start.shadow_set.shadows:
            self._shadows.shadow(empty, database_key)
        result = self._run(scenario, start)
        if result.fault is not None:
            without_rows = replace(scenario, with_data=False)
            other = self._run(without_rows, replace(start, shadow_set=empty)).fault
            fails_on_rows_only = other is None or other.where != result.fault.where
            result = replace(result, fails_on_rows_only=fails_on_rows_only)
        empty.begin_again()
        return result

    def _run(self, scenario: Scenario, start: Start) -> ScenarioResult:
        shadow = self._shadows.shadow(start.shadow_set, scenario.database_key)
        revisions = _RevisionRunner(scenario, self._replays, start, self._root)
        read = partial(self._read, scenario, shadow)
        compare_with_head = partial(self._compare, scenario)
        run = _Run(scenario, revisions, shadow, read, compare_with_head, start.at)
        steps = SimulationStep(start.description), *run.steps()
        return ScenarioResult(
            Simulation(run.at, steps),
            revisions.fault,
            run.is_downgrade,
            run.changes,
            run.unfilled,
        )

    def _read(self, scenario: Scenario, shadow: ShadowDatabase) -> Snapshot:
        snapshot = self._replays.read(scenario.database_key, shadow)
        return within(scenario.restore(snapshot), self._schemas)

    def _compare(self, scenario: Scenario, head: Snapshot, upgraded: Snapshot) -> Sequence[Change]:
        return compared(
            head,
            upgraded,
            partial(compare, same_lineage=True),
            catalog_for(scenario.database_key.dialect),
            partial(self._shadows.maker, scenario.database_key),
        ).changes


class _RevisionRunner:
    """Runs revisions on the shadow of a simulation, and describes what ran.

    Args:
        scenario: The parameters of the simulation.
        replays: Replays the history.
        start: The state in which the simulation starts.
        root: The project's directory.

    Attributes:
        fault: The failure that stopped the simulation, if any.
    """

    def __init__(self, scenario: Scenario, replays: Replays, start: Start, root: Path) -> None:
        self.fault: RevisionFailure | None = None
        self._database_key = scenario.database_key
        self._tables = scenario.tables
        self._root = root
        self._ran: list[str] = []
        self._replay = replays.new(start.shadow_set, self._record)
        self._replay.sources.made[scenario.database_key] = dict(start.made)

    def upgrade(self, revisions: Sequence[str]) -> None:
        """Upgrade to some revisions."""
        self._run(self._replay.upgrade, revisions)

    def downgrade(self, count: int) -> None:
        """Downgrade by a number of revisions."""
        self._run(self._replay.downgrade, [f"-{count}"])

    def ran(self, nothing: str) -> str:
        """Describe the revisions that ran last, or return ``nothing`` if none did."""
        if not self._ran:
            return nothing
        if len(self._ran) == 1:
            return f"runs revision {self._ran[0]}"
        return f"runs {len(self._ran)} revisions, {self._ran[0]} to {self._ran[-1]}"

    def failed_step(self, action: str, *, in_revision: bool = True) -> SimulationStep:
        """Describe the action that failed, with the lines of the migration."""
        assert self.fault is not None  # noqa: S101  (the caller has asked)
        where = self.fault.where
        revision = f" at revision {where.revision}" if in_revision else ""
        code = excerpt(self._root / where.file, where.line)
        return SimulationStep(f"{action}{revision}", succeeded=False, code=code)

    def _run(self, run: Callable[[Destinations], bool], revisions: Sequence[str]) -> None:
        self._ran.clear()
        run({(self._database_key, table): tuple(revisions) for table in self._tables})
        if self._replay.fault is not None:
            self.fault = _at_operation(self._replay.fault, self._root)

    def _record(self, database_key: DatabaseKey, revision: str, _connection: Any) -> None:
        if database_key == self._database_key:
            self._ran.append(revision)


@dataclass
class _Run:
    """One simulation that is running.

    Attributes:
        scenario: Its parameters.
        revisions: Runs the revisions.
        shadow: The shadow database.
        read: Reads the schema of the shadow.
        compare: Compares the head with the schema of the shadow.
        at: The start of the current upgrade in words.
        is_downgrade: Whether a downgrade is running or has failed.
        changes: The differences of the upgraded schema from the head.
        unfilled: The tables into which no rows could be inserted.
    """

    scenario: Scenario
    revisions: _RevisionRunner
    shadow: ShadowDatabase
    read: Callable[[], Snapshot]
    compare: Callable[[Snapshot, Snapshot], Sequence[Change]]
    at: str
    is_downgrade: bool = False
    changes: Sequence[Change] = ()
    unfilled: Sequence[Unfilled] = ()
    _generated_is_shown: bool = field(default=False, init=False)

    def steps(self) -> Iterator[SimulationStep]:
        """Run the steps up to the first that fails, and yield each after it has run."""
        if self.scenario.with_data and self.at != EMPTY:
            yield self._insert_rows()
        yield from self._upgrade()
        if self.revisions.fault is None and self.scenario.downgrades:
            yield self._downgrade()
            if self.revisions.fault is None:
                yield from self._upgrade()

    def _insert_rows(self) -> SimulationStep:
        self.unfilled = fill(self.shadow.url, self.scenario.tables)
        count = len(self.unfilled)
        description = "rows are inserted into every table" + f" except {count}" * bool(count)
        return SimulationStep(description, succeeded=None)

    def _upgrade(self) -> Iterator[SimulationStep]:
        yield self._upgrade_to_heads()
        if self.revisions.fault is None and self.scenario.generated is not None:
            yield self._upgrade_to_generated(self.scenario.generated)

    def _upgrade_to_heads(self) -> SimulationStep:
        self.revisions.upgrade(self.scenario.heads)
        if self.revisions.fault is not None:
            return self.revisions.failed_step("upgrade fails")
        if self.scenario.head is not None:
            head, upgraded = (
                with_computed_defaults(schema, dates=True)
                for schema in (self.scenario.head, self.read())
            )
            self.changes = self.compare(head, upgraded)
        ran = self.revisions.ran("runs no revision: the database is at the head")
        return SimulationStep(f"upgrade {ran}")

    def _upgrade_to_generated(self, generated: Generated) -> SimulationStep:
        self.revisions.upgrade([generated.revision])
        if self.revisions.fault is not None:
            return self.revisions.failed_step(f"upgrade fails in {_GENERATED}", in_revision=False)
        code = "" if self._generated_is_shown else excerpt(generated.file, None)
        self._generated_is_shown = True
        return SimulationStep(f"upgrade runs {_GENERATED}", code=code)

    def _downgrade(self) -> SimulationStep:
        self.is_downgrade = True
        self.changes = ()  # a copy of the live schema may differ from the head because of drift
        count = self.scenario.downgrades
        self.revisions.downgrade(count)
        if self.revisions.fault is not None:
            return self.revisions.failed_step("downgrade fails")
        self.is_downgrade = False
        self.at += f" after {count} downgrade{'s' * (count > 1)}"
        return SimulationStep(f"downgrade {self.revisions.ran('undoes no revision')}")


def _at_operation(fault: RevisionFailure, root: Path) -> RevisionFailure:
    """Return the failure with the line of its operation, not of the block that contains it."""
    where = fault.where
    line = operation_line(root / where.file, where.line, fault.statement)
    return replace(fault, where=replace(where, line=line))
