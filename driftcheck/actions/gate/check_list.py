"""Lists the gate's checks with their results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.actions.gate.schemas import Findings
from driftcheck.actions.gate.upgrade_check import UpgradeResult
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Check, Report
from driftcheck.pipeline.check import Checked

_GAP_CHECKS = ((Gap.PENDING, "no pending changes"), (Gap.DRIFT, "no drift"))
_SCHEMA_UNKNOWN = "one of the two schemas is unknown"


def check_list(
    settings: Settings,
    revision_findings: Iterable[Finding],
    checked: Checked | None,
    result: UpgradeResult,
) -> Iterator[Check]:
    """Yield the checks in the order in which they are made.

    Args:
        settings: The settings, which say what fails a check.
        revision_findings: The findings about the revision files.
        checked: The comparison of the schemas; ``None`` if the history cannot be loaded.
        result: The result of the upgrade from the base's head.
    """
    report = Report("", (), settings.fail_on)

    def passes(findings: Iterable[Finding]) -> bool:
        return not any(map(report.fails, findings))

    def upgrade_check(name: str, findings: Findings, not_checked: str = "") -> Check:
        passed = passes(finding for _, finding in findings)
        not_checked = result.stopped or not_checked
        if passed and not_checked:
            return Check(name, None, not_checked, result.broken)
        return Check(name, passed)

    yield Check("one head, also after a merge with the base", passes(revision_findings))
    builds = "the history builds from an empty database"
    if checked is None:
        yield Check(builds, None, result.stopped)
        return
    yield Check(builds, checked.state.result.history.fault is None)
    findings = [finding for report in checked.reports for finding in report.findings]
    for gap, name in _GAP_CHECKS:
        if gap in settings.gaps:
            compared = all(gap in report.gaps for report in checked.reports)
            of_gap = (finding for finding in findings if gap in finding.gaps)
            yield Check(name, passes(of_gap)) if compared else Check(name, None, _SCHEMA_UNKNOWN)
    yield upgrade_check("the new revisions run on the base's schema", result.upgrades)
    yield upgrade_check("their downgrades restore the previous schema", result.downgrades)
    yield upgrade_check(
        "an upgraded base has the same schema as a new database",
        result.head_differences,
        result.not_compared,
    )
    hazards = upgrade_check("hazards to tables in use", result.hazards)
    count = len(result.hazards)
    yield replace(hazards, why=hazards.why or f"{count or 'none'} found")
