"""Makes a connection to a live PostgreSQL database harmless: the server itself refuses to write."""

from __future__ import annotations

from typing import Any

from driftcheck.process.deadline import watchdog

_LOCK_TIMEOUT_SECONDS = 5


def make_read_only(connection: Any) -> None:
    """Read only, as of one moment, with time limits: for the transaction that begins here.

    Args:
        connection: An open psycopg2 connection on which nothing has been run.
    """
    from driftcheck.databases.psycopg2_deadlines import limit_said  # noqa: PLC0415  (other databases do without)

    limits = {"statement_timeout": watchdog.seconds, "lock_timeout": _LOCK_TIMEOUT_SECONDS}
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        for name, seconds in limits.items():
            if limit_said(connection, name) is None:  # else the user's own counts
                cursor.execute(f"SET LOCAL {name} = {round(seconds * 1000)}")
