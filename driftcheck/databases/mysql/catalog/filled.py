"""Reads which tables of MySQL have rows, and which columns have rows without a value.

``information_schema.tables`` has estimates only, which can be 0 for a table with rows. The tables
are read instead, until the first row is found. A search that takes too long is ended.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from driftcheck.databases.mysql.catalog.kind import is_mariadb, quote
from driftcheck.databases.reading import Cursor
from driftcheck.databases.row_facts import RowFacts
from driftcheck.schema import Address, Snapshot

_SECONDS = 2
"""How long a search for a row may take."""
_MARIADB = f"SET STATEMENT max_statement_time={_SECONDS} FOR SELECT 1 FROM {{}} LIMIT 1"
_MYSQL = f"SELECT /*+ MAX_EXECUTION_TIME({_SECONDS * 1000}) */ 1 FROM {{}} LIMIT 1"


def row_facts(cursor: Cursor, columns: Collection[Address], actual: Snapshot) -> RowFacts:
    """Read the facts about the tables of some columns.

    Args:
        cursor: A cursor, which returns dictionaries or tuples.
        columns: The columns, which need not exist.
        actual: The schema of the database.
    """
    has_row = _search(cursor, _MARIADB if is_mariadb(cursor) else _MYSQL)
    tables = {column: Address("table", column.schema, column.path[:1]) for column in columns}
    existing = {table for table in tables.values() if table in actual.objects}
    filled = frozenset(table for table in existing if has_row(quote(table.name)))
    without_value = frozenset(
        column
        for column, table in tables.items()
        if table in filled
        and _is_nullable(column, actual)
        and has_row(f"{quote(table.name)} WHERE {quote(column.name)} IS NULL")
    )
    return RowFacts(filled, without_value)


def _search(cursor: Cursor, query: str) -> Callable[[str], bool]:
    def has_row(source: str) -> bool:
        """Whether a row is found, or may exist: the user may not read it, or there are too many."""
        try:
            cursor.execute(query.format(source))
            return bool(cursor.fetchall())
        except Exception:  # noqa: BLE001  (each driver has a class of its own)
            return True

    return has_row


def _is_nullable(column: Address, actual: Snapshot) -> bool:
    obj = actual.objects.get(column)
    return obj is not None and bool(obj.attributes["nullable"])
