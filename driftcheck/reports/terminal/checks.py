"""Tells what was checked, where that is several things, and how each came out."""

from __future__ import annotations

from driftcheck.judging.findings import Check, Report
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, Lines, words, wrapped


def checks(report: Report, page: Page) -> Lines:
    """What the report is about, and a line for each check; none where there are no checks."""
    if not report.checks:
        return []
    lines = wrapped(page, words(page, (report.subject, STRONG)))
    for check in report.checks:
        mark, text = _state(check)
        why = f": {check.why}" * bool(check.why)
        line = words(page, text, (why, FAINT))
        lines += wrapped(page, line, 4, first=words(page, "  ", mark, " "))
    return lines


def _state(check: Check) -> tuple[tuple[str, str], str]:
    match check.passed:
        case None:
            return ("-", FAINT), f"not checked: {check.name}"
        case True:
            return ("✓", GOOD), check.name
        case _:
            return ("✗", BAD), check.name
