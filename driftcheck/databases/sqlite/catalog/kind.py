"""The base class of the kinds of SQLite, and helpers to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from driftcheck.databases.attribute_mutations import KindWithAttributeMutations
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.reading import Cursor
from driftcheck.databases.sqlite.catalog.definition import TableDefinition, table_definition
from driftcheck.databases.sqlite.catalog.tokens import quote
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_SHADOWS = "AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"


def statements(cursor: Cursor, *types: str) -> Iterator[tuple[str, str, str]]:
    """The name, table and CREATE statement of each object of these types, in order of creation.

    Objects that SQLite creates itself are omitted: internal tables, indexes of constraints, and the
    shadow tables of virtual tables.
    """
    cursor.execute("SELECT 1 FROM pragma_pragma_list WHERE name = 'table_list'")  # from 3.37 on
    shadows = _SHADOWS if cursor.fetchone() else ""
    wanted = ", ".join(f"'{type_}'" for type_ in types)
    cursor.execute(
        f"""SELECT name, tbl_name, sql FROM sqlite_master WHERE type IN ({wanted})
        AND sql IS NOT NULL AND name NOT LIKE 'sqlite^_%' ESCAPE '^' {shadows} ORDER BY rowid"""
    )
    for name, table, sql in cursor.fetchall():
        yield str(name), str(table), str(sql)


def definitions(cursor: Cursor) -> dict[str, TableDefinition]:
    """The definition of each table, without virtual tables, by name."""
    read = {name: table_definition(sql) for name, _, sql in statements(cursor, "table")}
    return {name: definition for name, definition in read.items() if definition.module is None}


def address(kind: str, *path: str) -> Address:
    """An address without a schema."""
    return Address(kind, "", path)


def name_of(obj: SchemaObject) -> str:
    """The name of an object, as SQL."""
    return quote(obj.address.name)


def table_of(obj: SchemaObject) -> str:
    """The name of the table of a part."""
    return obj.part_of.name if obj.part_of else obj.address.path[0]


def needs_rebuild(obj: SchemaObject, operation: str) -> CannotBeWritten:
    """The exception for an operation that requires a new table."""
    return CannotBeWritten(
        f"SQLite cannot {operation} {obj.address}. Rebuild the table, in a migration with "
        f"op.batch_alter_table({table_of(obj)!r})."
    )


class MutableKind(KindWithAttributeMutations):
    """The base class of the kinds of SQLite."""

    def quoted(self, name: str) -> str:
        """A name as SQL."""
        return quote(name)


Rebuild: TypeAlias = Callable[[Snapshot, SchemaObject, SchemaObject | None], list[str]]
"""Writes the statements that make a table again with an object changed, or without the object."""


class RebuiltKind(MutableKind):
    """A kind whose objects the selftest changes with a new table, because SQLite cannot.

    Args:
        rebuild: Writes the new table.
    """

    def __init__(self, rebuild: Rebuild | None = None) -> None:
        self._rebuild = rebuild

    def rebuilt(
        self, schema: Snapshot, obj: SchemaObject, wanted: SchemaObject | None
    ) -> list[str]:
        """Statements that make the table again with the wanted object, or without the object."""
        if self._rebuild is None:
            raise needs_rebuild(obj, "alter")
        return self._rebuild(schema, obj, wanted)

    def altered(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that make the table again with the changed object."""
        return self.rebuilt(schema, obj, wanted)


class SQLiteKind(MutableKind):
    """A kind whose objects are dropped and created again, because SQLite cannot alter them."""

    keyword: str
    """The kind in DDL statements."""

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the object."""
        return [f"CREATE {self.keyword} {name_of(obj)} {_definition(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object."""
        return [f"DROP {self.keyword} {name_of(obj)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop the object and create it again with the wanted name."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [*self.drop(current), *self.create(renamed)]


def _definition(obj: SchemaObject) -> Value:
    return obj.attributes["definition"]
