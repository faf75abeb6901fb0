"""``driftcheck locate``: finds the revision whose schema a live database has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from driftcheck.actions.locate.location_findings import LocatedDatabase, location_findings
from driftcheck.actions.locate.nearest_state import nearest_state
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.location import shown
from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import judge
from driftcheck.judging.report import DatabaseReport, Report, RevisionMatch
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_state import Database, destinations_of, live_side
from driftcheck.pipeline.evidence import evidence_of
from driftcheck.pipeline.faults import broken_history, made_roles, stamp_faults, written_files
from driftcheck.pipeline.remedies import FindingContext, complete
from driftcheck.pipeline.renames import followed
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.pipeline.walks import WalkedHistory, walk_history
from driftcheck.schema import Snapshot
from driftcheck.sources.walk import Applied, Walk


def locate(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare every live database of a project with the schema after each revision.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: A database could not be read, or the history could not be replayed.
            Nothing was left behind.
    """
    with open_session(replace(settings, gaps=(Gap.DRIFT,)), progress) as session:
        databases = [
            Database(database_key, configured, live_side(session, database_key))
            for database_key, configured in session.environment.databases.items()
        ]
        history = walk_history(session, destinations_of(session, databases))
        progress("comparing the live database with every revision")
        reports = tuple(_report(session, database, history) for database in databases)
        return Report(
            session.project.name,
            reports,
            frozenset({Gap.DRIFT}),
            command="driftcheck locate",
            strict_coverage=settings.strict_coverage,
        )


def _report(session: Session, database: Database, history: WalkedHistory) -> DatabaseReport:
    assert database.live is not None  # noqa: S101  (it was read: the gap is drift)
    walk, schemas = history.walks[database.database_key], session.settings.schemas
    live, stamped = within(database.live.snapshot, schemas), _stamped(database, walk)
    nearest = nearest_state(walk, live, schemas, lambda state: state.applied == stamped)
    located = LocatedDatabase(database.live, database.unknown, walk, stamped, nearest)
    maker = session.maker(database.database_key)
    return DatabaseReport(
        name=database.configured[0].bind or database.database_key.database,
        location=shown(session.live_url(database.database_key)),
        dialect=database.database_key.dialect,
        server_version=live.server_version,
        stamped=database.live.stamped or (),
        heads=session.environment.heads,
        findings=(
            *_faults(session, database, history, located),
            *_changes(session, database, located, live),
        ),
        coverage=coverage(live, database.catalog, replace(session.scope, schemas=schemas or None)),
        gaps=(Gap.DRIFT,),
        environment=session.project.environment_file(),
        shadows=maker.how,
        notes=(*maker.notes, *_branch_note(located)),
        revision_match=RevisionMatch(
            states=tuple(walk.heads_of(state.applied) for state in nearest.states),
            changes=len(nearest.changes),
            as_stamped=located.as_stamped,
            states_compared=nearest.tried,
            composed=located.state.composed,
        ),
    )


def _branch_note(located: LocatedDatabase) -> Iterator[str]:
    if located.nearest.changes and located.walk.has_branches:
        yield (
            "The history has parallel branches. Each branch was compared alone, and all branches "
            "together in the order of the replay, but not every combination of their revisions."
        )


def _stamped(database: Database, walk: Walk) -> Applied | None:
    """The revisions that have run according to the stamp; ``None`` if it does not tell."""
    assert database.live is not None  # noqa: S101  (see above)
    live = database.live
    if database.unknown or (live.has_tables and not live.stamped):
        return None
    return walk.ancestry(live.stamped or ())


def _faults(
    session: Session, database: Database, history: WalkedHistory, located: LocatedDatabase
) -> Iterator[Finding]:
    if history.fault is not None:
        yield broken_history(history.fault)
    yield from stamp_faults(located.live.stamped, database.unknown, has_tables=False)
    yield from location_findings(located, session.project.upgrade_command)
    yield from written_files(history.files, session.project.root)
    yield from made_roles(session.maker(database.database_key).roles_left())


def _changes(
    session: Session, database: Database, located: LocatedDatabase, live: Snapshot
) -> list[Finding]:
    """The differences of the live schema from the nearest state, as drift."""
    nearest = located.nearest.snapshot
    sides = {Side.STAMPED: nearest, Side.LIVE: live}
    changes = followed(session, database.database_key, located.nearest.changes, sides)
    judged = judge({Gap.DRIFT: changes}, sides, database.catalog.describe, database.catalog.note)
    upgrade, url = session.project.upgrade_command, session.live_url(database.database_key)
    evidence = evidence_of(changes, nearest, live, database.catalog, url) if changes else {}
    findings = complete(
        judged, FindingContext(database.catalog, upgrade=upgrade, evidence=evidence)
    )
    return findings if located.as_stamped else [*map(_against_revision, findings)]


def _against_revision(finding: Finding) -> Finding:
    """The finding with the definition of the nearest state labelled as such, and not as stamped."""
    definitions = dict(finding.definitions)
    definitions[Side.REVISION] = definitions.pop(Side.STAMPED)
    return replace(finding, definitions=definitions)
