"""The formats of ``driftcheck doctor``: a line for each check, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from rich.text import Text

from driftcheck.judging.diagnosis import Check, Status, exit_code_of
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    STRONG,
    WARN,
    Lines,
    words,
    wrapped,
)

_STYLES = {Status.OK: GOOD, Status.WARNING: WARN, Status.FAILED: BAD, Status.SKIPPED: FAINT}
_COLUMN = 9
"""The column after the longest status."""


def check_text(check: Check, page: OutputStyle = PLAIN) -> str:
    """Render one check for a terminal."""
    return as_text(_check(check, page), page)


def conclusion_text(checks: Sequence[Check], page: OutputStyle = PLAIN) -> str:
    """Render how many checks have failed."""
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    told = [f"{counts[status]} {status}" for status in Status if counts[status]]
    if counts[Status.FAILED]:
        verdict = "Something that driftcheck needs is missing; fix the first failed check first."
    elif counts[Status.WARNING]:
        verdict = "driftcheck can check this project."
    else:
        verdict = "Everything that driftcheck needs is there."
    lines = wrapped(page, words(page, f"{', '.join(told)}. ", (verdict, STRONG)))
    if not counts[Status.FAILED]:
        lines += wrapped(page, words(page, "Next: driftcheck compare, with the same options."))
    return as_text([Text(), *lines], page)


def in_terminal(checks: Sequence[Check], page: OutputStyle = PLAIN) -> str:
    """Render all checks for a terminal."""
    return "".join([*(check_text(check, page) for check in checks), conclusion_text(checks, page)])


def _check(check: Check, page: OutputStyle) -> Lines:
    first = words(page, (f"{check.status:<{_COLUMN}}", _STYLES[check.status]))
    text = words(page, (check.name, STRONG), f": {check.message}")
    lines = wrapped(page, text, _COLUMN, first=first)
    if check.details:
        for detail in check.details.strip().splitlines():
            lines += wrapped(page, words(page, (detail.expandtabs(4), FAINT)), _COLUMN + 2)
    for fact in check.facts:
        lines += wrapped(page, words(page, (fact, FAINT)), _COLUMN + 2, first=_dash(page))
    if check.remedy:
        lines += wrapped(page, words(page, check.remedy.replace("\n", " ")), _COLUMN)
    return lines


def _dash(page: OutputStyle) -> Text:
    return Text(" " * _COLUMN) + words(page, ("· ", FAINT))


def in_json(checks: Sequence[Check], page: OutputStyle = PLAIN) -> str:
    """Render all checks as JSON."""
    return dump(
        {
            "command": "driftcheck doctor",
            "exit_code": int(exit_code_of(checks)),
            "checks": [*map(_values, checks)],
        },
        page,
    )


def _values(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "status": str(check.status),
        "message": check.message,
        "facts": [*check.facts],
        "remedy": check.remedy or None,
        "details": check.details or None,
        "database": check.database or None,
    }


Format: TypeAlias = Callable[[Sequence[Check], OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""The formats by their names for ``--format``."""
