"""Proves that drift of a project's schema would be found: tries every change on a shadow."""

from __future__ import annotations

from dataclasses import replace

from driftcheck.actions.selftest.runner import Bed
from driftcheck.actions.selftest.sampling import chosen, lots
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.location import Place
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError, ReplayError
from driftcheck.judging.mutation_results import DatabaseProof, Proof, Tried
from driftcheck.pipeline.histories import get_history, replayed_heads
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.project.redirect import Stage
from driftcheck.schema import Snapshot
from driftcheck.sources.history import FRESH, History, keys, version_tables
from driftcheck.sources.reading import read_connected

_TOGETHER = 200
"""Trials in one transaction: what they lock must fit into a server's table of locks."""


def selftest(
    settings: Settings, sample: int | None, seed: int, progress: Progress = lambda _: None
) -> Proof:
    """Try every change of every database's schema at the history's head.

    Args:
        settings: What to load, and how.
        sample: How many changes of a database to try at most; ``None`` for all.
        seed: What a sample is drawn by.
        progress: Told what is being done.

    Raises:
        ConfigurationError: The project's databases are no PostgreSQL ones.
        ReplayError: The history does not build.
        DriftcheckError: The project cannot be loaded, or no shadow can be made.
    """
    with open_session(replace(settings, gaps=(Gap.DRIFT,)), progress) as session:
        places = [place for place in session.environment.databases if _can_be_tried(place)]
        if not places:
            raise ConfigurationError(
                "the selftest tries PostgreSQL schemas only, and this project has none",
                hint="Name a PostgreSQL database that the project runs on: "
                "its migrations are replayed on a shadow of it.",
            )
        history = _history(session)
        # Not a head built from the cache: there, a role without rights makes the trials, and what
        # the server refuses to it would not be tried.
        stage = session.replayed if history.how == FRESH else replayed_heads(session)
        proofs = [_proof(session, stage, place, sample, seed) for place in places]
        return Proof(session.project.name, tuple(proofs))


def _can_be_tried(place: Place) -> bool:
    return place.dialect == "postgresql"


def _history(session: Session) -> History:
    heads = dict.fromkeys(keys(session.environment), session.environment.heads)
    history = get_history(session, heads).history
    if history.fault is not None:
        fault = history.fault
        raise ReplayError(
            f"the history does not build: revision {fault.where.revision} fails "
            f"({fault.where.file})",
            hint="Mend the revision; or say with bootstrap or base-snapshot in [tool.driftcheck] "
            "what comes before the history.",
            details="\n".join(filter(None, (fault.message, fault.statement))),
        )
    return history


def _proof(
    session: Session, stage: Stage, place: Place, sample: int | None, seed: int
) -> DatabaseProof:
    catalog = catalog_for(place.dialect)
    tables = version_tables(session.environment)[place]

    def read(connection: object) -> Snapshot:
        snapshot = read_connected(connection, catalog, tables, session.scope)
        return within(snapshot, session.settings.schemas)

    connection = connect(stage.shadow_of(session.target(place)).url)
    try:
        bed = Bed(connection, catalog, read)
        possible = list(catalog.trials(bed.schema, session.scope))
        some = chosen(possible, sample, seed)
        tried: list[Tried] = []
        for lot in lots(some, _TOGETHER):
            session.progress(f"trying {len(tried):,} of {len(some):,} changes")
            tried += bed.attempt(lot)
    finally:
        connection.close()
    order = {(one.address, one.doing, one.statements): n for n, one in enumerate(some)}
    tried.sort(key=lambda one: order[one.address, one.doing, one.statements])
    maker = session.maker(place)
    return DatabaseProof(
        name=session.environment.databases[place][0].bind or place.database,
        dialect=place.dialect,
        server_version=bed.schema.server_version,
        heads=session.environment.heads,
        tried=tuple(tried),
        possible=len(possible),
        seed=None if len(some) == len(possible) else seed,
        shadows=maker.how,
        notes=tuple(maker.notes),
    )
