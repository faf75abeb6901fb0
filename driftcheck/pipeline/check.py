"""Compares the schemas of every database of a loaded project and reports the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from driftcheck.chain import Gap, Side
from driftcheck.databases.location import shown
from driftcheck.judging.comparison import Change
from driftcheck.judging.findings import Evidence, Finding
from driftcheck.judging.judge import Judged, judge
from driftcheck.judging.report import Coverage, DatabaseReport
from driftcheck.pipeline.autogenerate_runner import AutogenerateRunner
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_state import (
    Database,
    changes_in,
    destinations_of,
    live_side,
    pending_in,
)
from driftcheck.pipeline.declarations import declared_lines
from driftcheck.pipeline.evidence import evidence_of
from driftcheck.pipeline.faults import (
    broken_history,
    head_faults,
    made_roles,
    refused_models,
    remarked,
    stamp_faults,
    written_by_import,
    written_files,
)
from driftcheck.pipeline.histories import Replayed, get_history
from driftcheck.pipeline.remedies import FindingContext, complete
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.reading import read_shadow


@dataclass(frozen=True)
class Checked:
    """The result of checking a session's project.

    Attributes:
        databases: The state of each database.
        replayed: The history of the databases.
        reports: The findings of each database.
    """

    databases: Sequence[Database]
    replayed: Replayed
    reports: tuple[DatabaseReport, ...]


def check_in(session: Session) -> Checked:
    """Compare the schemas of a session's databases in the gaps that its settings name."""
    settings = session.settings
    begins_with = bool(settings.bootstrap or settings.base_snapshot)
    databases = [
        Database(database_key, configured, live_side(session, database_key), begins_with)
        for database_key, configured in session.environment.databases.items()
    ]
    replayed = get_history(session, destinations_of(session, databases))
    runner = AutogenerateRunner(session, replayed.history)
    for database in databases:
        database.fill(session, replayed.history)
    reports = tuple(_report(session, database, replayed, runner) for database in databases)
    return Checked(databases, replayed, reports)


def _report(
    session: Session, database: Database, replayed: Replayed, runner: AutogenerateRunner
) -> DatabaseReport:
    catalog, gaps = database.catalog, database.gaps(session.settings.gaps)
    changes = changes_in(session, database, gaps)
    judged = judge(changes, database.snapshots, catalog.describe, catalog.note)
    context = replace(
        _context(session, database, judged, replayed.history, runner),
        evidence=_evidence(session, database, changes.get(Gap.DRIFT, ())),
    )
    findings = complete(judged, context)
    compared = database.compared(gaps)
    scope = replace(session.scope, schemas=session.settings.schemas or None)
    sides = [database.snapshots[side] for gap in gaps for side in gap.between]
    return DatabaseReport(
        name=database.configured[0].bind or database.database_key.database,
        location=shown(session.live_url(database.database_key)),
        dialect=database.database_key.dialect,
        server_version=_server_version(database),
        stamped=(database.live.stamped or ()) if database.live else (),
        heads=session.environment.heads,
        findings=(*_faults(session, database, replayed), *findings),
        coverage=coverage(compared, catalog, scope, sides) if compared else Coverage({}),
        gaps=gaps,
        replay=replayed.history.how,
        shadows=session.maker(database.database_key).how,
        notes=tuple(session.maker(database.database_key).notes),
        environment=session.project.environment_file(),
    )


def _server_version(database: Database) -> str:
    """Return the version of the live server or, if live was not read, of the shadow server."""
    read = [database.live.snapshot] if database.live else [*database.snapshots.values()]
    return read[-1].server_version if read else ""


def _context(
    session: Session,
    database: Database,
    judged: Sequence[Judged],
    history: History,
    runner: AutogenerateRunner,
) -> FindingContext:
    without_operations = FindingContext(
        database.catalog,
        made=history.made.get(database.database_key, {}),
        declared=declared_lines(session, database, judged),
        upgrade=session.project.upgrade_command,
    )
    head = database.snapshots.get(Side.HEAD)
    if head is None or Side.MODELS not in database.snapshots:
        return without_operations
    return replace(
        without_operations,
        operations=runner.operations(
            database.database_key,
            judged,
            database.catalog,
            head.default_schema,
            partial(pending_in, database),
        ),
        colleague_error=partial(runner.colleague_error, database.database_key),
    )


def _evidence(
    session: Session, database: Database, drifts: Sequence[Change]
) -> Mapping[Address, Evidence]:
    """Return the evidence in the live database for its drift."""
    if not drifts:
        return {}
    stamped, live = database.snapshots[Side.STAMPED], database.snapshots[Side.LIVE]
    return evidence_of(
        drifts, stamped, live, database.catalog, session.live_url(database.database_key)
    )


def _faults(session: Session, database: Database, replayed: Replayed) -> Iterator[Finding]:
    live = database.live
    if replayed.history.fault is not None:
        yield broken_history(replayed.history.fault)
    yield from head_faults(session.environment.heads)
    if live is not None:
        yield from stamp_faults(live.stamped, database.unknown, has_tables=live.has_tables)
    if Side.LIVE in database.snapshots:
        yield from remarked(database.snapshots[Side.LIVE].remarks)
    yield from refused_models(database.refused)
    yield from written_by_import(_created_by_import(session, database))
    yield from written_files(replayed.files, session.project.root)
    yield from made_roles(session.maker(database.database_key).roles_left())


def _created_by_import(session: Session, database: Database) -> tuple[Address, ...]:
    """Return the objects that importing the project created and that bootstrap does not cover."""
    shadow = session.imported.shadows.get(database.database_key)
    bootstrap = session.settings.bootstrap
    if shadow is None or (bootstrap is not None and bootstrap.what == "import"):
        return ()
    tables = version_tables(session.environment)[database.database_key]
    return tuple(read_shadow(shadow.url, tables, session.scope).objects)
