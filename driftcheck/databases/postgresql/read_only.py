"""Makes a connection to a live database read only. The server enforces it."""

from __future__ import annotations

from typing import Any

from driftcheck.databases.postgresql.psycopg2_deadlines import user_limit
from driftcheck.process.deadline import watchdog

_LOCK_TIMEOUT_SECONDS = 5


def make_read_only(connection: Any) -> None:
    """Start a read-only transaction that sees one snapshot, with time limits.

    Args:
        connection: An open psycopg2 connection on which no statement has run.
    """
    limits = {"statement_timeout": watchdog.seconds, "lock_timeout": _LOCK_TIMEOUT_SECONDS}
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        for name, seconds in limits.items():
            if user_limit(connection, name) is None:
                cursor.execute(f"SET LOCAL {name} = {round(seconds * 1000)}")
