"""Reads from the live PostgreSQL server what a shadow database must match."""

from __future__ import annotations

from typing import Any

from driftcheck.databases.shadow.base import ServerFacts

IDENTITY = "concat_ws('/', pg_postmaster_start_time(), d.oid)"
"""SQL for which database (``pg_database AS d``) of which server this is."""

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
       current_setting('search_path') AS search_path
FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user
"""
_EXTENSIONS = "SELECT extname FROM pg_catalog.pg_extension"
_ROLES = r"SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
_SCHEMAS = """
SELECT name FROM unnest(current_schemas(false)) WITH ORDINALITY AS listed (name, place)
WHERE name <> 'public' AND name !~ '^pg_' ORDER BY place
"""


def read_facts(connection: Any) -> ServerFacts:
    """Read the facts through an open psycopg2 connection to live; nothing is written there."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS)
        columns = (column.name for column in cursor.description)
        row = dict(zip(columns, cursor.fetchone(), strict=True))
        return ServerFacts(
            dialect="postgresql",
            extensions=frozenset(_names(cursor, _EXTENSIONS)),
            roles=_names(cursor, _ROLES),
            schemas=_names(cursor, _SCHEMAS),
            **row,
        )


def _names(cursor: Any, query: str) -> tuple[str, ...]:
    cursor.execute(query)
    return tuple(name for (name,) in cursor.fetchall())
