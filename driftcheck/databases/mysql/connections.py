"""Connections to MySQL and MariaDB with deadlines, and transactions that only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import URL, Dialect

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.process.deadline import aborter, watchdog

_DRIVERS_WITH_LIMITS = ("pymysql", "mysqldb")


def open_own(url: URL, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]) -> Any:
    """Open a connection of driftcheck's own, with a deadline for each call."""
    connection = watchdog.within(
        shown(url),
        watchdog.connect_seconds,
        lambda: dialect.connect(*cargs, **{**_limits(), **cparams}),
    )
    for name in ("query", "commit", "rollback", "close"):
        setattr(connection, name, _with_deadline(connection, getattr(connection, name), url))
    return connection


def open_read_only(url: URL) -> Any:
    """Open a connection to a live database, in a transaction that reads one snapshot."""
    connection = connect(url)
    cursor = connection.cursor()
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    cursor.close()
    return connection


def time_limits(driver: str) -> Mapping[str, int]:
    """Return the driver's arguments for the time limits that the project does not set."""
    return _limits() if driver in _DRIVERS_WITH_LIMITS else {}


def _limits() -> dict[str, int]:
    """Return the limits in whole seconds. Those for reading and writing apply to each packet."""
    seconds = max(1, round(watchdog.client_seconds))
    return {
        "connect_timeout": max(1, round(watchdog.connect_seconds)),
        "read_timeout": seconds,
        "write_timeout": seconds,
    }


def _with_deadline(connection: Any, method: Any, url: URL) -> Any:
    """Return a method with a deadline for the whole call: the driver's limits are per packet."""
    abort, database = aborter(connection), shown(url)

    def watched(*arguments: Any, **keywords: Any) -> Any:
        with watchdog.call(database, abort):
            return method(*arguments, **keywords)

    return watched
