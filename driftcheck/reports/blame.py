"""The forms of ``driftcheck blame``: who made an object, and who changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from driftcheck.judging.timeline import Biography, Blame, Deed, Moment
from driftcheck.reports import events
from driftcheck.reports.events import (
    COLUMN,
    STYLES,
    broken_lines,
    differences,
    event_values,
    place,
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
    """Write the blame for a person to read."""
    several = len(blame.biographies) > 1
    blocks = [
        block
        for one in blame.biographies
        for block in _biography(one, blame.project, page, several=several)
    ]
    if blame.broken is not None:
        blocks.append(broken_lines(blame.broken, page))
    return as_text([*spaced(blocks)], page)


def _biography(
    one: Biography, project: str, page: OutputStyle, *, several: bool
) -> Iterator[Lines]:
    title = words(page, (str(one.address), STRONG), (" · ", FAINT), project)
    if several:
        title.append_text(words(page, (" · ", FAINT), one.database))
    now = "is not there any more" if one.definition is None else one.definition
    yield [*wrapped(page, title), *quoted(page, now, 2, "" if one.definition is None else CODE)]
    yield from (_moment(moment, one.address, page) for moment in one.moments)
    yield _conclusion(one, page)


def _moment(moment: Moment, address: Address, page: OutputStyle) -> Lines:
    event, revision = moment.event, moment.revision
    deed = words(page, "  ", (event.deed.ljust(COLUMN), STYLES[event.deed]))
    head = words(page, "in ", (revision.revision, STRONG), f"  {revision.title}".rstrip())
    indent = COLUMN + 2
    lines = wrapped(page, head, indent, first=deed)
    if which := _which(moment, address):
        lines += wrapped(page, words(page, which), indent)
    for several in differences(event, page, indent):
        lines += several
    return [*lines, *wrapped(page, words(page, (place(revision.origin(event)), FAINT)), indent)]


def _which(moment: Moment, address: Address) -> str:
    """What it happened to, where that was not just the object as it is called in the end."""
    event = moment.event
    if event.was is not None:
        return f"{event.was} to {event.address.sql}"
    called = "" if moment.address == address else f"as {moment.address.sql}"
    if event.address == moment.address:
        return called
    if moment.address in event.parts:
        return f"{called} with {event.address}".strip()
    return str(event.address)


def _conclusion(one: Biography, page: OutputStyle) -> Lines:
    made, changed = one.made, one.changed
    text = f"Made by {made.revision.revision}" if made else "There before the history begins"
    if changed is not None:
        last = "last changed"
        if one.definition is None and changed.event.deed is Deed.DROPPED:
            last = "dropped"
        text += f", {last} by {changed.revision.revision}"
    elif made is not None:
        text += ", not changed since"
    return wrapped(page, words(page, f"{text}."), 2, first=words(page, ("✓", GOOD), " "))


def in_json(blame: Blame, page: OutputStyle = PLAIN) -> str:
    """Write the blame as JSON."""
    databases = map(_biography_values, blame.biographies)
    return events.in_json("driftcheck blame", blame, databases, page)


def _biography_values(one: Biography) -> dict[str, Any]:
    return {
        "name": one.database,
        "kind": one.address.kind,
        "address": one.address.sql,
        "definition": one.definition,
        "made": _place_values(one.made),
        "changed": _place_values(one.changed),
        "events": [
            {
                "revision": moment.revision.revision,
                "title": moment.revision.title,
                "file": moment.revision.file,
                "called": moment.address.sql,
                **event_values(moment.event),
            }
            for moment in one.moments
        ],
    }


def _place_values(moment: Moment | None) -> dict[str, Any] | None:
    if moment is None:
        return None
    origin = moment.revision.origin(moment.event)
    return {"revision": origin.revision, "file": origin.file, "line": origin.line}


Form: TypeAlias = Callable[[Blame, OutputStyle], str]

FORMS: Mapping[str, Form] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""Every form by the name that ``--format`` has for it."""
