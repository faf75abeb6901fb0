"""Tells what was played with a database, act by act; of several plays alike, only one in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.judging.findings import Act, DatabaseReport, Play
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.layout import (
    BAD,
    CODE,
    FAINT,
    GOOD,
    STRONG,
    Lines,
    quoted,
    words,
    wrapped,
)

_MARKS = {True: ("✓", GOOD), False: ("✗", BAD), None: ("·", FAINT)}


def plays(database: DatabaseReport, page: Page) -> Iterator[Lines]:
    """Every play: the first that fails or, where none does, the first of all, in full."""
    told = next((one for one in database.plays if not one.gets_through), database.plays[0])
    if len(database.plays) > 1:
        yield [line for one in database.plays for line in _in_brief(one, page)]
        yield wrapped(page, words(page, (f"From {told.start}:", STRONG)), 2)
    yield from _in_full(told.acts, page)


def _in_brief(play: Play, page: Page) -> Lines:
    said = "gets through" if play.gets_through else play.acts[-1].said
    return _marked(f"from {play.start}: {said}", page, came_off=play.gets_through)


def _in_full(acts: Sequence[Act], page: Page) -> Iterator[Lines]:
    """Acts one below the other, an empty line around the code of those that have any."""
    block: Lines = []
    for act in acts:
        block += _marked(act.said + ":" * bool(act.code), page, came_off=act.came_off)
        if act.code:
            yield block
            yield quoted(page, act.code, indent=6, style=CODE)
            block = []
    yield block


def _marked(said: str, page: Page, *, came_off: bool | None) -> Lines:
    mark, style = _MARKS[came_off]
    first = words(page, "  ", (mark, style), " ")
    return wrapped(page, words(page, said), 4, first=first)
