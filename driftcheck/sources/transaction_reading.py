"""Reads a shadow database inside the transaction in which a revision has just run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Reading, Scope
from driftcheck.databases.connection import connect
from driftcheck.databases.registry import catalog_for

_TEXT_ARRAY = 1009  # its OID in PostgreSQL


def read_in_transaction(
    connection: Any, shadow: URL, scope: Scope, last: Reading | None
) -> Reading:
    """Read the schema after a revision, committed or not.

    An uncommitted schema is read on the connection of the revision, which may use any driver. A
    committed schema is read on a connection of driftcheck's own.

    Args:
        connection: The SQLAlchemy connection on which the revision ran.
        shadow: The URL of the shadow that it is connected to.
        scope: The part of the database that is read.
        last: The previous reading of the database, if any.

    Raises:
        CatalogError: The database cannot be read.
    """
    catalog = catalog_for(connection.dialect.name)
    if _is_uncommitted(connection):
        return catalog.read_again(_as_psycopg2(connection), scope, last)
    with closing(connect(shadow)) as own:
        return catalog.read_again(own, scope, last)


def _is_uncommitted(connection: Any) -> bool:
    """Whether the connection has an open transaction that has written.

    PostgreSQL assigns a transaction identifier at the first write. On SQLite, the answer is always
    yes, because the file is locked until the commit. On MySQL, every DDL statement commits.
    https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
    """
    if connection.dialect.name != "postgresql":
        return bool(connection.dialect.name == "sqlite")
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text")
        ((number,),) = cursor.fetchall()
    return number is not None


def _as_psycopg2(connection: Any) -> Any:
    """The DB-API connection of a SQLAlchemy connection, with values as psycopg2 returns them."""
    if connection.dialect.name != "postgresql":
        return connection.connection
    return _PreparingConnection(
        connection.connection, as_json=connection.dialect.driver != "psycopg2"
    )


class _PreparingConnection:
    """A DB-API connection to PostgreSQL that prepares every query.

    Args:
        connection: The connection.
        as_json: Whether its driver returns values of other types than psycopg2.
    """

    def __init__(self, connection: Any, *, as_json: bool) -> None:
        self._connection = connection
        self._as_json = as_json

    def cursor(self) -> _PreparingCursor:
        return (_JSONCursor if self._as_json else _PreparingCursor)(self._connection.cursor())


class _PreparingCursor:
    """A cursor that runs every query as a prepared statement.

    The same catalog queries run after each revision, and planning takes as long as execution. A
    prepared statement lasts until the end of the session, also after a rollback.
    https://www.postgresql.org/docs/current/sql-prepare.html
    """

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._prepared: set[str] | None = None

    def execute(self, query: str, _parameters: Any = None, /) -> None:
        """Run a statement; a query by the name under which it is prepared."""
        if not _is_query(query):
            self._cursor.execute(query)
            return
        name = f"driftcheck_{sha256(query.encode()).hexdigest()[:32]}"
        if name not in self._known():
            self._cursor.execute(f"prepare {name} as {query}")
            self._known().add(name)
        self._cursor.execute(f"execute {name}")

    def _known(self) -> set[str]:
        """What is prepared: the session is asked, for the project can discard what it has."""
        if self._prepared is None:
            self._cursor.execute("select name from pg_catalog.pg_prepared_statements")
            self._prepared = {name for (name,) in self._cursor.fetchall()}
        return self._prepared

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class _JSONCursor(_PreparingCursor):
    """A cursor that fetches rows as JSON.

    Drivers return different Python types for ``"char"``, ``name[]`` and ``oid``. All drivers return
    the same string for text, and the server can convert every row to JSON.
    """

    def __init__(self, cursor: Any) -> None:
        super().__init__(cursor)
        self._rows: list[tuple[Any, ...]] = []
        self.description: Sequence[Any] | None = None

    def execute(self, query: str, _parameters: Any = None, /) -> None:
        """Run a statement. The columns of a query must have distinct names."""
        self._rows, self.description = [], None
        if not _is_query(query):
            super().execute(query)
            return
        super().execute(f"select row_to_json(q)::text from ({query}) q")
        rows = [json.loads(string) for (string,) in self._cursor.fetchall()]
        if rows:
            self._rows = [tuple(row.values()) for row in rows]
            columns = zip(rows[0], zip(*self._rows, strict=True), strict=True)
            self.description = [(name, _type_of(values)) for name, values in columns]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None


def _is_query(statement: str) -> bool:
    return statement.lstrip().lower().startswith("select")


def _type_of(values: Sequence[Any]) -> int | None:
    return _TEXT_ARRAY if any(isinstance(value, list) for value in values) else None
