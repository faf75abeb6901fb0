"""Inserts rows into PostgreSQL. The fields of an error identify the violated constraint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import psycopg2

from driftcheck.databases.messages import database_message
from driftcheck.databases.postgresql.rows.tables import TableCatalog, read_tables
from driftcheck.databases.postgresql.rows.types import UNDO
from driftcheck.databases.rows.tables import ForeignKey, Insert, Refusal, Table
from driftcheck.databases.version_table import VersionTable
from driftcheck.quoting import quote_identifier, quote_literal

_KEYS = 20
_CHECK_VIOLATION = "23514"


class PostgreSQLStore:
    """A PostgreSQL database into which rows are inserted.

    Args:
        connection: An open psycopg2 connection. The caller commits it.
        excluded: Alembic's version tables.
    """

    def __init__(self, connection: Any, excluded: Collection[VersionTable]) -> None:
        self._cursor = connection.cursor()
        self._excluded = excluded
        self._catalog = TableCatalog()
        # A deferred constraint would fail at the end, when the row is not known any more.
        self._cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def tables(self) -> list[Table]:
        """Every user table without partitions. Rows are inserted into the partitioned table."""
        self._catalog = read_tables(self._cursor, self._excluded)
        return self._catalog.tables

    def attempt(self, inserts: Sequence[Insert]) -> Refusal | None:
        """Insert the rows together, or undo that and return the reason."""
        statements = [_statement(insert) for insert in inserts]
        if len(inserts) > 1:
            before, after = "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE"
            statements = [before, *statements, after]
        try:
            self._run(*statements)
        except psycopg2.Error as error:
            self._cursor.execute(UNDO)
            return self._refusal(error)
        return None

    def keys(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """The first key values that a foreign key can reference, as SQL expressions."""
        names = [quote_identifier(name) for name in key.referred]
        rows = self._rows(
            f"SELECT DISTINCT {', '.join(f'{name}::text' for name in names)} "
            f"FROM {key.table.sql} WHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)} "
            f"ORDER BY {', '.join(str(1 + index) for index in range(len(names)))} LIMIT {_KEYS}"
        )
        types = [self._catalog.types[key.table, name] for name in key.referred]
        return [
            tuple(f"{quote_literal(v)}::{t}" for v, t in zip(row, types, strict=True))
            for row in rows
        ]

    def next_value(self, table: Table, column: str) -> str | None:
        """Evaluate the default of a column."""
        default = self._catalog.defaults.get((table.address, column))
        if default is None:
            return None
        rows = self._rows(f"SELECT value FROM (SELECT ({default})::text) d (value)")
        type_ = self._catalog.types[table.address, column]
        return f"{quote_literal(rows[0][0])}::{type_}" if rows and rows[0][0] else None

    def is_empty(self, table: Table) -> bool:
        """Whether a table has no row."""
        return not self._rows(f"SELECT FROM {table.address.sql} LIMIT 1")

    def _rows(self, query: str) -> list[tuple[str, ...]]:
        """The rows of a query; none if it fails, for example on a partition in a foreign table."""
        self._cursor.execute("SAVEPOINT driftcheck")
        try:
            self._cursor.execute(query)
            rows: list[tuple[str, ...]] = self._cursor.fetchall()
        except psycopg2.Error:
            self._cursor.execute(UNDO)
            return []
        self._cursor.execute("RELEASE SAVEPOINT driftcheck")
        return rows

    def _run(self, *statements: str) -> None:
        """Run statements in a savepoint, in one round trip."""
        self._cursor.execute(
            ";\n".join(["SAVEPOINT driftcheck", *statements, "RELEASE SAVEPOINT driftcheck"])
        )

    def _refusal(self, error: psycopg2.Error) -> Refusal:
        diagnostics = error.diag
        message = database_message(error)
        if diagnostics.table_name is None or diagnostics.schema_name is None:
            return Refusal(message)
        address = self._catalog.root_table((diagnostics.schema_name, diagnostics.table_name))
        columns = self._catalog.rules.get(
            (diagnostics.schema_name, diagnostics.table_name, diagnostics.constraint_name or ""), ()
        )
        if diagnostics.column_name:
            columns = (diagnostics.column_name,)
        elif diagnostics.constraint_name is None and error.pgcode == _CHECK_VIOLATION:
            columns = self._catalog.partition_keys.get(address, ())
        return Refusal(message, address, columns)


def _statement(insert: Insert) -> str:
    address = insert.table.address
    if not insert.values:
        return f"INSERT INTO {address.sql} DEFAULT VALUES"
    names = ", ".join(map(quote_identifier, insert.values))
    values = ", ".join("DEFAULT" if v is None else v for v in insert.values.values())
    return f"INSERT INTO {address.sql} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})"
