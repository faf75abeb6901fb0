"""Connections of user code to shadow databases, by any driver: each call has a deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from sqlalchemy.engine import Dialect

from driftcheck.errors import DriftcheckError, NotAnsweredError
from driftcheck.process.deadline import aborter, watchdog

Failed = Callable[[DriftcheckError], DriftcheckError]
"""Takes note of an error that is raised: user code may catch it."""

_METHODS = (
    *("do_execute", "do_executemany", "do_execute_no_params"),
    *("do_begin", "do_commit", "do_rollback", "do_ping"),
)
_LIBPQ = ("psycopg", "psycopg_async", "psycopg2cffi")
_MYSQL = ("pymysql", "mysqldb")
_MARK = "_driftcheck_has_deadlines"


def connect(
    dialect: Dialect,
    database: str,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    failed: Failed,
) -> Any:
    """Connect as the dialect does, with deadlines for connecting and for each call later.

    Args:
        dialect: The project's.
        database: What messages call the database.
        arguments: What the driver is given by position.
        keywords: What the driver is given by name; what it says of time counts.
        failed: Takes note of an error that is raised.

    Raises:
        NotAnsweredError: The database did not answer in time.
    """
    if dialect.driver == "psycopg2":
        from driftcheck.databases import psycopg2_deadlines as watched  # noqa: PLC0415  (other databases do without)

        return watched.connect(database, *arguments, failed=failed, own=False, **keywords)
    if _MARK not in vars(dialect):
        setattr(dialect, _MARK, True)
        for name in _METHODS:
            if hasattr(dialect, name):
                setattr(dialect, name, _with_deadline(getattr(dialect, name), database, failed))
    return dialect.connect(*arguments, **{**_limits(dialect.driver, keywords), **keywords})


def _limits(driver: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a driver is told of time where the project says nothing."""
    if driver in _LIBPQ:
        from driftcheck.databases.psycopg2_deadlines import defaults  # noqa: PLC0415  (other databases do without)

        return defaults(said)
    if driver in _MYSQL:
        return watchdog.mysql_limits()
    return {"timeout": watchdog.connect_seconds} if driver == "asyncpg" else {}


def _with_deadline(method: Callable[..., Any], database: str, failed: Failed) -> Callable[..., Any]:
    @wraps(method)
    def watched(*arguments: Any, **keywords: Any) -> Any:
        context = keywords.get("context") or arguments[-1]
        root = getattr(context, "root_connection", None)
        held = arguments[0] if root is None else root.connection
        connection = getattr(held, "driver_connection", held)
        try:
            with watchdog.call(database, aborter(connection)):
                return method(*arguments, **keywords)
        except NotAnsweredError as error:
            raise failed(error) from error.__cause__

    return watched
