"""Connections of user code to shadow databases, by any driver, with a deadline for each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from sqlalchemy.engine import Dialect

from driftcheck.databases.registry import database_for
from driftcheck.errors import NotAnsweredError
from driftcheck.process.deadline import NoteError, aborter, watchdog

_METHODS = (
    *("do_execute", "do_executemany", "do_execute_no_params"),
    *("do_begin", "do_commit", "do_rollback", "do_ping"),
)
_MARK = "_driftcheck_has_deadlines"


def connect(
    dialect: Dialect,
    name: str,
    cargs: Sequence[Any],
    cparams: Mapping[str, Any],
    note: NoteError,
) -> Any:
    """Connect as the dialect does, with a deadline for connecting and for each later call.

    Args:
        dialect: The project's dialect, with its driver.
        name: The name of the database in messages.
        cargs: The positional arguments for the driver.
        cparams: The keyword arguments for the driver. The project's own time limits are kept.
        note: Takes note of errors that are raised: user code may catch them.

    Raises:
        NotAnsweredError: The database did not answer in time.
    """
    database = database_for(dialect.name)
    connection = database.connect_with_deadlines(dialect, name, cargs, cparams, note)
    if connection is not None:
        return connection
    if _MARK not in vars(dialect):
        setattr(dialect, _MARK, True)
        for method in _METHODS:
            if hasattr(dialect, method):
                setattr(dialect, method, _with_deadline(getattr(dialect, method), name, note))
    limits = database.time_limits(dialect.driver, cparams)
    return dialect.connect(*cargs, **{**limits, **cparams})


def _with_deadline(method: Callable[..., Any], name: str, note: NoteError) -> Callable[..., Any]:
    """Return a method of a dialect that raises ``NotAnsweredError`` after its deadline."""

    @wraps(method)
    def watched(*arguments: Any, **keywords: Any) -> Any:
        context = keywords.get("context") or arguments[-1]
        root = getattr(context, "root_connection", None)
        pooled = arguments[0] if root is None else root.connection
        connection = getattr(pooled, "driver_connection", pooled)
        try:
            with watchdog.call(name, aborter(connection)):
                return method(*arguments, **keywords)
        except NotAnsweredError as error:
            raise note(error) from error.__cause__

    return watched
