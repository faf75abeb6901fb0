"""Maps a finding to the three levels of CI systems, which know no exit code."""

from __future__ import annotations

from typing import Literal, TypeAlias

from driftcheck.judging.findings import Finding, Severity
from driftcheck.judging.report import Report

Level: TypeAlias = Literal["error", "warning", "note"]


def level(finding: Finding, report: Report) -> Level:
    """Return the level of a finding: ``error`` if and only if the finding fails the check.

    The severity does not matter for a finding that fails the check. A finding that ``--fail-on``
    leaves out is at most a warning, because error marks on a successful check would teach users
    to ignore them.
    """
    if report.fails(finding):
        return "error"
    return "note" if finding.severity is Severity.NOTE else "warning"
