"""Reads MySQL and MariaDB from the information schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from typing import Any

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import Kind
from driftcheck.databases.mysql.catalog.columns import Column
from driftcheck.databases.mysql.catalog.constraints import CheckConstraint, ForeignKey
from driftcheck.databases.mysql.catalog.database import Database
from driftcheck.databases.mysql.catalog.definition_digests import definition_digests
from driftcheck.databases.mysql.catalog.events import Event
from driftcheck.databases.mysql.catalog.filled import row_facts
from driftcheck.databases.mysql.catalog.keys import Index, PrimaryKey, UniqueConstraint
from driftcheck.databases.mysql.catalog.kind import TABLES, is_mariadb, quote, rows
from driftcheck.databases.mysql.catalog.routines import HIDDEN_ROUTINES, Function, Procedure
from driftcheck.databases.mysql.catalog.sandbox import RebuiltSandbox
from driftcheck.databases.mysql.catalog.sequences import Sequence
from driftcheck.databases.mysql.catalog.tables import Table
from driftcheck.databases.mysql.catalog.views import HIDDEN_VIEWS, Trigger, View
from driftcheck.databases.reading import Cursor, Scope, in_scope
from driftcheck.databases.row_facts import RowFacts
from driftcheck.databases.sandbox import Sandbox
from driftcheck.errors import CatalogError
from driftcheck.schema import Address, Snapshot

KINDS: tuple[Kind, ...] = (
    Database(),
    Sequence(),
    Table(),
    Column(),
    PrimaryKey(),
    UniqueConstraint(),
    Index(),
    CheckConstraint(),
    ForeignKey(),
    Function(),
    Procedure(),
    View(),
    Trigger(),
    Event(),
)
"""Every kind, in build order."""

_NOT_COMPARED = {
    "routine": """SELECT COUNT(*) FROM information_schema.routines
        WHERE routine_schema = DATABASE()
        AND (routine_type NOT IN ('FUNCTION', 'PROCEDURE') OR routine_body <> 'SQL')""",
    "routine body": f"SELECT COUNT(*) {HIDDEN_ROUTINES}",
    "view definition": f"SELECT COUNT(*) {HIDDEN_VIEWS}",
}
"""By the name for reports: the number of objects that no kind reads, and of what is hidden from the
user. The first routines are packages of MariaDB's Oracle mode, and routines in other languages."""


class MySQLCatalog(Catalog):
    """Reads MySQL 5.7, MariaDB 10.3 and later. Addresses have no schema: a database is a schema."""

    kinds = KINDS
    why_not_on_copies = (
        "which has no stored functions, procedures, triggers and events, nor views that use them, "
        "because code of a live database would run there with driftcheck's own rights"
    )

    def row_facts(
        self, connection: Any, columns: Collection[Address], actual: Snapshot
    ) -> RowFacts:
        """Read whether tables have rows, and columns rows without a value."""
        with closing(connection.cursor()) as cursor:
            return row_facts(cursor, columns, actual)

    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the schema in the connection's current transaction."""
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
        except getattr(connection, "Error", ()) as error:  # PEP 249: each driver has its own
            raise CatalogError(
                "The database's schema cannot be read.", details=str(error)
            ) from error
        return Snapshot(objects, "mysql", version, "", not_compared)

    def catalog_digests(self, connection: Any) -> Mapping[str, str]:
        """The digest of the definitions of each type of object."""
        return definition_digests(connection)

    def sandbox(self, connection: Any) -> Sandbox:
        """A sandbox that creates the database again: DDL cannot be rolled back."""
        return RebuiltSandbox(connection, self.schema_statements(connection))

    def schema_statements(self, connection: Any) -> list[str]:
        """Statements that create a copy of the schema in another database.

        Tables are written by SHOW CREATE TABLE. Code is written without DEFINER, because the user
        may not exist on another server. Sequences come first, because defaults of columns name
        them.
        """
        with closing(connection.cursor()) as cursor:
            names = rows(
                cursor,
                f"""SELECT table_name AS name FROM information_schema.tables
                WHERE table_schema = DATABASE() AND {TABLES} ORDER BY table_name""",
            )
            statements = ["SET FOREIGN_KEY_CHECKS = 0"]
            for obj in (*Database().read(cursor, Scope()), *Sequence().read(cursor, Scope())):
                statements += self.kind(obj.address.kind).create(obj)
            for row in names:
                cursor.execute(f"SHOW CREATE TABLE {quote(row['name'])}")
                statements.append(cursor.fetchone()[1])
            if is_mariadb(cursor):  # whose SHOW CREATE TABLE leaves the reference systems out
                for obj in Column().read(cursor, Scope()):
                    if obj.attributes["reference_system"]:
                        statements += Column().alter(obj, obj)
            for kind in (Function(), Procedure(), View(), Trigger(), Event()):
                for obj in kind.read(cursor, Scope()):
                    statements += kind.create(obj)
            return [*statements, "SET FOREIGN_KEY_CHECKS = 1"]


def _counts(cursor: Cursor) -> dict[tuple[str, str], int]:
    counts = {}
    for kind, query in _NOT_COMPARED.items():
        cursor.execute(query)
        counts[kind] = int((cursor.fetchone() or (0,))[0])
    return {(kind, ""): count for kind, count in counts.items() if count}
