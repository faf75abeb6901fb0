"""Finds the objects of the history that models may use without declaring them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import build
from driftcheck.schema import SchemaObject, Snapshot
from driftcheck.sources.models import Helping, UsedObject
from driftcheck.sources.statement_log import has_word

_SEQUENCE = "sequence"


def helping_of(head: Snapshot, catalog: Catalog, kinds: set[str]) -> Helping:
    """Split the objects that come before tables into those that models can declare, and the rest.

    Args:
        head: The schema at the head of the history.
        catalog: The catalog of its database.
        kinds: The kinds of objects that come before tables.
    """
    declarable = catalog.declarable_kinds & kinds
    others = [o for o in head.objects.values() if o.address.kind in kinds - declarable]
    used = {
        address: _used_object(schema_object, head, others, catalog)
        for address, schema_object in head.objects.items()
        if address.kind in declarable
    }
    statements = build(_only(head, others), catalog).statements
    return Helping(
        statements,
        types=tuple(found for address, found in used.items() if address.kind != _SEQUENCE),
        sequences=tuple(found for address, found in used.items() if address.kind == _SEQUENCE),
    )


def _used_object(
    schema_object: SchemaObject, head: Snapshot, others: Sequence[SchemaObject], catalog: Catalog
) -> UsedObject:
    """Return an object that models may use; a sequence that a column owns gets its owner later."""
    address = schema_object.address
    alone = _only(head, (schema_object, *head.parts.get(address, ())))
    statements = build(alone, catalog).statements
    if schema_object.part_of is not None:
        bare = replace(schema_object, attributes={**schema_object.attributes, "owned_by": None})
        owner = catalog.kind(address.kind).alter(bare, schema_object)
        return UsedObject(address.name, statements, tuple(owner))
    used_by = (other.address.name for other in others if _names(other, address.name))
    return UsedObject(address.name, statements, used_by=tuple(used_by))


def _only(head: Snapshot, objects: Iterable[SchemaObject]) -> Snapshot:
    return replace(head, objects={found.address: found for found in objects})


def _names(schema_object: SchemaObject, name: str) -> bool:
    return any(has_word(str(value), name) for value in schema_object.attributes.values())
