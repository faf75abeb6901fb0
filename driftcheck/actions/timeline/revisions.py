"""Tells a walk as what each of its revisions did to the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from driftcheck.databases.catalog import Catalog
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.findings import Origin
from driftcheck.judging.judge import addresses_of
from driftcheck.judging.timeline import Break, Deed, Event, RevisionEvents
from driftcheck.pipeline.faults import origin_of
from driftcheck.pipeline.schema_filter import within
from driftcheck.schema import Address
from driftcheck.sources.journal import Entry, line_of, line_where_made
from driftcheck.sources.replay import Fault
from driftcheck.sources.walk import Walk

_DEEDS = {
    ChangeType.EXTRA: Deed.MADE,
    ChangeType.MISSING: Deed.DROPPED,
    ChangeType.CHANGED: Deed.ALTERED,
    ChangeType.RENAMED: Deed.RENAMED,
}
"""Between the schema before a revision and the one after it, what is extra was made."""


def revisions_of(
    walk: Walk, catalog: Catalog, schemas: Collection[str]
) -> tuple[RevisionEvents, ...]:
    """What each revision of a walk did, in the schemas that are named; in all where none are."""
    return tuple(_revisions(walk, catalog, schemas))


def _revisions(walk: Walk, catalog: Catalog, schemas: Collection[str]) -> Iterator[RevisionEvents]:
    before = within(walk.snapshot(walk.beginning), schemas)
    for step in walk.steps:
        events: tuple[Event, ...] = ()
        if step.turns:
            after = within(walk.snapshot(step.after), schemas)
            changes = compare(before, after, same_lineage=True)
            events = _in_order([_event(one, step.entries, catalog) for one in changes], catalog)
            before = after
        revision = step.revision
        yield RevisionEvents(revision.identifier, revision.title, revision.file, events)


def _in_order(events: Sequence[Event], catalog: Catalog) -> tuple[Event, ...]:
    """As the file has them; what is of the same line, or of no known one, in build order."""
    kinds = [kind.name for kind in catalog.kinds]
    return tuple(
        sorted(events, key=lambda e: (e.line is None, e.line or 0, kinds.index(e.address.kind)))
    )


def _event(change: Change, entries: Sequence[Entry], catalog: Catalog) -> Event:
    thing = change.actual or change.schema_object
    is_renamed = change.type is ChangeType.RENAMED
    return Event(
        deed=_DEEDS[change.type],
        address=thing.address,
        was=change.address if is_renamed else None,
        part_of=thing.part_of,
        definition=catalog.describe(thing),
        differences=change.differences,
        parts=tuple(_parts(change)),
        line=_line(change, entries),
    )


def _parts(change: Change) -> Iterator[Address]:
    for part in change.parts:
        yield (part.actual or part.schema_object).address
        yield from _parts(part)


def _line(change: Change, entries: Sequence[Entry]) -> int | None:
    """The line of the operation: of the statement that names the object as nearly as one does."""
    names = [address.path for address in reversed(addresses_of(change))]
    own = [path[-1:] for path in names]
    wholes = [path[:1] for path in names]
    if change.schema_object.part_of is not None:
        wholes.append(change.schema_object.part_of.path[:1])
    where = line_where_made if change.type is ChangeType.EXTRA else line_of
    for path in (*names, *own, *wholes):
        line = where(entries, *path)
        if line is not None:
            return line
    lines = {entry.line for entry in entries}
    return lines.pop() if len(lines) == 1 else None


def break_of(fault: Fault | None) -> Break | None:
    """Where a history breaks."""
    if fault is None:
        return None
    return Break(origin_of(fault.where) or Origin("", ""), fault.message)
