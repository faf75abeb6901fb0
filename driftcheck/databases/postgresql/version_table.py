"""Reads the revisions of a live database, without running functions of other users.

A SELECT from a view, or from a table with row security, runs functions of its owner with the
privileges of the reader. So only a plain table is read. Nothing here imports SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

from driftcheck.databases.version_table import not_plain
from driftcheck.errors import CatalogError
from driftcheck.schema import Address

# A partitioned table with a foreign table as partition is treated as a foreign table.
_SHAPE = """
SELECT CASE WHEN EXISTS (
    SELECT FROM pg_catalog.pg_partition_tree(c.oid) t
    JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) t.relid::pg_catalog.oid
    WHERE p.relkind OPERATOR(pg_catalog.=) 'f'::pg_catalog."char"
  ) THEN 'f' ELSE c.relkind::pg_catalog.text END,
  pg_catalog.row_security_active(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
  ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %s::pg_catalog.name
"""
_RIGHTS = """
SELECT pg_catalog.quote_ident(CURRENT_USER::pg_catalog.text),
  pg_catalog.quote_ident(n.nspname::pg_catalog.text),
  pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
  ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %s::pg_catalog.name
"""
_KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table or has one as a partition",
}
_PARTITIONED = "p"


def read_stamps(connection: Any, table: Address) -> tuple[str, ...]:
    """Read the revisions in one version table.

    Args:
        connection: An open psycopg2 connection, in a read-only transaction.
        table: The version table.

    Returns:
        The revisions, sorted; none if there is no such table.

    Raises:
        CatalogError: It is not a plain table, row security applies to the user, or the user may
            not read it.
    """
    with connection.cursor() as cursor:
        found = _shape(cursor, table)
        if found is None:
            return ()
        _require_plain(table, found)
        _require_rights(cursor, table)
        cursor.execute(f"LOCK TABLE {table.sql} IN ACCESS SHARE MODE")
        found = _shape(cursor, table)  # with the lock, the table cannot be replaced
        _require_plain(table, found)
        only = "" if found == (_PARTITIONED, False) else "ONLY "
        cursor.execute(f"SELECT version_num FROM {only}{table.sql}")
        return tuple(sorted(str(row[0]) for row in cursor.fetchall()))


def _require_rights(cursor: Any, table: Address) -> None:
    """Require the privileges to read a version table.

    Raises:
        CatalogError: The user may not read it.
    """
    cursor.execute(_RIGHTS, (table.schema, table.name))
    user, schema, may_use, may_read = cursor.fetchone()
    grants = []
    if not may_use:
        grants.append(f"GRANT USAGE ON SCHEMA {schema} TO {user};")
    if not may_read:
        grants.append(f"GRANT SELECT ON {table.sql} TO {user};")
    if grants:
        raise CatalogError(
            f"the user {user} may not read the version table {table.sql}",
            hint=f"Have the owner of the table run: {' '.join(grants)}",
        )


def _shape(cursor: Any, table: Address) -> tuple[str, bool] | None:
    cursor.execute(_SHAPE, (table.schema, table.name))
    return cursor.fetchone()  # type: ignore[no-any-return]


def _require_plain(table: Address, found: tuple[str, bool] | None) -> None:
    kind, has_row_security = found or ("", False)
    if kind not in ("r", _PARTITIONED):
        raise not_plain(table, _KINDS.get(kind, "not a table"))
    if has_row_security:
        raise not_plain(table, "a table with row security")
