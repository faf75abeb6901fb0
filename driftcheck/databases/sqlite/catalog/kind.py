"""What the kinds of SQLite have in common: where they are read, and what it cannot alter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.databases.catalog import CannotBeWritten, Cursor, Kind
from driftcheck.databases.sqlite.catalog.definition import TableDefinition, table_definition
from driftcheck.databases.sqlite.catalog.tokens import quote
from driftcheck.schema import Address, SchemaObject, Value

_SHADOWS = "AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"


def statements(cursor: Cursor, *sorts: str) -> Iterator[tuple[str, str, str]]:
    """The name, the table and the CREATE statement of what users made, in the order they did.

    Left out is what SQLite makes by itself: its own tables, the indexes of constraints, and the
    tables in which a virtual table keeps its data.
    """
    cursor.execute("SELECT 1 FROM pragma_pragma_list WHERE name = 'table_list'")  # from 3.37 on
    shadows = _SHADOWS if cursor.fetchone() else ""
    wanted = ", ".join(f"'{sort}'" for sort in sorts)
    cursor.execute(
        f"""SELECT name, tbl_name, sql FROM sqlite_master WHERE type IN ({wanted})
        AND sql IS NOT NULL AND name NOT LIKE 'sqlite^_%' ESCAPE '^' {shadows} ORDER BY rowid"""
    )
    for name, table, sql in cursor.fetchall():
        yield str(name), str(table), str(sql)


def definitions(cursor: Cursor) -> dict[str, TableDefinition]:
    """Every table but the virtual ones, by name."""
    read = {name: table_definition(sql) for name, _, sql in statements(cursor, "table")}
    return {name: definition for name, definition in read.items() if definition.module is None}


def address(kind: str, *path: str) -> Address:
    """An address in a database that has no schemas."""
    return Address(kind, "", path)


def name_of(obj: SchemaObject) -> str:
    """An object's own name, as SQL."""
    return quote(obj.address.name)


def table_of(obj: SchemaObject) -> str:
    """The name of the table that it is a part of."""
    return obj.part_of.name if obj.part_of else obj.address.path[0]


def needs_rebuild(obj: SchemaObject, deed: str) -> CannotBeWritten:
    """What to raise where only a new table will do."""
    return CannotBeWritten(
        f"SQLite cannot {deed} {obj.address}: rebuild the table, in a migration with "
        f"op.batch_alter_table({table_of(obj)!r})."
    )


class SQLiteKind(Kind):
    """A kind that can be dropped and made again: SQLite alters next to nothing."""

    keyword: str
    """What DDL calls it."""

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that make the object."""
        return [f"CREATE {self.keyword} {name_of(obj)} {_definition(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object."""
        return [f"DROP {self.keyword} {name_of(obj)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop the current object and make it again under the wanted name."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [*self.drop(current), *self.create(renamed)]


def _definition(obj: SchemaObject) -> Value:
    return obj.attributes["definition"]
