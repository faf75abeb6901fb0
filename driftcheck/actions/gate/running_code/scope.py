"""Which statements of the running code the new revisions can concern."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from driftcheck.schema import Address, SchemaObject, Snapshot

_HARMLESS = frozenset(
    (
        "index",
        "unique constraint",
        "exclusion constraint",
        "foreign key",
        "statistics object",
        "publication",
        "subscription",
    )
)
"""The kinds that refuse no statement, or only because of other rows. Such a refusal is not
reported: it is not known which rows the running code writes."""

_WITH_ROWS = frozenset(("table", "view"))
_OF_DEFAULTS = frozenset(("function", "sequence", "extension"))


def changed_objects(before: Snapshot, after: Snapshot) -> set[Address]:
    """Return the objects whose change can break a statement of the running code.

    These are changed and missing objects, and new parts of existing tables, such as a trigger.
    Comments do not count.

    Args:
        before: The schema before the new revisions.
        after: The schema after some of them.
    """
    changed = set()
    for address in before.objects.keys() | after.objects.keys():
        old, new = before.objects.get(address), after.objects.get(address)
        if address.kind in _HARMLESS or (old is None and not _is_part_of(new, before)):
            continue
        if _compared(old) != _compared(new):
            changed.add(address)
    return changed


def concerned_tables(
    before: Snapshot, after: Snapshot, changed: Collection[Address]
) -> set[Address]:
    """Return the existing tables and views for which inserting a row can be concerned.

    They are the changed ones, those that depend on a changed type, function or view, and those with
    triggers, which may write to a changed table. If a function or a sequence is missing, they are
    all of them: the default that SQLAlchemy computes for a column may use it.

    Args:
        before: The schema before the new revisions.
        after: The schema after them.
        changed: The changed objects.
    """
    if any(a.kind in _OF_DEFAULTS and a not in after.objects for a in changed):
        return {address for address in before.objects if address.kind in _WITH_ROWS}
    tables: set[Address] = set()
    seen: set[Address] = set()
    queue = [*changed]
    while queue:
        address = queue.pop()
        if address in seen:
            continue
        seen.add(address)
        table = _table_of(address, before)
        if table is not None:
            tables.add(table)
        if table is None or table.kind == "view":
            queue += before.dependents.get(address, ())
    if tables:
        tables |= set(_tables_with_triggers(before))
    return {table for table in tables if table in before.objects}


def readable_as_before(
    before: Snapshot, after: Snapshot, concerned: Collection[Address]
) -> set[tuple[str, str]]:
    """Return the schema and the name of each table of which reading columns cannot be concerned.

    Nothing has changed at these tables, and no other table that has changed or is new has such a
    name: it could be the one that the code reads now, because it comes first in the search path.
    Views and virtual tables are left out, because they read other tables.

    Args:
        before: The schema before the new revisions.
        after: The schema after them.
        concerned: The tables for which inserting a row can be concerned.
    """
    differing = (
        address
        for address in before.objects.keys() | after.objects.keys()
        if before.objects.get(address) != after.objects.get(address)
    )
    names = {address.path[0] for address in differing}
    return {
        (address.schema, address.name)
        for address, table in before.objects.items()
        if address.kind == "table"
        and not table.attributes.get("using")
        and address not in concerned
        and address.name not in names
    }


def _compared(schema_object: SchemaObject | None) -> object:
    if schema_object is None:
        return None
    return {k: value for k, value in schema_object.attributes.items() if k != "comment"}


def _is_part_of(schema_object: SchemaObject | None, before: Snapshot) -> bool:
    return schema_object is not None and schema_object.part_of in before.objects


def _table_of(address: Address, before: Snapshot) -> Address | None:
    """Return the table or view that an object is or belongs to.

    A new part is named after its table.
    """
    if address.kind in _WITH_ROWS:
        return address
    known = before.objects.get(address)
    if known is not None:
        return known.part_of if known.part_of and known.part_of.kind in _WITH_ROWS else None
    table = Address("table", address.schema, address.path[:1])
    return table if table in before.objects else None


def _tables_with_triggers(before: Snapshot) -> Iterator[Address]:
    for schema_object in before.objects.values():
        if schema_object.address.kind in ("trigger", "rule") and schema_object.part_of:
            yield schema_object.part_of
