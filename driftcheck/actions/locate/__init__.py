"""Tells which revision a live database is really at, whatever it is stamped with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from driftcheck.actions.locate.location import Located, location
from driftcheck.actions.locate.nearest_state import fit
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.location import shown
from driftcheck.judging.findings import DatabaseReport, Finding, Report, Whereabouts
from driftcheck.judging.judge import judge
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_state import Database, destinations_of, live_side
from driftcheck.pipeline.evidence import evidence_of
from driftcheck.pipeline.faults import broken_history, made_roles, stamp_faults, written_files
from driftcheck.pipeline.remedies import Dossier, complete
from driftcheck.pipeline.renames import followed
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.pipeline.walks import Walked, walk_history
from driftcheck.schema import Snapshot
from driftcheck.sources.walk import Applied, Walk


def locate(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Hold every live database of a project against what each revision leaves.

    Args:
        settings: The project, its database, and how the history is replayed.
        progress: Told what is being done.

    Raises:
        DriftcheckError: A database could not be read, or the history could not be replayed;
            nothing was left behind.
    """
    with open_session(replace(settings, gaps=(Gap.DRIFT,)), progress) as session:
        databases = [
            Database(place, configured, live_side(session, place))
            for place, configured in session.environment.databases.items()
        ]
        walked = walk_history(session, destinations_of(session, databases))
        progress("holding the live database against every revision")
        reports = tuple(_report(session, one, walked) for one in databases)
        return Report(
            session.project.name,
            reports,
            frozenset({Gap.DRIFT}),
            command="driftcheck locate",
            strict_coverage=settings.strict_coverage,
        )


def _report(session: Session, one: Database, walked: Walked) -> DatabaseReport:
    assert one.live is not None  # noqa: S101  (drift is looked at)
    walk, schemas = walked.walks[one.place], session.settings.schemas
    live, stamped = within(one.live.snapshot, schemas), _stamped(one, walk)
    found = fit(walk, live, schemas, lambda state: state.applied == stamped)
    located = Located(one.live, one.unknown, walk, stamped, found)
    maker = session.maker(one.place)
    return DatabaseReport(
        name=one.configured[0].bind or one.place.database,
        location=shown(session.live_url(one.place)),
        dialect=one.place.dialect,
        server_version=live.server_version,
        stamped=one.live.stamped or (),
        heads=session.environment.heads,
        findings=(
            *_faults(session, one, walked, located),
            *_changes(session, one, located, live),
        ),
        coverage=coverage(live, one.catalog, replace(session.scope, schemas=schemas or None)),
        gaps=(Gap.DRIFT,),
        environment=session.project.environment_file(),
        shadows=maker.how,
        notes=(*maker.notes, *_not_tried(located)),
        whereabouts=Whereabouts(
            states=tuple(walk.latest(state.applied) for state in found.states),
            changes=len(found.changes),
            as_stamped=located.as_stamped,
            tried=found.tried,
            composed=located.state.composed,
        ),
    )


def _not_tried(located: Located) -> Iterator[str]:
    if located.fit.changes and located.walk.has_branches:
        yield (
            "Branches of the history run side by side: each was tried alone, and all together in "
            "the order of the replay, but not every mixture of them."
        )


def _stamped(one: Database, walk: Walk) -> Applied | None:
    """What has run on a live database, as far as it is stamped."""
    assert one.live is not None  # noqa: S101  (see above)
    if one.unknown or (one.live.has_tables and not one.live.stamped):
        return None
    return walk.ancestry(one.live.stamped or ())


def _faults(session: Session, one: Database, walked: Walked, located: Located) -> Iterator[Finding]:
    if walked.fault is not None:
        yield broken_history(walked.fault)
    yield from stamp_faults(located.live.stamped, one.unknown, has_tables=False)
    yield from location(located, session.project.upgrade_command)
    yield from written_files(walked.files, session.project.root)
    yield from made_roles(session.maker(one.place).roles_left())


def _changes(session: Session, one: Database, located: Located, live: Snapshot) -> list[Finding]:
    """What was changed by hand, if the database is where it was found."""
    sides = {Side.STAMPED: located.fit.snapshot, Side.LIVE: live}
    changes = followed(session, one.place, located.fit.changes, sides)
    judged = judge({Gap.DRIFT: changes}, sides, one.catalog.describe, one.catalog.note)
    upgrade, url = session.project.upgrade_command, session.live_url(one.place)
    nearest = located.fit.snapshot
    known = evidence_of(changes, nearest, live, one.catalog, url) if changes else {}
    found = complete(judged, Dossier(one.catalog, upgrade=upgrade, evidence=known))
    return found if located.as_stamped else [*map(_against_revision, found)]


def _against_revision(finding: Finding) -> Finding:
    """A finding that does not call a revision the stamped one which is not."""
    definitions = dict(finding.definitions)
    definitions[Side.REVISION] = definitions.pop(Side.STAMPED)
    return replace(finding, definitions=definitions)
