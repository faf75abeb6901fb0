"""Reads from the live PostgreSQL server what a shadow database must match."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
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
       r.rolcreatedb OR r.rolsuper AS can_create_databases,
       current_setting('search_path') AS search_path
FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user
"""
_PEER = "SELECT host(inet_server_addr()), pg_backend_pid()"
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
        cursor.execute(_PEER)
        address, pid = cursor.fetchone()
        return ServerFacts(
            dialect="postgresql",
            extensions=frozenset(_names(cursor, _EXTENSIONS)),
            roles=_names(cursor, _ROLES),
            schemas=_names(cursor, _SCHEMAS),
            is_local=_is_here(address, pid),
            **row,
        )


def _names(cursor: Any, query: str) -> tuple[str, ...]:
    cursor.execute(query)
    return tuple(name for (name,) in cursor.fetchall())


def _is_here(address: str | None, pid: int) -> bool:
    """Whether the server runs on this machine, for certain.

    A loopback address proves nothing: an SSH tunnel that ends on the server has one as well. So
    the process that serves us must be one of this machine.
    """
    if address is None:  # a Unix socket
        return True
    if not ip_address(address).is_loopback:
        return False
    return "postgres" in _program(pid)


def _program(pid: int) -> str:
    """What a process of this machine is called; nothing where there is none."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(errors="replace")
    with suppress(OSError):
        ps = ["ps", "-o", "comm=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return ""
