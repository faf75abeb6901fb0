"""Finds out why SQLite refuses a statement. Its result codes do not say which name is missing.

Source: the messages in ``src/sqlite3.c``, and https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

import re

from driftcheck.databases.messages import database_message
from driftcheck.databases.statement_errors import Reason, StatementError

_MESSAGES = (
    (
        re.compile(r"no such (?:table|column|function|view)|has no column named|unknown database"),
        Reason.MISSING,
    ),
    (re.compile(r"NOT NULL constraint failed: (?P<column>.+)"), Reason.NOT_NULL),
    (re.compile(r"CHECK constraint failed: (?P<constraint>.+)", re.DOTALL), Reason.CHECK),
    # a column of a STRICT table, or INTEGER PRIMARY KEY
    (re.compile(r"cannot store \w+ value in|datatype mismatch"), Reason.VALUE),
    (
        re.compile(r"cannot INSERT into generated column|cannot modify .+ because it is a view"),
        Reason.NOT_WRITABLE,
    ),
)


def statement_error(error: BaseException) -> StatementError:
    """Return why SQLite has refused a statement.

    Args:
        error: The error of the driver.
    """
    message = database_message(error)
    for pattern, reason in _MESSAGES:
        if found := pattern.search(message):
            names = found.groupdict()
            column = names.get("column", "").rpartition(".")[2]
            return StatementError(reason, message, column, names.get("constraint", ""))
    return StatementError(Reason.OTHER, message)
