"""The parts that the reports of ``history`` and ``blame`` share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from driftcheck.judging.findings import Origin
from driftcheck.judging.timeline import Blame, Break, Event, SchemaOperation, Timeline
from driftcheck.judging.value_text import attribute_name, value_text
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import kinds
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    STRONG,
    WARN,
    Lines,
    quoted,
    words,
    wrapped,
)
from driftcheck.reports.terminal.sides import diff, is_long

VERSION = 1
"""Incremented when a key of the JSON output is removed or changes its meaning."""

STYLES = {
    SchemaOperation.MADE: GOOD,
    SchemaOperation.DROPPED: BAD,
    SchemaOperation.ALTERED: WARN,
    SchemaOperation.RENAMED: WARN,
}
"""The style of each operation."""

COLUMN = max(map(len, SchemaOperation)) + 2
"""The width of the column of operations, including the space after it."""


def object_text(event: Event) -> tuple[str, str]:
    """The object of an event, and its definition or its parts if they fit on the line."""
    if event.old_address is not None:
        return f"{event.old_address} to {event.address.sql}", ""
    if event.parts:
        return str(event.address), f", with {kinds(event.parts)}"
    definition = event.definition
    is_made = event.operation is SchemaOperation.MADE
    if is_made and definition != event.address.kind and "\n" not in definition:
        return str(event.address), f": {definition}"
    return str(event.address), ""


def differences(event: Event, page: OutputStyle, indent: int) -> Iterator[Lines]:
    """The attributes that changed, each with its old and new value."""
    for difference in event.differences:
        if is_long(difference.wanted) or is_long(difference.actual):
            yield diff(("before", "after"), difference, page, indent)
        else:
            values = f"{value_text(difference.wanted)} → {value_text(difference.actual)}"
            text = words(page, (f"{attribute_name(difference.attribute)}  ", FAINT), values)
            yield wrapped(page, text, indent)


def origin_text(origin: Origin) -> str:
    """The file, with its line if that is known."""
    return origin.file if origin.line is None else f"{origin.file}:{origin.line}"


def broken_lines(broken: Break, page: OutputStyle) -> Lines:
    """The revision that fails, and its error message."""
    text = words(page, (f"The history fails at revision {broken.origin.revision}: ", STRONG))
    text.append_text(words(page, "later revisions are not known (exit code 3)."))
    location = words(page, (origin_text(broken.origin), FAINT))
    return [
        *wrapped(page, text, 2, first=words(page, ("✗", BAD), " ")),
        *wrapped(page, location, 2),
        *quoted(page, broken.message),
    ]


def event_values(event: Event) -> dict[str, Any]:
    """The values of an event for JSON."""
    return {
        "operation": event.operation,
        "kind": event.address.kind,
        "address": event.address.sql,
        "was": event.old_address.sql if event.old_address else None,
        "part_of": event.part_of.sql if event.part_of else None,
        "definition": event.definition,
        "differences": [
            {
                "attribute": difference.attribute,
                "before": difference.wanted,
                "after": difference.actual,
            }
            for difference in event.differences
        ],
        "parts": [{"kind": part.kind, "address": part.sql} for part in event.parts],
        "line": event.line,
    }


def in_json(
    command: str, result: Timeline | Blame, databases: Iterable[dict[str, Any]], page: OutputStyle
) -> str:
    """Render the result of a command as JSON.

    Args:
        command: The command, as typed.
        result: The result of the command.
        databases: The values of each database.
        page: The properties of the output.
    """
    values = {
        "version": VERSION,
        "exit_code": int(result.exit_code),
        "command": command,
        "project": result.project,
        "databases": [*databases],
        "broken": _broken_values(result.broken),
    }
    return dump(values, page)


def _broken_values(broken: Break | None) -> dict[str, Any] | None:
    """The values of a failing revision for JSON."""
    if broken is None:
        return None
    origin = broken.origin
    return {
        "revision": origin.revision,
        "file": origin.file,
        "line": origin.line,
        "message": broken.message,
    }
