"""Keeps which objects have the names that no other object can have at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.databases.catalog import Catalog
from driftcheck.schema import Address, SchemaObject

NameKey = tuple[str, ...]
"""A name, after the group of objects in which it is unique."""


class HeldNames:
    """The objects that have names which no other object can have at the same time.

    Args:
        catalog: The catalog of the database.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._holders: dict[NameKey, Address] = {}

    def of(self, obj: SchemaObject) -> Iterator[NameKey]:
        """Return the names of an object that no other object can have at the same time."""
        is_in_table = self._catalog.kind(obj.address.kind).is_named_in_table
        return (key for key in names_held(obj) if not is_in_table or key[0] != "relation")

    def holder(self, key: NameKey) -> Address | None:
        """Return the object that has a name; ``None`` if there is none."""
        return self._holders.get(key)

    def hold(self, obj: SchemaObject) -> None:
        """Give an object its names."""
        for key in self.of(obj):
            self._holders[key] = obj.address

    def release(self, obj: SchemaObject | None) -> None:
        """Take its names from an object, except for those that another object has now."""
        for key in self.of(obj) if obj is not None else ():
            if obj is not None and self._holders.get(key) == obj.address:
                del self._holders[key]


_RELATIONS = frozenset(
    (
        "table",
        "view",
        "materialized view",
        "foreign table",
        "sequence",
        "index",
        "composite type",
        "primary key",
        "unique constraint",
        "exclusion constraint",
    )
)
_TYPES = frozenset(
    (
        "table",
        "view",
        "materialized view",
        "foreign table",
        "composite type",
        "base type",
        "enum",
        "domain",
        "range type",
    )
)
_CONSTRAINTS = frozenset(
    (
        "primary key",
        "unique constraint",
        "exclusion constraint",
        "check constraint",
        "foreign key",
    )
)
_ROUTINES = frozenset(("function", "procedure", "aggregate"))


def names_held(obj: SchemaObject) -> Iterator[NameKey]:
    """The names of an object that no other object of a PostgreSQL database can have."""
    kind, schema, path = obj.address.kind, obj.address.schema, obj.address.path
    yield ("object", kind, schema, *path, obj.address.arguments or "")
    if kind in _RELATIONS:
        yield "relation", schema, path[-1]
    if kind in _TYPES:
        yield "type", schema, path[-1]
    if kind in _CONSTRAINTS:
        yield ("constraint", schema, *path)
    if kind in _ROUTINES:
        yield "routine", schema, path[-1], obj.address.arguments or ""
    if kind == "column" and obj.attributes.get("identity"):
        yield "relation", schema, f"{path[0]}_{path[-1]}_seq"
    if kind == "primary key":
        yield ("the primary key", schema, *path[:-1])
