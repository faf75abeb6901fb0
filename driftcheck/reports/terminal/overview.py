"""Sums up the findings of a database, says what to do first, and lists each in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.judging.difference_text import brief
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.order import meaning
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.conclusion import first_step
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    SEVERITY,
    STRONG,
    WARN,
    Lines,
    heading,
    words,
    wrapped,
)
from driftcheck.reports.terminal.sections import (
    Section,
    count_text,
    places_text,
    section_text,
    sections_of,
)

IN_FULL = 10
"""Findings of one database that a terminal shows in full."""
_MOST_LINES = 80
"""Findings of one database that a terminal shows in one line each."""


def overview(
    database: DatabaseReport, report: Report, output: OutputStyle, *, exceeds_screen: bool
) -> Iterator[Lines]:
    """Yield the summary of the findings, then each finding in a line that says what differs.

    For a single finding, the meaning of its verdict is yielded and, if the end of the report is
    not on the same screen, what to do first.
    """
    sections = list(sections_of(database.findings, report))
    step = first_step(database.findings, report)
    if len(database.findings) <= 1:
        lines = [line for section in sections for line in _meaning(section, output)]
        yield [*lines, *(_first(step, output) if exceeds_screen else [])]
        return
    is_long = len(database.findings) > IN_FULL
    lines = wrapped(output, words(output, (count_text(database.findings, report) + ":", STRONG)))
    for section in sections:
        lines += _summed_up(section, report, output)
        if is_long:
            places = places_text(section[1])
            lines += wrapped(output, words(output, (places, FAINT)), 4) if places else []
        else:
            lines += _in_a_line_each(section[1], output, indent=4)
    yield [*lines, *_first(step, output)]
    if is_long:
        yield from _list(sections, output)


def _meaning(section: Section, output: OutputStyle) -> Lines:
    verdict, findings = section
    if verdict is None:
        return []
    return wrapped(output, words(output, (verdict, STRONG), f": {meaning(findings)}"), 2)


def _first(step: str, output: OutputStyle) -> Lines:
    return wrapped(output, words(output, ("First: ", STRONG), step)) if step else []


def _summed_up(section: Section, report: Report, output: OutputStyle) -> Lines:
    fails = report.fails(section[1][0])
    mark, style = ("✗", BAD) if fails else ("·", FAINT)
    first = words(output, "  ", (mark, style), " ")
    name, _, rest = section_text(section).partition(": ")
    text = words(output, (name, STRONG), f": {rest}") if rest else words(output, (name, STRONG))
    return wrapped(output, text, 4, first=first)


def _list(sections: Iterable[Section], output: OutputStyle) -> Iterator[Lines]:
    """Yield the sections with a line for each finding; on a terminal, as many as can be read."""
    room = None if output.whole else _MOST_LINES
    left_out: list[Finding] = []
    for verdict, findings in sections:
        shown = findings[:room]
        left_out += findings[len(shown) :]
        room = None if room is None else room - len(shown)
        if shown:
            title = heading(verdict or "the project itself", output, count=len(findings))
            yield [*title, *_in_a_line_each(shown, output, indent=2, marked=True)]
    if left_out:
        count = counted(len(left_out), "more finding")
        text = f"… and {count}. Use -o FILE to write all of them to a file."
        yield wrapped(output, words(output, (text, WARN)))


def _in_a_line_each(
    findings: Iterable[Finding], output: OutputStyle, *, indent: int, marked: bool = False
) -> Lines:
    lines: Lines = []
    for finding in findings:
        name, text = str(finding.address or ""), brief(finding)
        if not text.startswith(f"{name}:"):
            name = ""
        line = words(output, (name, STRONG), text[len(name) :])
        if finding.blind_spot:
            line.append_text(words(output, ("  not detected by autogenerate", WARN)))
        mark, style = SEVERITY[finding.severity]
        first = words(output, (mark, style), " ") if marked else words(output, " " * indent)
        lines += wrapped(output, line, indent + (0 if marked else 2), first=first)
    return lines
