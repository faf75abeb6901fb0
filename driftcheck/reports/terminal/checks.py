"""Lists the single checks of a report and their results."""

from __future__ import annotations

from driftcheck.judging.report import Check, Report
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, Lines, words, wrapped


def checks(report: Report, output: OutputStyle) -> Lines:
    """Return the subject of the report and a line for each check; nothing without checks."""
    if not report.checks:
        return []
    lines = wrapped(output, words(output, (report.subject, STRONG)))
    for check in report.checks:
        mark, text = _state(check)
        why = f": {check.why}" * bool(check.why)
        line = words(output, text, (why, FAINT))
        lines += wrapped(output, line, 4, first=words(output, "  ", mark, " "))
    return lines


def _state(check: Check) -> tuple[tuple[str, str], str]:
    match check.passed:
        case None:
            return ("-", FAINT), f"not checked: {check.name}"
        case True:
            return ("✓", GOOD), check.name
        case _:
            return ("✗", BAD), check.name
