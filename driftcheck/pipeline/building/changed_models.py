"""Creates the tables of changed models, and takes the others from the models before the change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.last_models import LastModels
from driftcheck.sources.models_cache import CreatedModels
from driftcheck.sources.table_ddl import changed_tables


def create_changed(
    ddl: tuple[str, ...],
    last: LastModels,
    catalog: Catalog,
    create: Callable[[tuple[str, ...]], CreatedModels],
) -> CreatedModels | None:
    """Create models as far as they differ from those that were created last.

    Args:
        ddl: The DDL of the models.
        last: The models that were created last.
        catalog: The catalog of the database.
        create: Runs DDL in an empty shadow database, and reads it.

    Returns:
        ``None`` if all models must be created.
    """
    if [*ddl] == [*last.ddl]:
        return CreatedModels(last.snapshot)
    changed = changed_tables(last.ddl, ddl)
    created = create(changed.statements) if changed is not None else None
    if changed is None or created is None or not created.needs_only_ddl:
        return None
    schema = last.snapshot.default_schema
    tables = {Address("table", within or schema, (name,)) for within, name in changed.names}
    snapshot = _with_tables(last.snapshot, created.snapshot, tables, catalog)
    return None if snapshot is None else CreatedModels(snapshot)


def _with_tables(
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
    are_independent = catalog.are_names_independent
    if not are_independent or not are_independent(kept.values(), new.values(), gone.values()):
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
