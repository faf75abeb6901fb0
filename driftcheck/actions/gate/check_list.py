"""Lists the gate's checks with their results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    base_heads: Sequence[str],
) -> Iterator[Check]:
    """Yield the checks in the order in which they are made.

    Args:
        settings: The settings, which say what fails a check.
        revision_findings: The findings about the revision files.
        checked: The comparison of the schemas; ``None`` if the history cannot be loaded.
        result: The result of the upgrade from the base's head.
        base_heads: The heads of the base. Several of them are no fault of the branch.
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

    def counted(name: str, findings: Findings, not_checked: str = "") -> Check:
        check = upgrade_check(name, findings, not_checked)
        return replace(check, why=check.why or f"{len(findings) or 'none'} found")

    revision_findings = tuple(revision_findings)
    yield Check(
        _heads_check(len(base_heads)), passes(f for f in revision_findings if not _is_edit(f))
    )
    if any(map(_is_edit, revision_findings)):
        yield Check(
            "the base's revisions are unchanged", passes(filter(_is_edit, revision_findings))
        )
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
    yield counted("hazards to tables in use", result.hazards)
    running = result.running_code
    name = "statements of the running code that the new revisions break"
    yield counted(name, running.findings, running.not_checked)


def _heads_check(base_heads: int) -> str:
    """Return the name of the check of the heads that the branch adds."""
    if base_heads > 1:
        return f"no head besides the {base_heads} of the base, also after a merge with the base"
    return "one head, also after a merge with the base"


def _is_edit(finding: Finding) -> bool:
    """Whether a finding is about an edited or a deleted revision of the base."""
    return finding.rule.endswith(("-edited", "-deleted"))
