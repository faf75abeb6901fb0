"""Compares the schemas of every database that a loaded project migrates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from driftcheck.chain import Gap, Side
from driftcheck.databases.location import shown
from driftcheck.judging.comparison import Change
from driftcheck.judging.findings import Coverage, DatabaseReport, Evidence, Finding
from driftcheck.judging.judge import Judged, judge
from driftcheck.pipeline.autogenerate_runner import Bench
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
from driftcheck.pipeline.remedies import Dossier, complete
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.reading import read_shadow


@dataclass(frozen=True)
class Checked:
    """What a check of a session's project came to.

    Attributes:
        databases: The databases.
        replayed: Their history.
        reports: What was found of each.
    """

    databases: Sequence[Database]
    replayed: Replayed
    reports: tuple[DatabaseReport, ...]


def check_in(session: Session) -> Checked:
    """Compare the schemas of a session's databases, in the gaps that its settings name."""
    settings = session.settings
    begins_with = bool(settings.bootstrap or settings.base_snapshot)
    databases = [
        Database(place, configured, live_side(session, place), begins_with)
        for place, configured in session.environment.databases.items()
    ]
    replayed = get_history(session, destinations_of(session, databases))
    bench = Bench(session, replayed.history)
    for one in databases:
        one.fill(session, replayed.history)
    reports = tuple(_report(session, one, replayed, bench) for one in databases)
    return Checked(databases, replayed, reports)


def _report(session: Session, one: Database, replayed: Replayed, bench: Bench) -> DatabaseReport:
    gaps = one.gaps(session.settings.gaps)
    changes = changes_in(session, one, gaps)
    judged = judge(changes, one.snapshots, one.catalog.describe, one.catalog.note)
    dossier = replace(
        _dossier(session, one, judged, replayed.history, bench),
        evidence=_evidence(session, one, changes.get(Gap.DRIFT, ())),
    )
    findings = complete(judged, dossier)
    compared = one.compared(gaps)
    scope = replace(session.scope, schemas=session.settings.schemas or None)
    sides = [one.snapshots[side] for gap in gaps for side in gap.between]
    return DatabaseReport(
        name=one.configured[0].bind or one.place.database,
        location=shown(session.live_url(one.place)),
        dialect=one.place.dialect,
        server_version=_server_version(one),
        stamped=(one.live.stamped or ()) if one.live else (),
        heads=session.environment.heads,
        findings=(*_faults(session, one, replayed), *findings),
        coverage=coverage(compared, one.catalog, scope, sides) if compared else Coverage({}),
        gaps=gaps,
        replay=replayed.history.how,
        shadows=session.maker(one.place).how,
        notes=tuple(session.maker(one.place).notes),
        environment=session.project.environment_file(),
    )


def _server_version(one: Database) -> str:
    """The live server's or, where live was not read, the shadow's."""
    known = [one.live.snapshot] if one.live else [*one.snapshots.values()]
    return known[-1].server_version if known else ""


def _dossier(
    session: Session, one: Database, judged: Sequence[Judged], history: History, bench: Bench
) -> Dossier:
    bare = Dossier(
        one.catalog,
        made=history.made.get(one.place, {}),
        declared=declared_lines(session, one, judged),
        upgrade=session.project.upgrade_command,
    )
    head = one.snapshots.get(Side.HEAD)
    if head is None or Side.MODELS not in one.snapshots:
        return bare
    return replace(
        bare,
        operations=bench.operations(
            one.place, judged, one.catalog, head.default_schema, partial(pending_in, one)
        ),
        colleague_error=partial(bench.colleague_error, one.place),
    )


def _evidence(
    session: Session, one: Database, drifts: Sequence[Change]
) -> Mapping[Address, Evidence]:
    """What the live database still knows of its drift."""
    if not drifts:
        return {}
    stamped, live = one.snapshots[Side.STAMPED], one.snapshots[Side.LIVE]
    return evidence_of(drifts, stamped, live, one.catalog, session.live_url(one.place))


def _faults(session: Session, one: Database, replayed: Replayed) -> Iterator[Finding]:
    if replayed.history.fault is not None:
        yield broken_history(replayed.history.fault)
    yield from head_faults(session.environment.heads)
    if one.live is not None:
        yield from stamp_faults(one.live.stamped, one.unknown, has_tables=one.live.has_tables)
    if Side.LIVE in one.snapshots:
        yield from remarked(one.snapshots[Side.LIVE].remarks)
    yield from refused_models(one.refused)
    yield from written_by_import(_made_by_import(session, one))
    yield from written_files(replayed.files, session.project.root)
    yield from made_roles(session.maker(one.place).roles_left())


def _made_by_import(session: Session, one: Database) -> tuple[Address, ...]:
    """What the project's import made, where the history does not stand on it."""
    shadow = session.imported.shadows.get(one.place)
    bootstrap = session.settings.bootstrap
    if shadow is None or (bootstrap is not None and bootstrap.what == "import"):
        return ()
    tables = version_tables(session.environment)[one.place]
    return tuple(read_shadow(shadow.url, tables, session.scope).objects)
