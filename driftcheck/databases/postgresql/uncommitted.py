"""Reads uncommitted changes on the connection of user code, which may use any driver."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any

from sqlalchemy.engine import Connection

_TEXT_ARRAY = 1009  # the OID of the type text[]


def uncommitted_connection(connection: Connection) -> Any | None:
    """Return a DB-API connection that sees the uncommitted changes of a SQLAlchemy connection.

    The server assigns a transaction identifier at the first write of a transaction.
    Source: PostgreSQL manual, Transaction ID and Snapshot Information Functions.

    Returns:
        A connection with values as psycopg2 returns them; ``None`` if nothing is uncommitted.
    """
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text")
        ((identifier,),) = cursor.fetchall()
    if identifier is None:
        return None
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
        """The names of the session's prepared statements. The project may have discarded some."""
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

    def fetchmany(self, _size: int, /) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []  # all of them: they exist anyway
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None


def _is_query(statement: str) -> bool:
    return statement.lstrip().lower().startswith("select")


def _type_of(values: Sequence[Any]) -> int | None:
    return _TEXT_ARRAY if any(isinstance(value, list) for value in values) else None
