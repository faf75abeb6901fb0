"""``driftcheck simulate-colleague``: simulates the upgrade of a database before it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from driftcheck.actions.simulate.colleague import ColleagueSimulation, Results
from driftcheck.actions.simulate.developer import DeveloperSimulation
from driftcheck.actions.simulate.generation import Generation, MigrationGenerator
from driftcheck.actions.simulate.outcomes import OutcomeContext, outcomes
from driftcheck.actions.simulate.runner import Scenario, ScenarioRunner
from driftcheck.actions.simulate.start_points import StartPoints
from driftcheck.chain import CHAIN, Side
from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.pipeline.autogenerate.runner import AutogenerateRunner
from driftcheck.pipeline.building.base_snapshot import snapshot_restorer
from driftcheck.pipeline.building.head import HeadShadows
from driftcheck.pipeline.building.histories import Histories, HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.database_state import DatabaseState, ProjectState, StateReader
from driftcheck.pipeline.faults.faults import head_faults
from driftcheck.pipeline.faults.stamp_faults import overlapping_stamps
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.selection import reading_scope
from driftcheck.pipeline.state_report import StateReporter
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.history import version_tables
from driftcheck.sources.replay import Destinations
from driftcheck.storage.temporary import temporary_directory


@dataclass(frozen=True)
class SimulationOptions:
    """Selects the database whose upgrade is simulated.

    Attributes:
        at: The revision of the colleague's database; ``None`` for that of the live database.
        every: Whether an upgrade from every revision is simulated.
        since: The first of these revisions; ``None`` for an empty database.
        after_downgrade: If not 0, a copy of the live schema is upgraded, downgraded by this number
            of revisions, and upgraded again.
        with_data: Whether rows are inserted into the tables first.
    """

    at: str | None = None
    every: bool = False
    since: str | None = None
    after_downgrade: int = 0
    with_data: bool = False


def simulate(
    settings: Settings, options: SimulationOptions, progress: Progress = lambda _: None
) -> Report:
    """Simulate the upgrade of a colleague's database on shadow databases.

    The database is upgraded with the migrations of the working tree, then with the migration that
    ``migrate`` would write if it were run on the live database now.

    Args:
        settings: The settings.
        options: Selects the database.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The simulation could not be run. Nothing was left behind.
    """
    settings = replace(settings, gaps=CHAIN, fail_on=frozenset())
    with (
        temporary_directory("generated") as directory,
        open_project(settings, progress) as opened,
    ):
        simulation = _ProjectSimulation(opened, options)
        reports = simulation.run(directory)
        name = opened.loaded.project.name
        return Report(
            name,
            tuple(reports),
            frozenset(),
            "driftcheck simulate-colleague",
            names_database=settings.names_database,
        )


class _ProjectSimulation:
    """Simulates upgrades of all databases of a project.

    Args:
        opened: The opened project.
        options: Selects the databases.
    """

    def __init__(self, opened: OpenedProject, options: SimulationOptions) -> None:
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._options = options
        self._progress = opened.progress
        self._replays = Replays(opened)
        self._start_points = StartPoints(opened.loaded.script, opened.settings)
        self._runner = ScenarioRunner(
            opened.loaded.root, opened.shadows, self._replays, opened.settings
        )

    def run(self, directory: Path) -> list[DatabaseReport]:
        """Run the simulations, and report their results.

        Args:
            directory: An empty directory for the generated migration.
        """
        histories = Histories(self._opened, self._replays)
        state = StateReader(self._opened, self._replays).read(histories.get)
        generator = self._generator(partial(histories.head_shadows, state.result.history))
        generate = partial(generator.generate, state, directory)
        if self._options.after_downgrade:
            generation, results = self._simulate_developer(state, generate)
        else:
            generation, results = self._simulate_colleague(state, generate)
        return self._reports(state, generation, results)

    def _generator(self, head_shadows: Callable[[], ShadowSet]) -> MigrationGenerator:
        runner = AutogenerateRunner(self._opened, self._replays, HeadShadows(head_shadows))
        renames = RenameFollower(self._shadows, reading_scope(self._settings), self._progress)
        return MigrationGenerator(self._opened, runner, renames)

    def _simulate_developer(
        self, state: ProjectState[HistoryResult], generate: Callable[[], Generation]
    ) -> tuple[Generation, Results]:
        """Simulate on copies of the live schemas."""
        simulation = DeveloperSimulation(self._shadows, self._replays, self._runner, self._progress)
        _require_known_revision(state)
        for database in state.databases:
            simulation.require_copies(database)
        generation = generate()
        self._require_revisions(generation)
        made = state.result.history.sources.made
        results = {
            database.database_key: [
                simulation.run(
                    database,
                    self._scenario(database, generation),
                    made.get(database.database_key, {}),
                )
            ]
            for database in state.databases
        }
        return generation, results

    def _simulate_colleague(
        self, state: ProjectState[HistoryResult], generate: Callable[[], Generation]
    ) -> tuple[Generation, Results]:
        """Simulate on databases that only the migrations have changed."""
        # Before the history has the generated migration as one more revision.
        chains = self._start_chains(state)
        is_named = self._options.at or self._options.every
        live = {database.database_key: database.stamped for database in state.databases}
        simulation = ColleagueSimulation(
            self._shadows, self._replays, self._runner, None if is_named else live, self._progress
        )
        generation = generate()
        scenarios = [self._scenario(database, generation) for database in state.databases]
        return generation, simulation.run(scenarios, chains, self._before)

    def _start_chains(self, state: ProjectState[HistoryResult]) -> list[dict[int, Destinations]]:
        """Return the start points in the order of the history, divided into chains."""
        options, environment = self._options, self._loaded.environment
        if not (options.at or options.every):
            _require_known_revision(state)
            return [{0: state.stamped}]
        points = self._start_points.requested(options.at, since=options.since)
        return [
            {number: destinations_at(environment, points[number]) for number in chain}
            for chain in self._start_points.chains(points)
        ]

    def _before(self, revision: str) -> Destinations:
        return destinations_at(self._loaded.environment, self._start_points.before(revision))

    def _require_revisions(self, generation: Generation) -> None:
        """Raise unless the history has as many revisions as are to be downgraded."""
        count = len(self._start_points.ancestry(self._loaded.heads))
        count += generation.migration is not None
        if self._options.after_downgrade > count:
            raise ConfigurationError(
                f"the history has only {count} revisions to downgrade",
                hint=f"Give --after-downgrade a number up to {count}.",
            )

    def _scenario(self, database: DatabaseState, generation: Generation) -> Scenario:
        database_key = database.database_key
        return Scenario(
            database_key,
            version_tables(self._loaded.environment)[database_key],
            self._loaded.heads,
            database.snapshots.get(Side.HEAD),
            snapshot_restorer(self._settings, self._shadows, database_key),
            generation.migration,
            with_data=self._options.with_data,
            downgrades=self._options.after_downgrade,
        )

    def _reports(
        self, state: ProjectState[HistoryResult], generation: Generation, results: Results
    ) -> list[DatabaseReport]:
        """Report the results of all simulations of each database."""
        history, heads = state.result.history, self._loaded.heads
        reporter = StateReporter(self._opened, history.how)
        reports = []
        for database in state.databases:
            database_key = database.database_key
            context = OutcomeContext(
                generation.findings.get(database_key, ()),
                history.sources.made_in(database_key),
                generation.migration,
                root=self._loaded.root,
            )
            findings = (
                *head_faults(heads, self._loaded.project.command),
                *self._overlapping(database),
                *outcomes(results[database_key], context),
            )
            known = Side.HEAD if Side.HEAD in database.snapshots else Side.LIVE
            report = reporter.report(database, findings, gaps=(), compared=(known,))
            reports.append(
                replace(
                    report,
                    notes=(*generation.notes, *report.notes),
                    simulations=tuple(result.simulation for result in results[database_key]),
                )
            )
        return reports

    def _overlapping(self, database: DatabaseState) -> Iterator[Finding]:
        """Report version tables of the live database that no upgrade accepts."""
        if database.live is not None:
            parents = self._loaded.parents()
            yield from overlapping_stamps(database.live, database.database_key, parents)


def _require_known_revision(state: ProjectState[HistoryResult]) -> None:
    if not all(database.revision_is_known for database in state.databases):
        raise CannotCheckError(
            "the revision of the live database is not known",
            hint="Name the revision of the colleague's database: --at REVISION, or --all.",
        )
