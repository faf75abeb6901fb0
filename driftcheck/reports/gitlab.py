"""The format for GitLab: a Code Quality report.

GitLab shows ``description`` at the line, the most severe entry first. It reads the path of every
entry, drops all entries after one that its schema refuses, and identifies an entry by
``fingerprint`` alone (``CodequalityReports``). Ignored findings are not entries.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import Any

from driftcheck.judging.findings import SourceLine
from driftcheck.judging.report import Report
from driftcheck.reports.dumping import dump
from driftcheck.reports.fingerprint import with_fingerprints
from driftcheck.reports.level import Level, level
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.visible import visible

_SEVERITIES: dict[Level, str] = {"error": "major", "warning": "minor", "note": "info"}
_NO_FILE = "."
"""The path of a finding that belongs to no file, as in a comparison of two databases."""


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render an entry for each finding."""
    entries: list[dict[str, Any]] = []
    for database, finding, fingerprint, number in with_fingerprints(report):
        line = finding.location or SourceLine(database.environment or _NO_FILE)
        entries.append(
            {
                "description": visible(finding.message),
                "check_name": finding.rule,
                "fingerprint": f"{fingerprint}:{number}",
                "severity": _SEVERITIES[level(finding, report)],
                "location": {
                    "path": visible(output.path(line.file)),
                    "lines": {"begin": line.line or 1},
                },
            }
        )
    return dump(entries, output)
