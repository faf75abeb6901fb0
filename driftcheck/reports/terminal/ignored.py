"""Counts the ignored findings and, on request, lists them."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.judging.findings import IgnoredFinding
from driftcheck.judging.report import DatabaseReport
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import FAINT, Lines, words, wrapped


def ignored_text(ignored: Sequence[IgnoredFinding]) -> str:
    """Return the number of ignored findings, and why they are ignored."""
    configured = any(not each.in_baseline for each in ignored)
    reasons = ["as configured in [tool.driftcheck]"] * configured
    reasons += ["as recorded in the baseline"] * any(each.in_baseline for each in ignored)
    return f"{counted(len(ignored), 'finding')} ignored, {' and '.join(reasons)}"


def ignored(database: DatabaseReport, output: OutputStyle) -> Lines:
    """Return the number of ignored findings and, in a full report, each with its reason."""
    if not database.ignored:
        return []
    text = ignored_text(database.ignored)
    text += ":" if output.full else "; --verbose lists them"
    lines = wrapped(output, words(output, text), 2, first=words(output, ("· ", FAINT)))
    if output.full:
        for ignored_finding in database.ignored:
            lines += _in_full(ignored_finding, output)
    return lines


def _in_full(ignored: IgnoredFinding, output: OutputStyle) -> Lines:
    finding = ignored.finding
    until = f" Until {ignored.until}." if ignored.until else ""
    address = f" {finding.address.sql}" if finding.address else ""
    lines = wrapped(output, words(output, finding.rule + address), 4)
    return [*lines, *wrapped(output, words(output, (ignored.reason + until, FAINT)), 6)]
