"""Drops shadow databases, and removes the obstacles to that.

Source: PostgreSQL manual, DROP DATABASE, and src/backend/commands/dbcommands.c.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors

from driftcheck.errors import ShadowError
from driftcheck.quoting import quote_identifier, quote_literal

# A lock that is not granted within this time will probably never be granted.
_LIMITS = "SET lock_timeout = '10s'; SET statement_timeout = '60s'"
_PROPERTIES = """
SELECT datistemplate, pg_catalog.pg_get_userbyid(datdba) = current_user
FROM pg_catalog.pg_database WHERE datname = %s
"""
_PREPARED = "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = %s"
_SLOTS = "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE database = %s AND active"
_SUBSCRIPTIONS = """
SELECT subname FROM pg_catalog.pg_subscription s
JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = %s
"""
_END_SLOT = """\
SELECT pg_catalog.pg_terminate_backend(active_pid) \
FROM pg_catalog.pg_replication_slots WHERE slot_name = {slot}"""
_TRIES, _PAUSE_SECONDS = 10, 0.3
"""A terminated session ends a little later, and only then are its replication slots free."""


@dataclass(frozen=True)
class Obstacles:
    """The statements that remove the obstacles to dropping a database.

    Attributes:
        outside: The statements to run first, in any other database of the server.
        within: The statements to run then, in the database itself.
    """

    outside: tuple[str, ...]
    within: tuple[str, ...]


class NotDroppedError(ShadowError):
    """A shadow database could not be dropped. The hint is the SQL that drops it."""


def drop_database(
    cursor: Any, name: str, within: Callable[[str], AbstractContextManager[Any]]
) -> None:
    """Drop a shadow database if it exists.

    Args:
        cursor: A cursor in another database of the server, in autocommit mode.
        name: The name of the database.
        within: Opens a session in a database of the server, as ``own_session`` does.

    Raises:
        NotDroppedError: This user cannot drop it.
    """
    cursor.execute(_LIMITS)
    drop = f"DROP DATABASE IF EXISTS {quote_identifier(name)} WITH (FORCE)"
    with suppress(psycopg2.Error):
        cursor.execute(drop)
        return
    _remove_obstacles(cursor, name, within)
    for attempt in range(_TRIES):
        try:
            cursor.execute(drop)
        except errors.ObjectInUse as error:
            reason: psycopg2.Error = error
            time.sleep(_PAUSE_SECONDS if attempt < _TRIES - 1 else 0)
        except psycopg2.Error as error:
            raise _not_dropped(cursor, name, drop, error) from None
        else:
            return
    raise _not_dropped(cursor, name, drop, reason)


def _remove_obstacles(
    cursor: Any, name: str, within: Callable[[str], AbstractContextManager[Any]]
) -> None:
    """Remove the obstacles, as far as the privileges of this user allow."""
    obstacles = obstacles_of(cursor, name)
    _run_each(cursor, obstacles.outside)
    cursor.execute(_PROPERTIES, (name,))
    _, is_own = cursor.fetchone() or (False, False)
    # In a database of another owner, a session could be made to run that owner's code.
    if is_own and obstacles.within:
        with suppress(ShadowError), within(name) as inside:
            _run_each(inside, (_LIMITS, *obstacles.within))


def _run_each(cursor: Any, statements: tuple[str, ...]) -> None:
    for statement in statements:
        with suppress(psycopg2.Error):
            cursor.execute(statement)


def obstacles_of(cursor: Any, name: str) -> Obstacles:
    """Return the obstacles to dropping a database."""
    cursor.execute(_PROPERTIES, (name,))
    is_template, _ = cursor.fetchone() or (False, False)
    database = quote_identifier(name)
    outside, within = [], []
    if is_template:
        outside.append(f"ALTER DATABASE {database} IS_TEMPLATE false")
    slots = map(quote_literal, _names(cursor, _SLOTS, name))
    outside += [_END_SLOT.format(slot=slot) for slot in slots]
    transactions = map(quote_literal, _names(cursor, _PREPARED, name))
    within += [f"ROLLBACK PREPARED {transaction}" for transaction in transactions]
    for subscription in map(quote_identifier, _names(cursor, _SUBSCRIPTIONS, name)):
        alter = f"ALTER SUBSCRIPTION {subscription}"
        within += [f"{alter} DISABLE", f"{alter} SET (slot_name = NONE)"]
        within.append(f"DROP SUBSCRIPTION {subscription}")
    if within:
        outside.append(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true CONNECTION LIMIT -1")
    return Obstacles(tuple(outside), tuple(within))


def _names(cursor: Any, query: str, database: str) -> list[str]:
    cursor.execute(query, (database,))
    return [name for (name,) in cursor.fetchall()]


def _not_dropped(cursor: Any, name: str, drop: str, error: psycopg2.Error) -> NotDroppedError:
    obstacles = obstacles_of(cursor, name)
    steps = [f"in the database {name}: {'; '.join(obstacles.within)};"] if obstacles.within else []
    if obstacles.within and obstacles.outside:
        steps.insert(0, f"in another database: {'; '.join(obstacles.outside)};")
        steps.append(f"in another database: {drop};")
    else:
        steps.append(f"in another database: {'; '.join((*obstacles.outside, drop))};")
    return NotDroppedError(
        f"the shadow database {name} could not be dropped",
        hint=f"As a superuser, run {' Then '.join(steps)}",
        details=str(error).strip().splitlines()[0],
    )
