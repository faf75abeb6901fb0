"""Tests whether driftcheck detects drift of a project's schema, by mutation testing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from driftcheck.actions.selftest.runner import MutationRunner
from driftcheck.actions.selftest.sampling import batches, sample_mutations
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.mutations import Mutation
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ReplayError
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.mutation_results import DatabaseResult, MutationResult, SelftestResult
from driftcheck.pipeline.building.histories import Histories
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.pipeline.selection import reading_scope, within
from driftcheck.project.environment import LoadedProject
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.history import FRESH, History, version_tables
from driftcheck.sources.reading import read_connected

_BATCH_SIZE = 200
"""Mutations in one transaction. Their locks must fit into the server's lock table."""


def selftest(
    settings: Settings, sample: int | None, seed: int, progress: Progress = lambda _: None
) -> SelftestResult:
    """Run the mutations of every database's schema at the head of the history.

    Args:
        settings: The project to load, and its settings.
        sample: The maximal number of mutations per database; ``None`` for all.
        seed: The seed of the sample.
        progress: Called with a message for the user before each step.

    Raises:
        ReplayError: The history does not build.
        DriftcheckError: The project cannot be loaded, or no shadow database can be created.
    """
    settings = replace(settings, gaps=(Gap.DRIFT,))
    with open_project(settings, progress) as opened:
        replays = Replays(opened)
        histories = Histories(opened, replays)
        history = _history(opened.loaded, histories)
        # A head that is built from the cache belongs to a role without rights. The server would
        # refuse mutations to this role, and they would be counted as not applicable.
        head = replays.main if history.how == FRESH else replays.upgrade_to_heads()
        tester = _DatabaseTester(opened)
        results = [
            tester.run(head, database_key, sample, seed)
            for database_key in opened.loaded.environment.databases
        ]
        return SelftestResult(opened.loaded.project.name, tuple(results))


def _history(loaded: LoadedProject, histories: Histories) -> History:
    history = histories.get(destinations_at(loaded.environment, loaded.heads)).history
    if history.fault is not None:
        fault = history.fault
        raise ReplayError(
            f"the history does not build: revision {fault.where.revision} fails "
            f"({fault.where.file})",
            hint="Fix the revision, or set bootstrap or base-snapshot in [tool.driftcheck] if the "
            "history does not start with an empty database.",
            details="\n".join(filter(None, (fault.message, fault.statement))),
        )
    return history


class _DatabaseTester:
    """Runs the mutations of single databases.

    Args:
        opened: The opened project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._schemas = opened.settings.schemas
        self._scope = replace(reading_scope(opened.settings), dependencies=False)
        self._progress = opened.progress

    def run(
        self, head: ShadowSet, database_key: DatabaseKey, sample: int | None, seed: int
    ) -> DatabaseResult:
        """Run the mutations of a database.

        Args:
            head: The shadows at the head of the history.
            database_key: The database.
            sample: The maximal number of mutations; ``None`` for all.
            seed: The seed of the sample.
        """
        catalog = catalog_for(database_key.dialect)
        connection = connect(self._shadows.shadow(head, database_key).url)
        try:
            runner = MutationRunner(
                connection, catalog, self._reader(database_key), self._comparison(database_key)
            )
            possible = list(catalog.mutations(runner.schema, self._scope))
            mutations = sample_mutations(possible, sample, seed)
            results: list[MutationResult] = []
            for batch in batches(mutations, _BATCH_SIZE):
                self._progress(
                    Step("running the mutations", "mutation", len(results) + 1, len(mutations))
                )
                results += runner.run(batch)
        finally:
            connection.close()
        maker = self._shadows.maker(database_key)
        return DatabaseResult(
            name=self._loaded.environment.database_name(database_key),
            dialect=database_key.dialect,
            server_version=runner.schema.server_version,
            heads=self._loaded.heads,
            results=_in_order(results, mutations),
            possible=len(possible),
            seed=None if len(mutations) == len(possible) else seed,
            shadows=maker.how,
            notes=tuple(maker.notes),
        )

    def _reader(self, database_key: DatabaseKey) -> Callable[[Any], Snapshot]:
        """Return a function that reads the schema as a check reads the live one."""
        catalog = catalog_for(database_key.dialect)
        tables = version_tables(self._loaded.environment)[database_key]

        def read(connection: Any) -> Snapshot:
            return within(read_connected(connection, catalog, tables, self._scope), self._schemas)

        return read

    def _comparison(
        self, database_key: DatabaseKey
    ) -> Callable[[Snapshot, Snapshot], list[Change]]:
        """Return a function that compares schemas as a check compares them."""
        catalog = catalog_for(database_key.dialect)
        maker = partial(self._shadows.maker, database_key)
        compare_read = partial(compare, same_lineage=True)

        def compare_schemas(wanted: Snapshot, actual: Snapshot) -> list[Change]:
            return compared(wanted, actual, compare_read, catalog, maker).changes

        return compare_schemas


def _in_order(
    results: Sequence[MutationResult], mutations: Sequence[Mutation]
) -> tuple[MutationResult, ...]:
    """Return the results in the order of the mutations."""
    positions = {
        (mutation.address, mutation.description, mutation.statements): position
        for position, mutation in enumerate(mutations)
    }
    return tuple(sorted(results, key=lambda r: positions[r.address, r.description, r.statements]))
