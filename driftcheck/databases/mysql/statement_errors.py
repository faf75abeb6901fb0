"""Finds out why MySQL or MariaDB refuses a statement, from the number of the error.

Sources: MySQL manual, "Server Error Message Reference"; MariaDB Knowledge Base, "MariaDB Error Code
Reference".
"""

from __future__ import annotations

import re

from driftcheck.databases.messages import database_message
from driftcheck.databases.statement_errors import Reason, StatementError, causes

_REASONS = {
    **dict.fromkeys(
        # ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, ER_VIEW_INVALID,
        # ER_BAD_DB_ERROR, and ER_UNKNOWN_SEQUENCES of MariaDB
        (1054, 1146, 1305, 1356, 1049, 4091),
        Reason.MISSING,
    ),
    # ER_BAD_NULL_ERROR, ER_NO_DEFAULT_FOR_FIELD, ER_NO_DEFAULT_FOR_VIEW_FIELD
    **dict.fromkeys((1048, 1364, 1423), Reason.NOT_NULL),
    # ER_CHECK_CONSTRAINT_VIOLATED of MySQL, and ER_CONSTRAINT_FAILED of MariaDB
    **dict.fromkeys((3819, 4025), Reason.CHECK),
    # ER_DATA_TOO_LONG, ER_WARN_DATA_OUT_OF_RANGE
    **dict.fromkeys((1406, 1264), Reason.TOO_LARGE),
    # WARN_DATA_TRUNCATED, ER_TRUNCATED_WRONG_VALUE, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
    # ER_INVALID_JSON_TEXT
    **dict.fromkeys((1265, 1292, 1366, 3140), Reason.VALUE),
    # ER_NON_INSERTABLE_TABLE, and ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN of both systems
    **dict.fromkeys((1471, 1906, 3105), Reason.NOT_WRITABLE),
}
_NAME = re.compile(r"['`]([^'`]+)['`]")


def statement_error(error: BaseException) -> StatementError:
    """Return why MySQL or MariaDB has refused a statement.

    Args:
        error: The error of the driver. Its first argument is the number.
    """
    numbers = (each.args[0] for each in causes(error) if each.args)
    number = next((each for each in numbers if isinstance(each, int)), 0)
    reason, message = _REASONS.get(number, Reason.OTHER), database_message(error)
    found = _NAME.search(message.replace("CONSTRAINT ", ""))
    name = found.group(1).rpartition(".")[2] if found else ""
    return StatementError(
        reason,
        message,
        column=name if reason is Reason.NOT_NULL else "",
        constraint=name if reason is Reason.CHECK else "",
    )
