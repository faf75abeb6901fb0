"""Keeps an empty shadow database of a private server for the next run, which gives it a new name.

To create a database, PostgreSQL copies 300 files. That takes longer than everything else that the
server does for a run in which all schemas come from the cache.

A shadow is kept only if no transaction of the server has got an ID since the shadow was created:
PostgreSQL assigns an ID before a transaction writes anything.
Source: PostgreSQL manual, "Transactions and Identifiers".
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from driftcheck.quoting import quote_identifier

SPARE_PREFIX = "driftcheck_spare_"
_DIGITS = 40
_HAS_COLLATION_VERSIONS = 150000
# A library that sorts in another way now would make the server warn in each new session.
_FOUND = """
SELECT 1 FROM pg_database
WHERE datname = %s AND datcollversion IS NOT DISTINCT FROM pg_database_collation_actual_version(oid)
"""
_OTHERS = "SELECT datname FROM pg_database WHERE starts_with(datname::text, %s) AND datname <> %s"
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


class EmptyShadow(NamedTuple):
    """An empty shadow database that may be kept.

    Attributes:
        name: The name of the shadow.
        spare: The name under which it is kept. It depends on how the database was created.
        transaction: The ID of the last transaction that prepared the shadow.
    """

    name: str
    spare: str
    transaction: int


def spare_name(clauses: str) -> str:
    """Return the name of the database that is kept.

    Args:
        clauses: The clauses of ``CREATE DATABASE``.
    """
    return f"{SPARE_PREFIX}{hashlib.sha256(clauses.encode()).hexdigest()[:_DIGITS]}"


def current_transaction(cursor: Any) -> int:
    """Return the ID of a new transaction, which is the next one of the server."""
    cursor.execute("SELECT txid_current()")
    (transaction,) = cursor.fetchone()
    return int(transaction)


def take_empty(cursor: Any, spare: str, name: str) -> bool:
    """Make the database that is kept a shadow, and return whether there is one.

    Args:
        cursor: A cursor of the server, in autocommit mode, of the user who will own the shadow.
        spare: The name of the database that is kept.
        name: The name of the shadow.
    """
    if cursor.connection.server_version < _HAS_COLLATION_VERSIONS:
        return False
    cursor.execute(_FOUND, (spare,))
    if cursor.fetchone() is None:
        return False
    cursor.execute(f"ALTER DATABASE {spare} OWNER TO CURRENT_USER")
    cursor.execute(f"ALTER DATABASE {spare} RENAME TO {name}")
    cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    return True


def keep_empty(cursor: Any, empty: EmptyShadow, owner: str) -> bool:
    """Keep a shadow if it is still empty, and return whether it is gone.

    Its settings are removed last. So if this process ends before it is done, the server is not as
    ``initdb`` creates it, and the next run creates the server again.

    Args:
        cursor: A cursor of another database of the server, in autocommit mode.
        empty: The shadow.
        owner: The role that owns the database until the next run.
    """
    if current_transaction(cursor) != empty.transaction + 1:
        return False
    cursor.execute(f"ALTER DATABASE {empty.name} ALLOW_CONNECTIONS false")
    cursor.execute(_END_SESSIONS, (empty.name,))
    cursor.execute(f"ALTER DATABASE {empty.name} RENAME TO {empty.spare}")  # waits for the sessions
    # The check and the two statements above had an ID each, and no session is left that may write.
    if current_transaction(cursor) != empty.transaction + 4:
        cursor.execute(f"DROP DATABASE {empty.spare}")
        return True
    cursor.execute(f"ALTER DATABASE {empty.spare} OWNER TO {quote_identifier(owner)}")
    cursor.execute(_OTHERS, (SPARE_PREFIX, empty.spare))
    for (other,) in cursor.fetchall():
        cursor.execute(f"DROP DATABASE {quote_identifier(other)}")
    cursor.execute(f"ALTER DATABASE {empty.spare} RESET ALL")
    return True
