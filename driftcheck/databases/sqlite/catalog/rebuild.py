"""The statements that make a table again with other parts, as the selftest does.

Rows are not kept: the selftest's database has none that count.
"""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.databases.sqlite.catalog.indexes import Index
from driftcheck.databases.sqlite.catalog.tables import Table
from driftcheck.databases.sqlite.catalog.views import Trigger
from driftcheck.schema import SchemaObject, Snapshot


def rebuilt(schema: Snapshot, former: SchemaObject, wanted: SchemaObject | None) -> list[str]:
    """Statements that make a table again with one object changed.

    Args:
        schema: The schema that contains the table.
        former: The table, or a part of it.
        wanted: The object in its place; ``None`` to leave it out.
    """
    at = former.part_of or former.address
    table = wanted if wanted is not None and former.part_of is None else schema.objects[at]
    parts = [
        wanted if part.address == former.address else part for part in schema.parts.get(at, ())
    ]
    kept = [part for part in parts if part is not None]
    statements = [*Table().drop(table), *Table().create(table, absorbed(kept))]
    for kind in (Index(), Trigger()):
        for part in kept:
            statements += kind.create(part) if part.address.kind == kind.name else []
    return statements


def absorbed(parts: Sequence[SchemaObject]) -> list[SchemaObject]:
    """The parts that CREATE TABLE contains."""
    return [part for part in parts if part.address.kind in Table.absorbs]
