"""Reads what the repair of a live database needs to know besides its schema.

An object that is dropped and created again gets its owner and its privileges back, also where these
are not compared. A column that must have values can be added to an empty table only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.reading import Scope, gc_paused
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.repairs.repair import Prove, RepairBasis
from driftcheck.schema import SchemaObject, Snapshot, Value
from driftcheck.sources.live import reading


def repair_basis(
    url: URL,
    catalog: Catalog,
    snapshots: tuple[Snapshot | None, Snapshot | None],
    changes: Sequence[Change],
    prove: Prove | None = None,
) -> RepairBasis:
    """Read from a live database what its repair is planned with.

    If the database cannot be read, its tables are taken for empty, and owners are not known.

    Args:
        url: The live database.
        catalog: Its catalog.
        snapshots: The wanted and the actual schema.
        changes: The changes to repair.
        prove: Tries plans; ``None`` if they cannot be tried.
    """
    wanted, actual = snapshots
    if wanted is None or actual is None or not changes:
        return RepairBasis(catalog)
    basis = RepairBasis(catalog, wanted, actual, prove=prove)
    columns = [obj.address for obj in objects_of(changes) if obj.address.kind == "column"]
    with suppress(CannotCheckError), reading(url) as connection:
        rows = catalog.row_facts(connection, columns, actual)
        if not catalog.knows_dependencies:
            return replace(basis, rows=rows)
        found = catalog.objects(connection, Scope(grants=True, owners=True))
        with gc_paused():
            actual = _with_privileges(actual, found)
        actual = replace(actual, dependencies=catalog.dependencies(connection))
        return replace(basis, actual=actual, rows=rows)
    return basis


def with_dependencies(url: URL, catalog: Catalog, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with the dependencies between the objects of a live database."""
    if not catalog.knows_dependencies:
        return snapshot
    with suppress(CannotCheckError), reading(url) as connection:
        return replace(snapshot, dependencies=catalog.dependencies(connection))
    return snapshot


def _with_privileges(actual: Snapshot, found: Iterable[SchemaObject]) -> Snapshot:
    """The schema with the owners and privileges that a second reading finds."""
    objects = dict(actual.objects)
    # Equal attributes exist once, as in the schema itself. The keys are the ids of mappings of
    # the schema, which exist until the end.
    shared: dict[tuple[int, tuple[Any, ...]], Mapping[str, Value]] = {}
    for other in found:
        known = {name: other.attributes[name] for name in PRIVILEGES if name in other.attributes}
        obj = objects.get(other.address) if known else None
        if obj is not None:
            key = id(obj.attributes), tuple(known.items())
            attributes = shared.setdefault(key, {**known, **obj.attributes})
            objects[obj.address] = replace(obj, attributes=attributes)
    return replace(actual, objects=objects)
