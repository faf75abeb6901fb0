"""Says how grave a finding is to a reader that knows three levels, and no exit code."""

from __future__ import annotations

from typing import Literal, TypeAlias

from driftcheck.judging.findings import Finding, Report, Severity

Level: TypeAlias = Literal["error", "warning", "note"]


def level(finding: Finding, report: Report) -> Level:
    """An error is what fails the check, and nothing else is.

    So what ``--fail-on`` takes is one whatever its severity, and what it leaves out is at most a
    warning: a red mark beside a check that has passed would teach people to overlook it.
    """
    if report.fails(finding):
        return "error"
    return "note" if finding.severity is Severity.NOTE else "warning"
