"""Tests whether driftcheck detects drift of a project's schema, by mutation testing."""

from __future__ import annotations

from dataclasses import replace

from driftcheck.actions.selftest.runner import MutationRunner
from driftcheck.actions.selftest.sampling import batches, sample_mutations
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError, ReplayError
from driftcheck.judging.mutation_results import DatabaseResult, MutationResult, SelftestResult
from driftcheck.pipeline.histories import get_history, replayed_heads
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.history import FRESH, History, version_table_keys, version_tables
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
        ConfigurationError: The project has no PostgreSQL database.
        ReplayError: The history does not build.
        DriftcheckError: The project cannot be loaded, or no shadow database can be created.
    """
    with open_session(replace(settings, gaps=(Gap.DRIFT,)), progress) as session:
        places = [
            database_key
            for database_key in session.environment.databases
            if _is_supported(database_key)
        ]
        if not places:
            raise ConfigurationError(
                "the selftest supports PostgreSQL only, and this project has none",
                hint="Name a PostgreSQL database of the project. The selftest does not change it: "
                "it replays the migrations in a shadow database.",
            )
        history = _history(session)
        # A head that is built from the cache belongs to a role without rights. The server would
        # refuse mutations to this role, and they would be counted as not applicable.
        shadow_set = session.replayed if history.how == FRESH else replayed_heads(session)
        results = [
            _test(session, shadow_set, database_key, sample, seed) for database_key in places
        ]
        return SelftestResult(session.project.name, tuple(results))


def _is_supported(database_key: DatabaseKey) -> bool:
    return database_key.dialect == "postgresql"


def _history(session: Session) -> History:
    heads = dict.fromkeys(version_table_keys(session.environment), session.environment.heads)
    history = get_history(session, heads).history
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


def _test(
    session: Session,
    shadow_set: ShadowSet,
    database_key: DatabaseKey,
    sample: int | None,
    seed: int,
) -> DatabaseResult:
    catalog = catalog_for(database_key.dialect)
    tables = version_tables(session.environment)[database_key]

    def read(connection: object) -> Snapshot:
        snapshot = read_connected(connection, catalog, tables, session.scope)
        return within(snapshot, session.settings.schemas)

    connection = connect(shadow_set.shadow_of(session.target(database_key)).url)
    try:
        runner = MutationRunner(connection, catalog, read)
        possible = list(catalog.mutations(runner.schema, session.scope))
        mutations = sample_mutations(possible, sample, seed)
        results: list[MutationResult] = []
        for batch in batches(mutations, _BATCH_SIZE):
            session.progress(f"running mutation {len(results):,} of {len(mutations):,}")
            results += runner.run(batch)
    finally:
        connection.close()
    order = {
        (mutation.address, mutation.description, mutation.statements): position
        for position, mutation in enumerate(mutations)
    }
    results.sort(key=lambda result: order[result.address, result.description, result.statements])
    maker = session.maker(database_key)
    return DatabaseResult(
        name=session.environment.databases[database_key][0].bind or database_key.database,
        dialect=database_key.dialect,
        server_version=runner.schema.server_version,
        heads=session.environment.heads,
        results=tuple(results),
        possible=len(possible),
        seed=None if len(mutations) == len(possible) else seed,
        shadows=maker.how,
        notes=tuple(maker.notes),
    )
