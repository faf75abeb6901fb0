"""Finds the columns that constraints and generated columns need: SQLite does not drop these first.

SQLite has no records of dependencies. It looks for the names in the CREATE statement of the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from driftcheck.databases.sqlite.catalog.tokens import Names, tokens_of
from driftcheck.schema import Address, SchemaObject

_CONSTRAINTS = frozenset(("primary key", "unique constraint", "foreign key", "check constraint"))


def column_dependencies(
    objects: Mapping[Address, SchemaObject],
) -> dict[Address, tuple[Address, ...]]:
    """Return the columns of its table that each constraint and each generated column names.

    Args:
        objects: The objects of the schema.
    """
    columns: dict[Address, dict[str, Address]] = {}
    for address, obj in objects.items():
        if address.kind == "column" and obj.part_of is not None:
            columns.setdefault(obj.part_of, {})[address.name] = address
    found = {}
    for address, obj in objects.items():
        text = _expression(obj)
        if text and obj.part_of is not None:
            own = columns.get(obj.part_of, {})
            needed = _named(text, own)
            found[address] = tuple(each for each in needed if each != address)
    return {address: needed for address, needed in found.items() if needed}


def _expression(obj: SchemaObject) -> str:
    """The part of a definition in which the columns of the own table are named."""
    if obj.address.kind in _CONSTRAINTS:
        return str(obj.attributes["definition"]).partition(" REFERENCES ")[0]
    return str(obj.attributes.get("generated") or "") if obj.address.kind == "column" else ""


def _named(text: str, columns: Mapping[str, Address]) -> list[Address]:
    names = Names(tuple(columns))
    tokens = (token for token in tokens_of(text) if token.kind != "text")  # strings
    spelled = dict.fromkeys(names.spelled(token.name) for token in tokens)
    return [columns[name] for name in spelled if name in columns]
