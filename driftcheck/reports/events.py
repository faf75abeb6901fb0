"""Writes down what revisions did to objects: what the forms of history and of blame share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from driftcheck.judging.findings import Origin
from driftcheck.judging.timeline import Blame, Break, Deed, Event, Timeline
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
from driftcheck.reports.values import attribute_name, value_text

VERSION = 1
"""Raised when a key of the JSON forms goes or changes its meaning."""

STYLES = {Deed.MADE: GOOD, Deed.DROPPED: BAD, Deed.ALTERED: WARN, Deed.RENAMED: WARN}
"""How each deed is shown."""

COLUMN = max(map(len, Deed)) + 2
"""Columns that the deeds take, with the space behind them."""


def what(event: Event) -> tuple[str, str]:
    """What was made, dropped, altered or renamed, and what there is to say of it in a line."""
    if event.was is not None:
        return f"{event.was} to {event.address.sql}", ""
    if event.parts:
        return str(event.address), f", with {kinds(event.parts)}"
    said = event.definition
    if event.deed is Deed.MADE and said != event.address.kind and "\n" not in said:
        return str(event.address), f": {said}"
    return str(event.address), ""


def differences(event: Event, page: OutputStyle, indent: int) -> Iterator[Lines]:
    """What differs since, attribute by attribute."""
    for one in event.differences:
        if is_long(one):
            yield diff(("before", "after"), one, page, indent)
        else:
            turned = f"{value_text(one.wanted)} → {value_text(one.actual)}"
            text = words(page, (f"{attribute_name(one)}  ", FAINT), turned)
            yield wrapped(page, text, indent)


def place(origin: Origin) -> str:
    """A file, with its line where that is known."""
    return origin.file if origin.line is None else f"{origin.file}:{origin.line}"


def broken_lines(broken: Break, page: OutputStyle) -> Lines:
    """Where the history breaks, so that nothing more is known."""
    text = words(page, (f"The history breaks at {broken.origin.revision}: ", STRONG))
    text.append_text(words(page, "what comes after it is not known (exit code 3)."))
    where = words(page, (place(broken.origin), FAINT))
    return [
        *wrapped(page, text, 2, first=words(page, ("✗", BAD), " ")),
        *wrapped(page, where, 2),
        *quoted(page, broken.message),
    ]


def event_values(event: Event) -> dict[str, Any]:
    """An event for a form that is read by programs."""
    return {
        "deed": event.deed,
        "kind": event.address.kind,
        "address": event.address.sql,
        "was": event.was.sql if event.was else None,
        "part_of": event.part_of.sql if event.part_of else None,
        "definition": event.definition,
        "differences": [
            {"attribute": one.attribute, "before": one.wanted, "after": one.actual}
            for one in event.differences
        ],
        "parts": [{"kind": part.kind, "address": part.sql} for part in event.parts],
        "line": event.line,
    }


def in_json(
    command: str, told: Timeline | Blame, databases: Iterable[dict[str, Any]], page: OutputStyle
) -> str:
    """Write what a command tells of each database as JSON, with what all of them tell.

    Args:
        command: The command, as it is typed.
        told: What it tells.
        databases: Of each database, its values.
        page: Where it will be read.
    """
    values = {
        "version": VERSION,
        "exit_code": int(told.exit_code),
        "command": command,
        "project": told.project,
        "databases": [*databases],
        "broken": _broken_values(told.broken),
    }
    return dump(values, page)


def _broken_values(broken: Break | None) -> dict[str, Any] | None:
    """Where the history breaks, likewise."""
    if broken is None:
        return None
    origin = broken.origin
    return {
        "revision": origin.revision,
        "file": origin.file,
        "line": origin.line,
        "message": broken.message,
    }
