"""Reads what the repair of a live database needs to know besides its schema.

An object that is dropped and created again gets its owner and its privileges back, also where these
are not compared. A column that must have values can be added to an empty table only.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog, Scope
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.repair import Prove, RepairBasis
from driftcheck.schema import Snapshot
from driftcheck.sources.live import reading

_PRIVILEGES = ("owner", "grants", "column_grants", "identity_grants")


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
    if not catalog.knows_dependencies:
        return basis
    columns = [obj.address for obj in objects_of(changes) if obj.address.kind == "column"]
    with suppress(CannotCheckError), reading(url) as connection:
        full = catalog.read(connection, Scope(grants=True, owners=True))
        rows = catalog.row_facts(connection, columns, actual)
        return replace(basis, actual=_with_privileges(actual, full), rows=rows)
    return basis


def with_dependencies(url: URL, catalog: Catalog, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot of a live database with the dependencies between its objects."""
    if not catalog.knows_dependencies:
        return snapshot
    with suppress(CannotCheckError), reading(url) as connection:
        return replace(snapshot, dependencies=catalog.dependencies(connection))
    return snapshot


def _with_privileges(actual: Snapshot, full: Snapshot) -> Snapshot:
    """The schema with the owners, privileges and dependencies that a second reading has."""
    objects = {}
    for address, obj in actual.objects.items():
        known: dict[str, Any] = {}
        if address in full.objects:
            attributes = full.objects[address].attributes
            known = {name: attributes[name] for name in _PRIVILEGES if name in attributes}
        objects[address] = replace(obj, attributes={**known, **obj.attributes})
    return replace(actual, objects=objects, dependencies=full.dependencies)
