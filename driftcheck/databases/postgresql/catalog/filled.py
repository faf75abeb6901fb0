"""Reads which tables may have rows, and about how many: from the sizes of files and statistics.

No table is read. The planner evaluates functions in the predicates of indexes. Other users can have
written these functions, which would run with the rights of the user who reads.
https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from driftcheck.databases.reading import Cursor
from driftcheck.databases.row_facts import RowFacts
from driftcheck.schema import Address, Snapshot

_SIZE = """
SELECT pg_catalog.sum(pg_catalog.pg_relation_size(t.relid))
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL (
  SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)
  UNION SELECT c.oid::pg_catalog.regclass) t
WHERE n.nspname OPERATOR(pg_catalog.=) %s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %s::pg_catalog.name
"""

# ANALYZE and VACUUM set reltuples; before that, it is -1.
# https://www.postgresql.org/docs/current/catalog-pg-class.html
_ESTIMATES = """
SELECT n.nspname::text, c.relname::text, CASE c.relkind WHEN 'm' THEN 'materialized view'
    ELSE 'table' END, sum(pg_relation_size(t.oid)) > 0, bool_and(t.reltuples >= 0 OR
    pg_relation_size(t.oid) = 0), sum(greatest(t.reltuples, 0))::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid::regclass) part
JOIN pg_class t ON t.oid = part.relid
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND t.relkind IN ('r', 'p', 'm')
GROUP BY 1, 2, 3
"""


def row_estimates(cursor: Cursor) -> dict[Address, int | None]:
    """Read the number of rows of each table, with the rows of its partitions.

    Args:
        cursor: A cursor with the settings of ``reading_session``.

    Returns:
        The number as the last ANALYZE or VACUUM has left it; ``None`` if there was none since the
        table had its first row.
    """
    cursor.execute(_ESTIMATES)
    return {
        Address(kind, schema, (name,)): 0 if not filled else rows if known and rows else None
        for schema, name, kind, filled, known, rows in cursor.fetchall()
    }


def row_facts(connection: Any, columns: Collection[Address], actual: Snapshot) -> RowFacts:
    """Read the facts about the tables of some columns.

    A file that is not empty may have no row any more, and a nullable column may have no row without
    a value: what is not known is assumed, so that no statement is advised that could fail.

    Args:
        connection: An open connection, in a transaction.
        columns: The columns, which need not exist.
        actual: The schema of the database.
    """
    tables = {a: Address("table", a.schema, a.path[:1]) for a in columns}
    existing = {table for table in tables.values() if table in actual.objects}
    filled = frozenset(table for table in existing if _has_file(connection, table))
    nullable = frozenset(
        column
        for column, table in tables.items()
        if table in filled and _is_nullable(column, actual)
    )
    return RowFacts(filled, nullable)


def _is_nullable(column: Address, actual: Snapshot) -> bool:
    """Whether a column exists and rows may have no value in it."""
    obj = actual.objects.get(column)
    return obj is not None and bool(obj.attributes.get("nullable", False))


def _has_file(connection: Any, table: Address) -> bool:
    """Whether the file of a table, or of one of its partitions, is not empty."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, (table.schema, table.name))
        ((size,),) = cursor.fetchall()
    return bool(size)
