"""Reads the properties of the live database that a shadow must have."""

from __future__ import annotations

from typing import Any

from driftcheck.databases.shadow.request import ServerFacts

IDENTITY = (
    "pg_catalog.concat_ws('/', pg_catalog.pg_postmaster_start_time(), d.oid)::pg_catalog.text"
)
"""A SQL expression that identifies a database (``pg_database AS d``) and its server."""

_FACTS = f"""
SELECT current_setting('server_version_num')::int / 10000 AS major,
       split_part(current_setting('server_version'), ' ', 1) AS server_version,
       {IDENTITY} AS identity,
       d.datname AS database,
       pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collation,
       d.datctype AS ctype,
       CASE to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'
       ELSE 'libc' END AS locale_provider,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale,
       r.rolname AS user,
       current_setting('TimeZone') AS time_zone
FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user
"""
_EXTENSIONS = "SELECT extname FROM pg_catalog.pg_extension"
_ROLES = r"SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
# The search path is read before it is changed. Until then, every name has the schema pg_catalog: a
# user of live may have created a function or an operator that the server would prefer.
# Source: PostgreSQL manual, Schemas: Usage Patterns.
_SEARCH_PATH = """
SELECT pg_catalog.current_setting('search_path'),
       pg_catalog.current_schemas(false)::pg_catalog.text[]
"""
_TRANSACTION = ("BEGIN", "ROLLBACK")
_SAVEPOINT = (
    "SAVEPOINT driftcheck_facts",
    "ROLLBACK TO SAVEPOINT driftcheck_facts",
    "RELEASE SAVEPOINT driftcheck_facts",
)
_SAFE_SEARCH_PATH = "SET LOCAL search_path TO pg_catalog, pg_temp"


def read_facts(connection: Any) -> ServerFacts:
    """Read the properties of a live database. Nothing is written.

    Args:
        connection: An open psycopg2 connection. Its settings are restored at the end.
    """
    begin, *end = _TRANSACTION if connection.autocommit else _SAVEPOINT
    with connection.cursor() as cursor:
        cursor.execute(begin)
        cursor.execute(_SEARCH_PATH)
        search_path, schemas = cursor.fetchone()
        cursor.execute(_SAFE_SEARCH_PATH)
        cursor.execute(_FACTS)
        columns = (column.name for column in cursor.description)
        row = dict(zip(columns, cursor.fetchone(), strict=True))
        facts = ServerFacts(
            dialect="postgresql",
            extensions=frozenset(_names(cursor, _EXTENSIONS)),
            roles=_names(cursor, _ROLES),
            search_path=search_path,
            schemas=tuple(s for s in schemas if s != "public" and not s.startswith("pg_")),
            **row,
        )
        for statement in end:
            cursor.execute(statement)
        return facts


def _names(cursor: Any, query: str) -> tuple[str, ...]:
    cursor.execute(query)
    return tuple(name for (name,) in cursor.fetchall())
