"""The forms of ``driftcheck history``: what each revision does to the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from driftcheck.judging.timeline import DatabaseTimeline, Event, RevisionEvents, Timeline
from driftcheck.reports import events
from driftcheck.reports.events import (
    COLUMN,
    STYLES,
    broken_lines,
    differences,
    event_values,
    what,
)
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text, title_of
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import FAINT, STRONG, Lines, spaced, words, wrapped


def in_terminal(timeline: Timeline, page: OutputStyle = PLAIN) -> str:
    """Write the timeline for a person to read."""
    blocks = [block for one in timeline.databases for block in _database(one, timeline, page)]
    if timeline.broken is not None:
        blocks.append(broken_lines(timeline.broken, page))
    return as_text([*spaced(blocks)], page)


def _database(one: DatabaseTimeline, timeline: Timeline, page: OutputStyle) -> Iterator[Lines]:
    count = counted(len(one.revisions), "revision")
    header = title_of(timeline.project, one.name, one.dialect, one.server_version, page)
    yield wrapped(page, header + words(page, (" · ", FAINT), count))
    yield from (_revision(revision, page) for revision in one.revisions)
    shadows = (one.shadows,) if page.full and one.shadows else ()
    notes = (*shadows, *one.notes)
    yield [
        line
        for note in notes
        for line in wrapped(page, words(page, note), 2, first=words(page, ("· ", FAINT)))
    ]


def _revision(revision: RevisionEvents, page: OutputStyle) -> Lines:
    title = words(page, (revision.revision, STRONG), f"  {revision.title}".rstrip())
    lines = [*wrapped(page, title, 2, first=words(page, "")), *_faint(revision.file, page)]
    if not revision.events:
        return [*lines, *_faint("leaves the schema as it is", page)]
    return [*lines, *(line for event in revision.events for line in _event(event, page))]


def _faint(text: str, page: OutputStyle) -> Lines:
    return wrapped(page, words(page, (text, FAINT)), 2)


def _event(event: Event, page: OutputStyle) -> Lines:
    name, said = what(event)
    text = words(page, name, (said, FAINT))
    if event.line is not None:
        text.append_text(words(page, (f", line {event.line}", FAINT)))
    deed = words(page, "  ", (event.deed.ljust(COLUMN), STYLES[event.deed]))
    lines = wrapped(page, text, COLUMN + 2, first=deed)
    return [*lines, *(line for one in differences(event, page, COLUMN + 4) for line in one)]


def in_json(timeline: Timeline, page: OutputStyle = PLAIN) -> str:
    """Write the timeline as JSON."""
    databases = map(_database_values, timeline.databases)
    return events.in_json("driftcheck history", timeline, databases, page)


def _database_values(one: DatabaseTimeline) -> dict[str, Any]:
    return {
        "name": one.name,
        "dialect": one.dialect,
        "server_version": one.server_version,
        "revisions": [
            {
                "revision": revision.revision,
                "title": revision.title,
                "file": revision.file,
                "events": [event_values(event) for event in revision.events],
            }
            for revision in one.revisions
        ],
        "shadows": one.shadows,
        "notes": one.notes,
    }


Form: TypeAlias = Callable[[Timeline, OutputStyle], str]

FORMS: Mapping[str, Form] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""Every form by the name that ``--format`` has for it."""
