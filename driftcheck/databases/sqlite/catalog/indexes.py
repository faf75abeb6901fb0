"""Indexes. An index that implements a constraint is read as the constraint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.attribute_mutations import AttributeChange, Attributes, toggle
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.databases.sqlite.catalog.kind import (
    SQLiteKind,
    address,
    definitions,
    name_of,
    statements,
    table_of,
)
from driftcheck.databases.sqlite.catalog.tokens import Names, canonical, quote, tokens_of
from driftcheck.schema import SchemaObject, Value


def _other_predicate(attributes: Attributes) -> Attributes:
    """A definition with a predicate, or without the one it has."""
    definition, where, _ = str(attributes["definition"]).partition(" WHERE ")
    return {"definition": definition if where else f"{definition} WHERE 1 = 1"}


def _other_order(attributes: Attributes) -> Attributes:
    """A definition with the last column in the other order."""
    definition, where, predicate = str(attributes["definition"]).partition(" WHERE ")
    descending = definition.endswith(" DESC)")
    columns = f"{definition[:-6]})" if descending else f"{definition[:-1]} DESC)"
    return {"definition": f"{columns}{where}{predicate}"}


class Index(SQLiteKind):
    """An index. ASC is the default and omitted from the definition."""

    name = "index"
    plural = "indexes"
    keyword = "INDEX"
    models_can_declare = True
    is_named_in_definitions = False
    changes = (
        toggle("unique"),
        AttributeChange("predicate", _other_predicate),
        AttributeChange("order", _other_order),
    )
    equivalent = (("reindex", "REINDEX {name}"),)

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """Whether the index is unique."""
        return bool(obj.attributes["unique"])

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every index."""
        tables = definitions(cursor)
        for name, table, sql in statements(cursor, "index"):
            if table not in tables:
                continue  # an internal table of a virtual table
            tokens = tokens_of(sql)
            on = next(i for i, token in enumerate(tokens) if token.keyword == "ON")
            definition = [token for token in tokens[on + 2 :] if token.keyword != "ASC"]
            facts: dict[str, Value] = {
                "unique": tokens[1].keyword == "UNIQUE",
                "definition": canonical(definition, Names(tuple(tables[table].columns))),
            }
            parent = address("table", table)
            yield SchemaObject(address("index", name), facts, parent, renamable=True)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the index."""
        unique = "UNIQUE " if obj.attributes["unique"] else ""
        table = quote(table_of(obj))
        definition = obj.attributes["definition"]
        return [f"CREATE {unique}INDEX {name_of(obj)} ON {table} {definition}"]

    def is_recreated(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether the definition changes. The index makes way for changes of its columns."""
        return current.attributes != wanted.attributes
