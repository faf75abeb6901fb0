"""The database itself: the character set and collation of tables that are created without any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.attribute_mutations import either
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog.kind import MySQLKind, address, charset_of, rows
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject


class Database(MySQLKind):
    """The database that is read. Its name is no part of the schema: shadows have other names."""

    name = "database"
    plural = "databases"
    is_single = True
    changes = (either("collation", "latin1_bin", "utf8mb4_bin"),)
    undeclarable = frozenset(("collation",))

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read the database's collation, which implies its character set."""
        for row in rows(
            cursor,
            """SELECT default_collation_name AS collation FROM information_schema.schemata
            WHERE schema_name = DATABASE()""",
        ):
            yield SchemaObject(address(self.name, "defaults"), {"collation": row["collation"]})

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that sets the collation of the connection's database."""
        collation = obj.attributes["collation"]
        return [f"ALTER DATABASE CHARACTER SET {charset_of(collation)} COLLATE {collation}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Not possible: every schema is that of a database."""
        raise CannotBeWritten(f"{obj.address} cannot be dropped.")

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that sets the collation of the connection's database."""
        return self.create(wanted)

    def rename(self, current: SchemaObject, _wanted: SchemaObject) -> list[str]:
        """Not supported by MySQL."""
        raise CannotBeWritten(f"{current.address} cannot be renamed.")
