"""The formats of ``driftcheck history``: the schema changes of each revision."""

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
    object_text,
)
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text, title_of
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import FAINT, STRONG, Lines, spaced, words, wrapped


def in_terminal(timeline: Timeline, page: OutputStyle = PLAIN) -> str:
    """Render the timeline for a terminal."""
    blocks = [
        block for database in timeline.databases for block in _database(database, timeline, page)
    ]
    if timeline.broken is not None:
        blocks.append(broken_lines(timeline.broken, page))
    return as_text([*spaced(blocks)], page)


def _database(database: DatabaseTimeline, timeline: Timeline, page: OutputStyle) -> Iterator[Lines]:
    count = counted(len(database.revisions), "revision")
    header = title_of(
        timeline.project, database.name, database.dialect, database.server_version, page
    )
    yield wrapped(page, header + words(page, (" · ", FAINT), count))
    yield from (_revision(revision, page) for revision in database.revisions)
    shadows = (database.shadows,) if page.full and database.shadows else ()
    notes = (*shadows, *database.notes)
    yield [
        line
        for note in notes
        for line in wrapped(page, words(page, note), 2, first=words(page, ("· ", FAINT)))
    ]


def _revision(revision: RevisionEvents, page: OutputStyle) -> Lines:
    title = words(page, (revision.revision, STRONG), f"  {revision.title}".rstrip())
    lines = [*wrapped(page, title, 2, first=words(page, "")), *_faint(revision.file, page)]
    if not revision.events:
        return [*lines, *_faint("no change of the schema", page)]
    return [*lines, *(line for event in revision.events for line in _event(event, page))]


def _faint(text: str, page: OutputStyle) -> Lines:
    return wrapped(page, words(page, (text, FAINT)), 2)


def _event(event: Event, page: OutputStyle) -> Lines:
    name, definition = object_text(event)
    text = words(page, name, (definition, FAINT))
    if event.line is not None:
        text.append_text(words(page, (f", line {event.line}", FAINT)))
    operation = words(page, "  ", (event.operation.ljust(COLUMN), STYLES[event.operation]))
    lines = wrapped(page, text, COLUMN + 2, first=operation)
    return [*lines, *(line for lines_ in differences(event, page, COLUMN + 4) for line in lines_)]


def in_json(timeline: Timeline, page: OutputStyle = PLAIN) -> str:
    """Render the timeline as JSON."""
    databases = map(_database_values, timeline.databases)
    return events.in_json("driftcheck history", timeline, databases, page)


def _database_values(database: DatabaseTimeline) -> dict[str, Any]:
    return {
        "name": database.name,
        "dialect": database.dialect,
        "server_version": database.server_version,
        "revisions": [
            {
                "revision": revision.revision,
                "title": revision.title,
                "file": revision.file,
                "events": [event_values(event) for event in revision.events],
            }
            for revision in database.revisions
        ],
        "shadows": database.shadows,
        "notes": database.notes,
    }


Format: TypeAlias = Callable[[Timeline, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""The formats by their names for ``--format``."""
