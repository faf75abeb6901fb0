"""Puts tables of changed models, which were created anew, in place of those before the change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.postgresql.catalog.chosen_names import are_independent
from driftcheck.schema import Address, SchemaObject, Snapshot


def with_tables(
    last: Snapshot, created: Snapshot, tables: Collection[Address], catalog: Catalog
) -> Snapshot | None:
    """Return the schema of all models, of which only some tables were created.

    Args:
        last: The schema of the models before the change.
        created: The schema of the tables that the change concerns, with the tables that they refer
            to, and with everything that belongs to no table.
        tables: The tables that the change concerns, those that are gone included.
        catalog: The catalog of the database.

    Returns:
        ``None`` if a database with all models may differ from this schema.
    """
    if _about(last) != _about(created) or last.not_compared or created.not_compared:
        return None
    gone = {a: obj for a, obj in last.objects.items() if _whole(obj, last) in tables}
    kept = {a: obj for a, obj in last.objects.items() if a not in gone}
    new = {a: obj for a, obj in created.objects.items() if _whole(obj, created) in tables}
    for address, obj in created.objects.items():
        if address in new or kept.get(address) == obj:
            continue
        if address in kept or _whole(obj, created).kind == "table":
            return None
        new[address] = obj
    if any(a not in created.objects for a, o in kept.items() if _whole(o, last).kind != "table"):
        return None
    if not are_independent(kept.values(), new.values(), gone.values()):
        return None
    order = {kind.name: number for number, kind in enumerate(catalog.kinds)}
    ordered = sorted({**kept, **new}.items(), key=lambda item: order[item[0].kind])
    dependencies = {**_dependencies(last, kept), **_dependencies(created, new)}
    return replace(last, objects=dict(ordered), dependencies=dependencies)


def _dependencies(
    snapshot: Snapshot, objects: Mapping[Address, SchemaObject]
) -> Mapping[Address, tuple[Address, ...]]:
    """Return the dependencies of objects, and of what is not read and depends on them.

    An example of the latter is the sequence of an identity column.
    """
    return {
        address: on
        for address, on in snapshot.dependencies.items()
        if address in objects
        or (address not in snapshot.objects and not objects.keys().isdisjoint(on))
    }


def _about(snapshot: Snapshot) -> tuple[str, str, str]:
    return snapshot.dialect, snapshot.server_version, snapshot.default_schema


def _whole(obj: SchemaObject, snapshot: Snapshot) -> Address:
    """Return the address of the object that an object is a part of, at any distance, or its own."""
    while obj.part_of is not None:
        if obj.part_of not in snapshot.objects:
            return obj.part_of
        obj = snapshot.objects[obj.part_of]
    return obj.address
