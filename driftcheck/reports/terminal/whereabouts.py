"""Tells at which revision a database really is, in place of the chain."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.judging.findings import Whereabouts
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, Lines, words, wrapped


def whereabouts(found: Whereabouts, page: Page) -> Lines:
    """The revisions whose schema it has, or the nearest, and how that is known."""
    mark, style = ("✓", GOOD) if found.as_stamped and not found.changes else ("✗", BAD)
    lines = wrapped(
        page, words(page, (place(found), STRONG)), 4, first=words(page, "  ", (mark, style), " ")
    )
    for more in how_known(found):
        lines += wrapped(page, words(page, (more, FAINT)), 4)
    return lines


def place(found: Whereabouts) -> str:
    """Where it is, in words."""
    names = " or ".join(map(_state, found.states))
    if found.changes:
        return f"like no revision; {names} is the nearest, with {counted(found.changes, 'change')}"
    return f"at {names}" + (", as it is stamped" if found.as_stamped else "")


def how_known(found: Whereabouts) -> Sequence[str]:
    """What was tried, and how sure that is; sentences."""
    said = [f"tried: the schema at {counted(found.tried, 'place')} of the history"]
    if len(found.states) > 1:
        said.append("these leave the same schema: at which of them it is, the schema does not tell")
    if found.composed:
        said.append(
            "its branch without the others was put together from what each of its revisions does"
        )
    return said


def _state(revisions: Sequence[str]) -> str:
    return " with ".join(revisions) if revisions else "the beginning, before every revision"
