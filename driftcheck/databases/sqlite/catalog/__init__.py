"""Reads SQLite from the stored CREATE statements and from PRAGMAs.

SQLAlchemy's Inspector is not used. It returns wrong types for types that it does not know, returns
no collations and no AUTOINCREMENT, omits indexes on expressions, recognizes some constraints only
in the format that SQLAlchemy writes, and returns different results in different versions.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import Kind
from driftcheck.databases.reading import Reading, Scope, in_scope
from driftcheck.databases.sqlite.catalog.constraints import (
    CheckConstraint,
    ForeignKey,
    PrimaryKey,
    UniqueConstraint,
)
from driftcheck.databases.sqlite.catalog.dependencies import column_dependencies
from driftcheck.databases.sqlite.catalog.indexes import Index
from driftcheck.databases.sqlite.catalog.kind import statements
from driftcheck.databases.sqlite.catalog.rebuild import rebuilt
from driftcheck.databases.sqlite.catalog.tables import Column, Table
from driftcheck.databases.sqlite.catalog.views import Trigger, View
from driftcheck.errors import CatalogError
from driftcheck.schema import Snapshot

KINDS: tuple[Kind, ...] = (
    Table(rebuilt),
    Column(rebuilt),
    PrimaryKey(rebuilt),
    UniqueConstraint(rebuilt),
    ForeignKey(rebuilt),
    CheckConstraint(rebuilt),
    Index(),
    View(),
    Trigger(),
)
"""Every kind, in build order."""


class SQLiteCatalog(Catalog):
    """Reads SQLite 3.26 and later."""

    kinds = KINDS

    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the schema in the connection's current transaction."""
        try:
            with closing(connection.cursor()) as cursor:
                objects = {
                    obj.address: obj
                    for kind in self.kinds
                    for obj in in_scope(kind.read(cursor, scope), scope)
                }
                cursor.execute("SELECT sqlite_version()")
                ((version,),) = cursor.fetchall()
        except sqlite3.Error as error:
            raise CatalogError(
                "The database's schema cannot be read.", details=str(error)
            ) from error
        dependencies = column_dependencies(objects)
        return Snapshot(objects, "sqlite", version, "", dependencies=dependencies)

    def read_again(self, connection: Any, scope: Scope, last: Reading | None) -> Reading:
        """Read the schema, unless SQLite's schema version is that of the last reading.

        https://www.sqlite.org/pragma.html#pragma_schema_version
        """
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA schema_version")
            ((version,),) = cursor.fetchall()
        marks = {"schema_version": str(version)}
        if last is not None and last.marks == marks:
            return last
        return replace(super().read_again(connection, scope, last), marks=marks)

    def catalog_digests(self, connection: Any) -> Mapping[str, str]:
        """A digest of the stored statements of each type of object."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(
                """SELECT type, group_concat(name || tbl_name || sql, char(0)) FROM
                (SELECT * FROM sqlite_master WHERE sql IS NOT NULL
                  AND name NOT LIKE 'sqlite^_stat%' ESCAPE '^' ORDER BY type, name)
                GROUP BY type"""
            )
            stored = {
                "table": "",
                "index": "",
                "view": "",
                "trigger": "",
                **dict(cursor.fetchall()),
            }
        return {
            f"sqlite_master ({type_})": hashlib.sha256(sql.encode()).hexdigest()
            for type_, sql in stored.items()
        }

    def schema_statements(self, connection: Any) -> list[str]:
        """The stored CREATE statements."""
        with closing(connection.cursor()) as cursor:
            stored = statements(cursor, "table", "index", "view", "trigger")
            return [sql for _, _, sql in stored]
