"""Draws the chain: the four schemas and the state of the gaps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, WARN, Lines, words

_MARGIN = "  "


def chain(database: DatabaseReport, report: Report, output: OutputStyle) -> Lines:
    """Draw the chain on one line with the states below it, or vertically in a narrow output."""
    states = {gap: gap_state(gap, database, report) for gap in gaps_of(database)}
    lines = _horizontal(states, output)
    if max(line.cell_len for line in lines) > output.width:
        return _vertical(states, output)
    return lines


def gaps_of(database: DatabaseReport) -> Sequence[Gap]:
    """Return the gaps of a chain, also those that were not compared."""
    return CHAIN if set(database.gaps) <= set(CHAIN) else database.gaps


def gap_state(gap: Gap, database: DatabaseReport, report: Report) -> tuple[str, str]:
    """Return the state of a gap and the text style for it."""
    if gap not in database.gaps:
        return "not compared", FAINT
    if not any(database.coverage.compared.values()):
        return "unknown", FAINT
    findings = [finding for finding in database.findings if gap in finding.gaps]
    if not findings:
        ignored = sum(gap in ignored.finding.gaps for ignored in database.ignored)
        return f"✓ {ignored} ignored" if ignored else "✓ in step", GOOD
    fails = any(map(report.fails, findings))
    return f"{'✗' if fails else '!'} {counted(len(findings), 'finding')}", BAD if fails else WARN


def links(gaps: Iterable[Gap]) -> Iterator[tuple[Side, Gap | None]]:
    """Yield every side, together with the gap that follows it."""
    last = None
    for gap in gaps:
        side, last = gap.between
        yield side, gap
    if last is not None:
        yield last, None


def _horizontal(states: dict[Gap, tuple[str, str]], output: OutputStyle) -> Lines:
    names, below = Text(_MARGIN), Text(_MARGIN)
    for side, gap in links(states):
        names.append_text(words(output, (side, STRONG)))
        below.append(" " * len(side))
        if gap is not None:
            state, style = states[gap]
            width = max(len(gap) + 4, cell_len(state))
            line = gap.center(width, "─")
            names.append_text(words(output, " ", (line, FAINT if style == FAINT else ""), " "))
            below.append_text(words(output, " ", (state.center(width), style), " "))
    below.rstrip()
    return [names, below]


def _vertical(states: dict[Gap, tuple[str, str]], output: OutputStyle) -> Lines:
    column = max(map(len, states)) + 2
    lines = []
    for side, gap in links(states):
        lines.append(words(output, _MARGIN, (side, STRONG)))
        if gap is not None:
            label = f" │ {gap.ljust(column)}"
            lines.append(words(output, _MARGIN, (label, FAINT), states[gap]))
    return lines
