"""``driftcheck gate``: checks a branch's migrations before they are merged.

No live database is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.actions.gate.base_shadows import BaseShadows
from driftcheck.actions.gate.check_list import check_list
from driftcheck.actions.gate.downgrade_check import DowngradeCheck
from driftcheck.actions.gate.merge import Merge, heads_of, in_order, missing_parents, read_merge
from driftcheck.actions.gate.revision_findings import RevisionFindings
from driftcheck.actions.gate.running_code.check import RunningCodeCheck
from driftcheck.actions.gate.upgrade_check import (
    ExpectedHead,
    RevisionChecks,
    UpgradeCheck,
    UpgradeResult,
)
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.pipeline.building.base_snapshot import snapshot_restorer
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.check import Checked, ProjectCheck
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.selection import within
from driftcheck.project.environment import LoadedProject
from driftcheck.project.project import Project
from driftcheck.sources.files import version_locations
from driftcheck.sources.history import History

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
    merges: list[tuple[Project, Merge]] = []

    def on_load(project: Project) -> None:
        merges.append((project, read_merge(project.unloaded_script(), settings.base)))

    try:
        with open_project(settings, progress, on_load) as opened:
            merge = _completed(merges[0][1], opened.loaded, settings)
            return _BranchCheck(opened, merge).run()
    except ProjectError as error:
        for project, merge in merges:
            revisions = RevisionFindings(merge, project)
            rules = {finding.rule for finding in revisions.missing_parents()}
            if "gate-parent-missing" in rules and not merge.ours.unreadable:
                return _unloadable(project, settings, merge, revisions.all(), error.message)
        raise


def _completed(merge: Merge, loaded: LoadedProject, settings: Settings) -> Merge:
    """Complete a merge with what Alembic has loaded, after env.py has run."""
    known = {*merge.ours.locations, *merge.external_locations}
    if {*version_locations(loaded.script)} != known:  # env.py sets other version locations
        merge = read_merge(loaded.script, settings.base)
    merge.complete(loaded.script)
    return merge


class _BranchCheck:
    """Checks a branch whose history can be loaded.

    Args:
        opened: The opened project.
        merge: The virtual merge of the working tree with the base.
    """

    def __init__(self, opened: OpenedProject, merge: Merge) -> None:
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._progress = opened.progress
        self._merge = merge
        self._revisions = RevisionFindings(merge, opened.loaded.project)
        self._replays = Replays(opened)

    def run(self) -> Report:
        """Compare the schemas, upgrade a database at the base's head, and report all findings."""
        loaded, settings, merge = self._loaded, self._settings, self._merge
        check = ProjectCheck(self._opened, self._replays)
        stop = () if merge.base_has_other_files else heads_of(merge.existing)
        checked = check.run(stop)
        revision_findings = self._revisions.all()
        result = self._upgrade(checked.state.result.history)
        return Report(
            loaded.project.name,
            tuple(self._databases(revision_findings, checked, result)),
            settings.fail_on,
            COMMAND,
            subject=_subject(merge),
            checks=tuple(
                check_list(
                    settings,
                    revision_findings,
                    checked,
                    result,
                    heads_of(merge.theirs.revisions),
                )
            ),
            strict_coverage=settings.strict_coverage,
            names_database=settings.names_database,
        )

    def _upgrade(self, history: History) -> UpgradeResult:
        """Upgrade a database at the base's head, if the branch changes the history."""
        merge = self._merge
        if history.fault is not None:
            return UpgradeResult(stopped="the history does not build")
        if any(missing_parents(merge.merged)):
            return UpgradeResult(stopped=f"merged with {merge.base}, the history cannot be loaded")
        if not (merge.new or merge.edited or merge.deleted):
            return UpgradeResult(stopped=f"{merge.base} has every revision")
        environment, replays = self._loaded.environment, self._replays
        shadows = BaseShadows(self._opened, replays)
        checks = RevisionChecks(
            DowngradeCheck(environment, self._shadows, replays, self._revisions.origin),
            RunningCodeCheck(
                merge,
                self._revisions,
                self._settings,
                shadows,
                self._shadows.imported,
                self._progress,
            ),
        )
        first_edit = self._revisions.first_edit()
        check = UpgradeCheck(self._loaded, shadows, checks, merge, first_edit)
        return check.run(self._expected_head(history), with_data=self._settings.with_data)

    def _expected_head(self, history: History) -> ExpectedHead:
        settings, shadows = self._settings, self._shadows
        return ExpectedHead(
            schemas={key: within(head, settings.schemas) for key, head in history.head.items()},
            made=history.sources.made,
            restorer=lambda database_key: snapshot_restorer(settings, shadows, database_key),
            maker=shadows.maker,
        )

    def _databases(
        self, revision_findings: Sequence[Finding], checked: Checked, result: UpgradeResult
    ) -> Iterator[DatabaseReport]:
        """Add the gate's findings to the reports of the comparison.

        Findings and notes about the history as a whole are reported with the first database.
        """
        first: Sequence[Finding] = revision_findings
        notes = [*_notes(self._merge), *result.notes]
        for database, report in zip(checked.state.databases, checked.reports, strict=True):
            own = [finding for key, finding in result.findings if key == database.database_key]
            findings = (*first, *_without_heads(report.findings, first), *own)
            yield replace(report, findings=findings, notes=(*report.notes, *notes))
            first, notes = (), []


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
    """Return the report of a history that Alembic cannot load."""
    heads = heads_of(merge.ours.revisions)
    header = ReportHeader(name=project.name, heads=heads, notes=(error,))
    result = UpgradeResult(stopped="the history cannot be loaded")
    return Report(
        project.name,
        (database_report(header, findings),),
        settings.fail_on,
        COMMAND,
        subject=_subject(merge),
        checks=tuple(
            check_list(settings, findings, None, result, heads_of(merge.theirs.revisions))
        ),
    )
