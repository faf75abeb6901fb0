"""MySQL and MariaDB, read from the information schema: whole, at once, and as the server has it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from driftcheck.databases.catalog import Catalog, Cursor, Kind, Scope, in_scope
from driftcheck.databases.mysql.catalog.columns import Column
from driftcheck.databases.mysql.catalog.constraints import CheckConstraint, ForeignKey
from driftcheck.databases.mysql.catalog.keys import Index, PrimaryKey, UniqueConstraint
from driftcheck.databases.mysql.catalog.kind import TABLES, quote, rows
from driftcheck.databases.mysql.catalog.tables import Table
from driftcheck.databases.mysql.catalog.views import Trigger, View
from driftcheck.errors import CatalogError
from driftcheck.schema import Snapshot

KINDS: tuple[Kind, ...] = (
    Table(),
    Column(),
    PrimaryKey(),
    UniqueConstraint(),
    Index(),
    CheckConstraint(),
    ForeignKey(),
    View(),
    Trigger(),
)
"""Every kind that is read, what others need first."""

_NOT_COMPARED = {
    "routine": "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = DATABASE()",
    "event": "SELECT COUNT(*) FROM information_schema.events WHERE event_schema = DATABASE()",
    "sequence": """SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE'""",
}


class MySQLCatalog(Catalog):
    """Reads MySQL 5.7 and MariaDB 10.3, and later. The database is the schema, so it has none."""

    kinds = KINDS

    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the whole schema within the connection's current transaction."""
        try:
            with closing(connection.cursor()) as cursor:
                objects = {
                    obj.address: obj
                    for kind in self.kinds
                    for obj in in_scope(kind.read(cursor, scope), scope)
                }
                cursor.execute("SELECT VERSION()")
                version = cursor.fetchone()[0]
                not_compared = _counts(cursor)
        except getattr(connection, "Error", ()) as error:  # PEP 249: each driver's own
            raise CatalogError(
                "The database's schema cannot be read.", details=str(error)
            ) from error
        return Snapshot(objects, "mysql", version, "", not_compared)

    def schema_statements(self, connection: Any) -> list[str]:
        """The statements that make a copy of the schema elsewhere.

        Tables are as the server writes them; views and triggers without who defined them, who may
        not be known elsewhere.
        """
        with closing(connection.cursor()) as cursor:
            names = rows(
                cursor,
                f"""SELECT table_name AS name FROM information_schema.tables
                WHERE table_schema = DATABASE() AND {TABLES} ORDER BY table_name""",
            )
            made = ["SET FOREIGN_KEY_CHECKS = 0"]
            for row in names:
                cursor.execute(f"SHOW CREATE TABLE {quote(row['name'])}")
                made.append(cursor.fetchone()[1])
            for kind in (View(), Trigger()):
                for obj in kind.read(cursor, Scope()):
                    made += kind.create(obj)
            return [*made, "SET FOREIGN_KEY_CHECKS = 1"]


def _counts(cursor: Cursor) -> dict[tuple[str, str], int]:
    counts = {}
    for kind, query in _NOT_COMPARED.items():
        cursor.execute(query)
        counts[kind] = int((cursor.fetchone() or (0,))[0])
    return {(kind, ""): count for kind, count in counts.items() if count}
