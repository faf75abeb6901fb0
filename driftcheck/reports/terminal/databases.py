"""Says in one line each what was found in several databases, and where to start."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.conclusion import first_step
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, Lines, words, wrapped
from driftcheck.reports.terminal.sections import count_text


def databases_in_brief(report: Report, output: OutputStyle) -> Iterator[Lines]:
    """Yield a line for each of several databases, and what to do first."""
    if len(report.databases) <= 1:
        return
    lines: Lines = []
    for database in report.databases:
        fails = any(map(report.fails, database.findings))
        mark, style = ("✗", BAD) if fails else ("·", FAINT) if database.findings else ("✓", GOOD)
        text = words(output, (database.name, STRONG), f": {_state(database, report)}")
        lines += wrapped(output, text, 2, first=words(output, (mark, style), " "))
    first = next((d for d in report.databases if first_step(d.findings, report)), None)
    if first is not None:
        step = f"in {first.name}, {first_step(first.findings, report)}"
        lines += wrapped(output, words(output, ("First: ", STRONG), step))
    yield lines


def _state(database: DatabaseReport, report: Report) -> str:
    return count_text(database.findings, report) if database.findings else "no finding"
