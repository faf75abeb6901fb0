"""The checks of a history that the pytest plugin shows as test items, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial

from driftcheck.actions.gate.schema_differences import difference_findings
from driftcheck.actions.testing.answers import Outcome, RevisionPlace
from driftcheck.actions.testing.revision_walk import RevisionWalk
from driftcheck.chain import Gap
from driftcheck.errors import CannotCheckError
from driftcheck.judging.baseline import without_baseline
from driftcheck.judging.findings import Finding
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import Report
from driftcheck.pipeline.building.base_snapshot import snapshot_restorer
from driftcheck.pipeline.building.histories import Histories
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.check import Checked, ProjectCheck
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.faults.faults import broken_history, head_faults, origin_of
from driftcheck.pipeline.selection import within
from driftcheck.reports.failed_test import failed_test
from driftcheck.sources.history import History

_ONE_HEAD = "The migrations must have one head."
_BUILDS = "The migrations must run on an empty database."
_PENDING = "Every change of the models must have a migration."
_DOWN_AND_UP = (
    "The downgrade of revision {} must restore the schema before it, and its upgrade must run "
    "again after it."
)
_WAYS_MEET = (
    "A database that is upgraded revision by revision must get the schema of a new database."
)
_DOES_NOT_BUILD = "the migrations do not run on an empty database"


class HistoryChecks:
    """Checks the history of an opened project. What several checks need is done once.

    Args:
        opened: The project.
        replays: Replays its history.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._replays = replays
        self._walk = RevisionWalk(opened, replays)

    def revisions(self) -> list[RevisionPlace]:
        """Return the revisions, in an order in which they can run."""
        files = map(self._walk.file_of, self._walk.order)
        return [RevisionPlace(f.revision, f.path, f.line_of("downgrade()")) for f in files]

    def one_head(self) -> Outcome:
        """Check that the history has one head."""
        findings = head_faults(self._loaded.heads, self._loaded.project.command)
        return self._outcome(_ONE_HEAD, findings, fails=lambda _: True)

    def builds_from_nothing(self) -> Outcome:
        """Check that the history runs on an empty database."""
        fault = self.history.fault
        findings = [] if fault is None else [broken_history(fault, self._loaded.project)]
        return self._outcome(_BUILDS, findings)

    def nothing_pending(self) -> Outcome:
        """Check that every change of the models has a migration."""
        if self.history.fault is not None:
            return Outcome(skipped=_DOES_NOT_BUILD)
        reports = self._checked.reports
        findings = [finding for report in reports for finding in report.findings]
        return self._outcome(_PENDING, (f for f in findings if not f.rule.startswith("history-")))

    def down_and_up(self, revision: str) -> Outcome:
        """Check that the downgrade of a revision restores the schema, and that it runs again.

        A downgrade that does nothing, or that raises an exception on purpose, is a decision of its
        author: it is not checked.
        """
        found = self._walk.check(revision)
        if found is None:
            failure = self._walk.failure
            broken = f"revision {failure.where.revision} fails" if failure else ""
            return Outcome(skipped=broken or "the history starts after this revision")
        findings = [finding for _, finding in found]
        outcome = self._outcome(_DOWN_AND_UP.format(revision), findings)
        if outcome.failure or not findings:
            return outcome
        # The findings of several databases have the same message.
        return Outcome(skipped="; ".join(dict.fromkeys(f.message for f in findings)))

    def both_ways_meet(self) -> Outcome:
        """Check that upgrades one by one lead to the schema that the history builds at once."""
        if self.history.fault is not None:
            return Outcome(skipped=_DOES_NOT_BUILD)
        schemas = self._walk.at_the_heads()
        if schemas is None:
            failure = self._walk.failure
            assert failure is not None  # noqa: S101  (why there are no schemas)
            return self._outcome(_WAYS_MEET, [broken_history(failure, self._loaded.project)])
        findings: list[Finding] = []
        for key, head in self.history.head.items():
            restored = snapshot_restorer(self._settings, self._shadows, key)(schemas[key])
            sides = within(head, self._settings.schemas), restored
            maker = partial(self._shadows.maker, key)
            since = "revision to revision"
            findings += difference_findings("gate-ways-differ", sides, None, since, maker)
        return self._outcome(_WAYS_MEET, map(self._located, findings))

    @cached_property
    def history(self) -> History:
        """The history, from the cache or by a replay."""
        try:
            return self._checked.state.result.history
        except CannotCheckError:  # the models cannot be compared
            return Histories(self._opened, self._replays).get({}).history

    @cached_property
    def _checked(self) -> Checked:
        """The comparison of models and head."""
        return ProjectCheck(self._opened, self._replays).run()

    def _located(self, finding: Finding) -> Finding:
        """Add the operation that has created the object of a finding."""
        for made in self.history.sources.made.values():
            if finding.address in made:
                return replace(finding, origin=origin_of(made[finding.address]))
        return finding

    def _outcome(
        self,
        expected: str,
        findings: Iterable[Finding],
        fails: Callable[[Finding], bool] | None = None,
    ) -> Outcome:
        """Return the outcome of a check: it fails by the findings that the project does not ignore.

        Args:
            expected: What must be true.
            findings: What was found.
            fails: Whether a finding fails the check; as in a report if it is not given.
        """
        report = self._report(findings)
        failing = [*filter(fails or report.fails, report.findings)]
        return Outcome(failed_test(expected, failing)) if failing else Outcome()

    def _report(self, findings: Iterable[Finding]) -> Report:
        """Return a report with findings, without those that the project ignores."""
        settings, today = self._settings, datetime.now().astimezone().date()
        header = ReportHeader(name=self._loaded.project.name)
        databases = (database_report(header, findings, (Gap.PENDING,)),)
        report = Report(self._loaded.project.name, databases, settings.fail_on)
        report = without_ignored(report, settings.ignore, today, whole=False)
        return without_baseline(report, settings.baseline, whole=False)


def print_nothing(_: str) -> None:
    """Show no progress: pytest shows its own."""
