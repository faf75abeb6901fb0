"""Indexes that are made as such; one that implements a constraint is told with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.catalog import Cursor, Scope
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


class Index(SQLiteKind):
    """An index, known by its content. That it ascends goes without saying."""

    name = "index"
    plural = "indexes"
    keyword = "INDEX"
    models_can_declare = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every index."""
        tables = definitions(cursor)
        for name, table, sql in statements(cursor, "index"):
            if table not in tables:
                continue  # a table in which a virtual one keeps its data
            tokens = tokens_of(sql)
            on = next(place for place, token in enumerate(tokens) if token.keyword == "ON")
            said = [token for token in tokens[on + 2 :] if token.keyword != "ASC"]
            facts: dict[str, Value] = {
                "unique": tokens[1].keyword == "UNIQUE",
                "definition": canonical(said, Names(tuple(tables[table].columns))),
            }
            whole = address("table", table)
            yield SchemaObject(address("index", name), facts, whole, renamable=True)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that makes the index."""
        unique = "UNIQUE " if obj.attributes["unique"] else ""
        table = quote(table_of(obj))
        definition = obj.attributes["definition"]
        return [f"CREATE {unique}INDEX {name_of(obj)} ON {table} {definition}"]
