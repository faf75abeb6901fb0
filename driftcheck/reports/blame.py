"""The formats of ``driftcheck blame``: the revisions that created and changed an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from driftcheck.judging.timeline import Blame, Break, HistoryEntry, ObjectHistory, SchemaOperation
from driftcheck.reports import events
from driftcheck.reports.events import (
    COLUMN,
    STYLES,
    broken_lines,
    differences,
    event_values,
    origin_text,
)
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text
from driftcheck.reports.terminal.layout import (
    CODE,
    FAINT,
    GOOD,
    STRONG,
    Lines,
    quoted,
    spaced,
    words,
    wrapped,
)
from driftcheck.schema import Address


def in_terminal(blame: Blame, page: OutputStyle = PLAIN) -> str:
    """Render the histories of an object for a terminal."""
    several = len(blame.histories) > 1
    blocks = [
        block
        for history in blame.histories
        for block in _history(history, blame, page, several=several)
    ]
    if blame.broken is not None:
        blocks.append([*_unknown(blame, blame.broken, page), *broken_lines(blame.broken, page)])
    return as_text([*spaced(blocks)], page)


def _unknown(blame: Blame, broken: Break, page: OutputStyle) -> Lines:
    """Say that the object was not found before the break; nothing if it was found."""
    if not blame.unknown:
        return []
    text = f"No revision before {broken.origin.revision} creates {blame.unknown!r}."
    return wrapped(page, words(page, text))


def _history(
    history: ObjectHistory, blame: Blame, page: OutputStyle, *, several: bool
) -> Iterator[Lines]:
    title = words(page, (str(history.address), STRONG), (" · ", FAINT), blame.project)
    if several:
        title.append_text(words(page, (" · ", FAINT), history.database))
    definition, style = history.definition, CODE
    if definition is None:
        definition, style = f"does not exist {_end(blame) or 'any more'}", ""
    yield [*wrapped(page, title), *quoted(page, definition, 2, style)]
    yield from (_entry(entry, history.address, page) for entry in history.entries)
    yield _conclusion(history, _end(blame), page)


def _end(blame: Blame) -> str:
    """Return the point up to which the history is known; empty if it is known completely."""
    return "" if blame.broken is None else f"before {blame.broken.origin.revision}"


def _entry(entry: HistoryEntry, address: Address, page: OutputStyle) -> Lines:
    event, revision = entry.event, entry.revision
    operation = words(page, "  ", (event.operation.ljust(COLUMN), STYLES[event.operation]))
    head = words(page, "in ", (revision.revision, STRONG), f"  {revision.title}".rstrip())
    indent = COLUMN + 2
    lines = wrapped(page, head, indent, first=operation)
    if name := _other_name(entry, address):
        lines += wrapped(page, words(page, name), indent)
    for difference in differences(event, page, indent):
        lines += difference
    origin = origin_text(revision.origin(event))
    return [*lines, *wrapped(page, words(page, (origin, FAINT)), indent)]


def _other_name(entry: HistoryEntry, address: Address) -> str:
    """The object of the event, if it is another object or has another name than at the end."""
    event = entry.event
    if event.old_address is not None:
        return f"{event.old_address} to {event.address.sql}"
    name = "" if entry.address == address else f"as {entry.address.sql}"
    if event.address == entry.address:
        return name
    if entry.address in event.parts:
        return f"{name} with {event.address}".strip()
    return str(event.address)


def _conclusion(history: ObjectHistory, end: str, page: OutputStyle) -> Lines:
    creation, last_change = history.creation, history.last_change
    text = "Existed before the first revision"
    if creation is not None:
        text = f"Made by {creation.revision.revision}"
    if last_change is not None:
        is_dropped = last_change.event.operation is SchemaOperation.DROPPED
        verb = "dropped" if history.definition is None and is_dropped else "last changed"
        verb = f"{verb} {end}".rstrip()
        text += f", {verb} by {last_change.revision.revision}"
    elif creation is not None:
        text += f", not changed {end or 'since'}"
    return wrapped(page, words(page, f"{text}."), 2, first=words(page, ("✓", GOOD), " "))


def in_json(blame: Blame, page: OutputStyle = PLAIN) -> str:
    """Render the histories of an object as JSON."""
    databases = map(_history_values, blame.histories)
    return events.in_json("driftcheck blame", blame, databases, page)


def _history_values(history: ObjectHistory) -> dict[str, Any]:
    return {
        "name": history.database,
        "kind": history.address.kind,
        "address": history.address.sql,
        "definition": history.definition,
        "made": _entry_values(history.creation),
        "changed": _entry_values(history.last_change),
        "events": [
            {
                "revision": entry.revision.revision,
                "title": entry.revision.title,
                "file": entry.revision.file,
                "called": entry.address.sql,
                **event_values(entry.event),
            }
            for entry in history.entries
        ],
    }


def _entry_values(entry: HistoryEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    origin = entry.revision.origin(entry.event)
    return {"revision": origin.revision, "file": origin.file, "line": origin.line}


Format: TypeAlias = Callable[[Blame, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""The formats by their names for ``--format``."""
