"""Reads which tables have rows, and which columns have rows without a value.

Nothing but the existence of a row is read. Row security is off, because its policies could call
functions of others: the server then refuses the query instead of calling them.
https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from driftcheck.databases.row_facts import RowFacts
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, Snapshot

_TIMEOUT_MILLISECONDS = 2000


def row_facts(connection: Any, columns: Collection[Address], actual: Snapshot) -> RowFacts:
    """Read the facts about the tables of some columns.

    Args:
        connection: An open connection, in a transaction.
        columns: The columns, which need not exist.
        actual: The schema of the database.
    """
    tables = {a: Address("table", a.schema, a.path[:1]) for a in columns}
    existing = {table for table in tables.values() if table in actual.objects}
    filled = frozenset(table for table in existing if _finds(connection, f"FROM {table.sql}"))
    nulls = frozenset(
        column
        for column, table in tables.items()
        if table in filled
        and _is_stored(column, actual)
        and _finds(connection, f"FROM {table.sql} WHERE {quote_identifier(column.name)} IS NULL")
    )
    return RowFacts(filled, nulls)


def _is_stored(column: Address, actual: Snapshot) -> bool:
    """Whether a column exists, may be null, and its values are not computed by reading them."""
    obj = actual.objects.get(column)
    if obj is None or not obj.attributes.get("nullable", False):
        return False
    return obj.attributes.get("generated") is None


def _finds(connection: Any, source: str) -> bool:
    """Whether a query finds a row. If it does not run or takes too long, rows are assumed."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT driftcheck_rows")
        try:
            cursor.execute("SET LOCAL row_security = off")
            cursor.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MILLISECONDS}")
            cursor.execute(f"SELECT EXISTS (SELECT {source})")
            ((found,),) = cursor.fetchall()
        except Exception:  # noqa: BLE001  (a driver that is not psycopg2 has errors of its own)
            found = True
        cursor.execute("ROLLBACK TO SAVEPOINT driftcheck_rows")
    return bool(found)
