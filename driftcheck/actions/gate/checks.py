"""Says of each check of the gate whether it was made, and how it came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.actions.gate.colleague import Played
from driftcheck.actions.gate.trial import Findings
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Check, Report
from driftcheck.pipeline.check import Checked


def checks_made(
    settings: Settings, faults: Iterable[Finding], checked: Checked | None, played: Played
) -> Iterator[Check]:
    """The checks in the order in which they are made.

    Args:
        settings: What fails them.
        faults: What git alone told.
        checked: The comparison of the schemas; ``None`` where the history cannot be loaded.
        played: What came of a colleague's upgrade.
    """
    report = Report("", (), settings.fail_on)

    def passes(findings: Iterable[Finding]) -> bool:
        return not any(map(report.fails, findings))

    def play(name: str, findings: Findings, why_not: str = "") -> Check:
        passed, why_not = passes(finding for _, finding in findings), played.stopped or why_not
        if passed and why_not:
            return Check(name, None, why_not, played.broken)
        return Check(name, passed)

    yield Check("one head, merged with the base too", passes(faults))
    if checked is None:
        yield Check("the history builds from nothing", None, played.stopped)
        return
    builds = checked.replayed.history.fault is None
    yield Check("the history builds from nothing", builds)
    findings = [finding for one in checked.reports for finding in one.findings]
    for gap, name in ((Gap.PENDING, "nothing is pending"), (Gap.DRIFT, "there is no drift")):
        if gap in settings.gaps:
            looked_at = all(gap in one.gaps for one in checked.reports)
            own = (finding for finding in findings if gap in finding.gaps)
            yield Check(name, passes(own)) if looked_at else Check(name, None, _NO_HEAD)
    yield play("the new revisions run on the base's schema", played.upgrades)
    yield play("their downgrades lead back", played.downgrades)
    yield play("both ways lead to the same schema", played.ways, played.not_compared)
    hazards = play("hazards to tables in use", played.hazards)
    count = len(played.hazards)
    yield replace(hazards, why=hazards.why or f"{count or 'none'} to know of")


_NO_HEAD = "one of the two schemas is not known"
