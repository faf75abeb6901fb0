"""Reads the names of a database's objects, without details: fast enough after every revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from driftcheck.schema import Address

_POSTGRESQL = """
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT CASE relkind WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'S' THEN 'sequence'
                    WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
       nspname, relname, NULL
FROM relation WHERE relkind IN ('r', 'p', 'i', 'I', 'S', 'v', 'm')
UNION ALL
SELECT 'column', nspname, relname, attname
FROM relation JOIN pg_catalog.pg_attribute ON attrelid = oid
WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
                    WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check constraint'
                    ELSE 'exclusion constraint' END, nspname, relname, conname
FROM relation r JOIN pg_catalog.pg_constraint ON conrelid = r.oid
WHERE contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT CASE typtype WHEN 'e' THEN 'enum' ELSE 'domain' END, nspname, typname, NULL
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE typtype IN ('e', 'd') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""

_SQLITE = r"""
SELECT type, '', name, NULL FROM sqlite_master
WHERE type IN ('table', 'index', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
UNION ALL
SELECT 'column', '', t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table'
"""

_MYSQL = """
SELECT 'table', '', table_name, NULL FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
UNION ALL
SELECT 'column', '', table_name, column_name FROM information_schema.columns
WHERE table_schema = DATABASE()
"""

_QUERIES = {
    "postgresql": _POSTGRESQL,
    "sqlite": _SQLITE,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}

Fetch = Callable[[str], Iterable[Sequence[Any]]]


def names(dialect: str, fetch: Fetch) -> frozenset[Address]:
    """The addresses of tables, columns, indexes, constraints, sequences, views and types.

    Args:
        dialect: The name of SQLAlchemy's dialect. For an unsupported dialect, the result is empty.
        fetch: Runs a query and returns its rows.
    """
    query = _QUERIES.get(dialect)
    if query is None:
        return frozenset()
    return frozenset(
        Address(kind, schema, (name,) if part is None else (name, part))
        for kind, schema, name, part in fetch(query)
    )
