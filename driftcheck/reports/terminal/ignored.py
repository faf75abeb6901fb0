"""Counts what does not count because the project says so; lists it for who asks."""

from __future__ import annotations

from driftcheck.judging.findings import DatabaseReport, Ignored
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import FAINT, Lines, words, wrapped


def ignored(database: DatabaseReport, page: Page) -> Lines:
    """How many findings are ignored and, where all is told, which, and why."""
    if not database.ignored:
        return []
    text = f"{counted(len(database.ignored), 'finding')} ignored, as [tool.driftcheck] says"
    text += ":" if page.full else "; --verbose lists them"
    lines = wrapped(page, words(page, text), 2, first=words(page, ("· ", FAINT)))
    if page.full:
        for one in database.ignored:
            lines += _told(one, page)
    return lines


def _told(one: Ignored, page: Page) -> Lines:
    until = f" Until {one.until}." if one.until else ""
    about = f" {one.finding.address.sql}" if one.finding.address else ""
    told = wrapped(page, words(page, one.finding.rule + about), 4)
    return [*told, *wrapped(page, words(page, (one.reason + until, FAINT)), 6)]
