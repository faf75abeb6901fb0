"""``driftcheck gate``: checks a branch's migrations before they are merged.

No live database is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.actions.gate.check_list import check_list
from driftcheck.actions.gate.merge import Merge, heads_of, in_order, missing_parents, read_merge
from driftcheck.actions.gate.revision_findings import RevisionFindings
from driftcheck.actions.gate.upgrade_check import UpgradeCheck, UpgradeResult
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.pipeline.check import Checked, check_in
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.project.loading import Project
from driftcheck.sources.files import version_locations

COMMAND = "driftcheck gate"


def gate(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Check the revisions that the branch adds, and its changes to the base's revisions.

    Args:
        settings: The settings; ``base`` names what the branch will be merged into. The live
            database is read only if ``database_url`` names it.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The check could not be made. Nothing was left behind.
    """
    gaps = (Gap.PENDING, Gap.DRIFT) if settings.database_url else (Gap.PENDING,)
    settings = replace(settings, gaps=gaps)
    loaded: list[tuple[Project, Merge]] = []

    def on_load(project: Project) -> None:
        loaded.append((project, read_merge(project.unloaded_script(), settings.base)))

    try:
        with open_session(settings, progress, on_load) as session:
            merge = loaded[0][1]
            script = session.project.script_directory()
            if {*version_locations(script)} != {*merge.ours.locations, *merge.external_locations}:
                merge = read_merge(script, settings.base)  # env.py sets other version locations
            merge.complete(script)
            return _report(session, merge)
    except ProjectError as error:
        for project, merge in loaded:
            revisions = RevisionFindings(merge, project.root)
            rules = {finding.rule for finding in revisions.missing_parents()}
            if "gate-parent-missing" in rules and not merge.ours.unreadable:
                return _unloadable(project, settings, merge, revisions.all(), error.message)
        raise


def _report(session: Session, merge: Merge) -> Report:
    revisions, checked = RevisionFindings(merge, session.project.root), check_in(session)
    revision_findings = revisions.all()
    result = _check_upgrade(session, merge, revisions, checked)
    databases = []
    for number, (database, report) in enumerate(
        zip(checked.databases, checked.reports, strict=True)
    ):
        # What concerns the history as a whole is reported with the first database.
        first = revision_findings if number == 0 else []
        notes = (*_notes(merge), *result.notes) if number == 0 else ()
        own = [
            finding
            for database_key, finding in result.findings
            if database_key == database.database_key
        ]
        findings = (*first, *_without_heads(report.findings, first), *own)
        databases.append(replace(report, findings=findings, notes=(*report.notes, *notes)))
    return Report(
        session.project.name,
        tuple(databases),
        session.settings.fail_on,
        COMMAND,
        subject=_subject(merge),
        checks=tuple(check_list(session.settings, revision_findings, checked, result)),
        strict_coverage=session.settings.strict_coverage,
    )


def _check_upgrade(
    session: Session, merge: Merge, revisions: RevisionFindings, checked: Checked
) -> UpgradeResult:
    """Upgrade a database at the base's head, if the branch changes the history."""
    history = checked.replayed.history
    if history.fault is not None:
        return UpgradeResult(stopped="the history does not build")
    if any(missing_parents(merge.merged)):
        return UpgradeResult(stopped=f"merged with {merge.base}, the history cannot be loaded")
    if not (merge.new or merge.edited or merge.deleted):
        return UpgradeResult(stopped=f"{merge.base} has every revision")
    return UpgradeCheck(session, merge, revisions, history).run()


def _without_heads(findings: Iterable[Finding], first: Sequence[Finding]) -> Iterator[Finding]:
    """Leave out ``history-several-heads`` if ``gate-several-heads`` is reported."""
    reported = any(finding.rule == "gate-several-heads" for finding in first)
    return (f for f in findings if not (reported and f.rule == "history-several-heads"))


def _subject(merge: Merge) -> str:
    count = len(merge.new)
    identifiers = ", ".join(revision.revision for revision in in_order(merge.new))
    new = f"{count or 'no'} new revision{'s' * (count != 1)} since {merge.base}"
    missing = len(merge.only_in_base)
    lacks = f"; {merge.base.name} has {missing} more" if missing else ""
    return new + f": {identifiers}" * bool(identifiers) + lacks


def _notes(merge: Merge) -> Iterator[str]:
    for location in merge.external_locations:
        yield f"{location} is outside of the git repository: its revisions do not count as new"
    for path, (reason, _) in {**merge.theirs.unreadable, **merge.ours.unreadable}.items():
        yield f"{path} was left out of the comparison with the base: {reason}"


def _unloadable(
    project: Project, settings: Settings, merge: Merge, findings: Sequence[Finding], error: str
) -> Report:
    """The report of a history that Alembic cannot load."""
    database = DatabaseReport(
        name=project.name,
        location="",
        dialect="",
        server_version="",
        stamped=(),
        heads=heads_of(merge.ours.revisions),
        findings=tuple(findings),
        coverage=Coverage({}),
        gaps=(),
        replay="",
        notes=(error,),
    )
    result = UpgradeResult(stopped="the history cannot be loaded")
    return Report(
        project.name,
        (database,),
        settings.fail_on,
        COMMAND,
        subject=_subject(merge),
        checks=tuple(check_list(settings, findings, None, result)),
    )
