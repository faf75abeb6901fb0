"""Draws the chain: the four schemas, and how it stands with the gaps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.judging.findings import DatabaseReport, Report
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, WARN, Lines, words

_MARGIN = "  "


def chain(database: DatabaseReport, report: Report, page: Page) -> Lines:
    """The chain along a line with its states below; downwards, where the page is narrow."""
    gaps = CHAIN if set(database.gaps) <= set(CHAIN) else database.gaps
    states = {gap: _state(gap, database, report) for gap in gaps}
    lines = _along(states, page)
    if max(line.cell_len for line in lines) > page.width:
        return _downwards(states, page)
    return lines


def _state(gap: Gap, database: DatabaseReport, report: Report) -> tuple[str, str]:
    """How it stands with a gap, and the style to say it in."""
    if gap not in database.gaps:
        return "not looked at", FAINT
    if not any(database.coverage.compared.values()):
        return "not known", FAINT
    found = [finding for finding in database.findings if gap in finding.gaps]
    if not found:
        ignored = sum(gap in one.finding.gaps for one in database.ignored)
        return f"✓ {ignored} ignored" if ignored else "✓ in step", GOOD
    fails = any(map(report.fails, found))
    return f"{'✗' if fails else '!'} {counted(len(found), 'finding')}", BAD if fails else WARN


def _links(gaps: Iterable[Gap]) -> Iterator[tuple[Side, Gap | None]]:
    """Every side, and the gap that comes after it."""
    last = None
    for gap in gaps:
        side, last = gap.between
        yield side, gap
    if last is not None:
        yield last, None


def _along(states: dict[Gap, tuple[str, str]], page: Page) -> Lines:
    names, below = Text(_MARGIN), Text(_MARGIN)
    for side, gap in _links(states):
        names.append_text(words(page, (side, STRONG)))
        below.append(" " * len(side))
        if gap is not None:
            state, style = states[gap]
            width = max(len(gap) + 4, cell_len(state))
            line = gap.center(width, "─")
            names.append_text(words(page, " ", (line, FAINT if style == FAINT else ""), " "))
            below.append_text(words(page, " ", (state.center(width), style), " "))
    below.rstrip()
    return [names, below]


def _downwards(states: dict[Gap, tuple[str, str]], page: Page) -> Lines:
    column = max(map(len, states)) + 2
    lines = []
    for side, gap in _links(states):
        lines.append(words(page, _MARGIN, (side, STRONG)))
        if gap is not None:
            label = f" │ {gap.ljust(column)}"
            lines.append(words(page, _MARGIN, (label, FAINT), states[gap]))
    return lines
