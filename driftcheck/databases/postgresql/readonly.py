"""Makes a connection to a live PostgreSQL database harmless: the server itself refuses to write."""

from __future__ import annotations

from typing import Any

STATEMENT_TIMEOUT_SECONDS = 120
LOCK_TIMEOUT_SECONDS = 5


def make_read_only(connection: Any) -> None:
    """Read only, as of one moment, with time limits: for the transaction that begins here.

    Args:
        connection: An open psycopg2 connection on which nothing has been run.
    """
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
