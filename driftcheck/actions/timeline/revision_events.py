"""Converts a walk into the schema changes of each revision."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from driftcheck.databases.catalog import Catalog
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.findings import Origin
from driftcheck.judging.judge import addresses_of
from driftcheck.judging.timeline import Break, Event, RevisionEvents, SchemaOperation
from driftcheck.pipeline.faults.faults import origin_of
from driftcheck.pipeline.selection import within
from driftcheck.schema import Address
from driftcheck.sources.replay import RevisionFailure
from driftcheck.sources.statement_log import ExecutedStatement, creation_line, last_line
from driftcheck.sources.walk import Walk

_OPERATIONS = {
    ChangeType.EXTRA: SchemaOperation.MADE,
    ChangeType.MISSING: SchemaOperation.DROPPED,
    ChangeType.CHANGED: SchemaOperation.ALTERED,
    ChangeType.RENAMED: SchemaOperation.RENAMED,
}
"""An object that is extra in the schema after a revision was made by the revision, and so on."""


def revision_events(
    walk: Walk, catalog: Catalog, schemas: Collection[str]
) -> tuple[RevisionEvents, ...]:
    """The schema changes of each revision.

    Args:
        walk: The walk.
        catalog: The catalog of the database.
        schemas: The names of the schemas to compare; empty for all.
    """
    return tuple(_revision_events(walk, catalog, schemas))


def _revision_events(
    walk: Walk, catalog: Catalog, schemas: Collection[str]
) -> Iterator[RevisionEvents]:
    before = within(walk.snapshot(walk.beginning), schemas)
    for step in walk.steps:
        events: tuple[Event, ...] = ()
        if step.changes:
            after = within(walk.snapshot(step.after), schemas)
            changes = compare(before, after, same_lineage=True)
            made = [_event(change, step.statements, catalog) for change in changes]
            events = _sorted(made, catalog)
            before = after
        revision = step.revision
        yield RevisionEvents(revision.identifier, revision.title, revision.file, events)


def _sorted(events: Sequence[Event], catalog: Catalog) -> tuple[Event, ...]:
    """Sort events by line; events of the same or an unknown line by the build order of kinds."""
    kinds = [kind.name for kind in catalog.kinds]
    return tuple(
        sorted(events, key=lambda e: (e.line is None, e.line or 0, kinds.index(e.address.kind)))
    )


def _event(change: Change, statements: Sequence[ExecutedStatement], catalog: Catalog) -> Event:
    item = change.actual or change.schema_object
    is_renamed = change.type is ChangeType.RENAMED
    return Event(
        operation=_OPERATIONS[change.type],
        address=item.address,
        old_address=change.address if is_renamed else None,
        part_of=item.part_of,
        definition=catalog.describe(item),
        differences=change.differences,
        parts=tuple(_parts(change)),
        line=_line(change, statements),
    )


def _parts(change: Change) -> Iterator[Address]:
    for part in change.parts:
        yield (part.actual or part.schema_object).address
        yield from _parts(part)


def _line(change: Change, statements: Sequence[ExecutedStatement]) -> int | None:
    """The line of the statement that made a change.

    Statements are searched for the full path of the object, then for its own name, then for the
    name of its table. If none is found, the line is known only if all statements have the same.

    Example: for the new column ``students.age``, the line of the first CREATE or ADD statement
    with ``students`` and ``age``, else with ``age``, else with ``students``.
    """
    paths = [address.path for address in reversed(addresses_of(change))]
    own_names = [path[-1:] for path in paths]
    tables = [path[:1] for path in paths]
    if change.schema_object.part_of is not None:
        tables.append(change.schema_object.part_of.path[:1])
    find_line = creation_line if change.type is ChangeType.EXTRA else last_line
    for names in (*paths, *own_names, *tables):
        line = find_line(statements, *names)
        if line is not None:
            return line
    lines = {statement.line for statement in statements}
    return lines.pop() if len(lines) == 1 else None


def break_of(failure: RevisionFailure | None) -> Break | None:
    """The revision at which a history breaks, if it does."""
    if failure is None:
        return None
    return Break(origin_of(failure.where) or Origin("", ""), failure.message)
