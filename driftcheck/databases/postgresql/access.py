"""Reads what a connection can do in a PostgreSQL database."""

from __future__ import annotations

from typing import Any

from driftcheck.databases.access import Access, Hidden
from driftcheck.databases.postgresql.catalog.foreign import OPTIONS_ARE_HIDDEN
from driftcheck.databases.postgresql.catalog.session import reading_session

_OLDEST = 15
_ROLE = """
SELECT rolname, rolsuper, rolcreatedb OR rolsuper, pg_is_in_recovery()
FROM pg_roles WHERE rolname = current_user
"""
_MAPPINGS = f"""
SELECT DISTINCT m.srvname FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
WHERE {OPTIONS_ARE_HIDDEN} ORDER BY 1
"""


def read_access(connection: Any) -> Access:
    """Read what a connection can do.

    Args:
        connection: A psycopg2 connection to a live database, in a read-only transaction.
    """
    info = connection.info
    with connection.cursor() as cursor, reading_session(cursor):
        cursor.execute(_ROLE)
        user, is_superuser, may_create, is_replica = cursor.fetchone()
        cursor.execute(_MAPPINGS)
        servers = [str(name) for (name,) in cursor.fetchall()]
    version = info.parameter_status("server_version") or ""
    return Access(
        server=f"PostgreSQL {version.partition(' ')[0]}",
        user=user,
        encryption=(info.ssl_attribute("protocol") or "TLS") if info.ssl_in_use else "",
        how_to_encrypt="Others on the network can read what is sent. If the server has TLS, add "
        "?sslmode=require to the URL.",
        is_local=_is_local(info.host),
        oldest="" if info.server_version // 10000 >= _OLDEST else f"PostgreSQL {_OLDEST}",
        rights=(
            "it is a superuser" if is_superuser else "it is not a superuser",
            f"it {'may' if may_create else 'may not'} create databases (--shadow same-server)",
            *(["the server is a replica, which nothing can be written to"] if is_replica else []),
        ),
        hidden=tuple(_hidden_mappings(name) for name in servers),
    )


def _is_local(host: str) -> bool:
    return not host or host.startswith(("/", "@", "127.")) or host in ("localhost", "::1")


def _hidden_mappings(server: str) -> Hidden:
    return Hidden(
        f"the options of user mappings for the server {server} are hidden from this role, so they "
        "are not compared",
        "To compare them, connect as a superuser.",
    )
