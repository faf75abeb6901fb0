"""Finds out why PostgreSQL refuses a statement, from the SQLSTATE of the error.

Source: PostgreSQL manual, appendix "PostgreSQL Error Codes". Each driver has its own attributes:
psycopg2 ``pgcode`` and ``diag``, psycopg ``sqlstate`` and ``diag``, asyncpg ``sqlstate`` and
``column_name``, pg8000 a dictionary with the fields of the protocol's message ``ErrorResponse``.
"""

from __future__ import annotations

from driftcheck.databases.messages import database_message
from driftcheck.databases.statement_errors import Reason, StatementError, causes, first_value

_REASONS = {
    **dict.fromkeys(
        # undefined column, table, object, function; invalid schema name
        ("42703", "42P01", "42704", "42883", "3F000"),
        Reason.MISSING,
    ),
    "23502": Reason.NOT_NULL,
    "23514": Reason.CHECK,
    # string data right truncation, numeric value out of range
    **dict.fromkeys(("22001", "22003"), Reason.TOO_LARGE),
    # datatype mismatch, cannot coerce
    **dict.fromkeys(("42804", "42846"), Reason.TYPE),
    # invalid text representation, invalid datetime format, datetime field overflow
    **dict.fromkeys(("22P02", "22007", "22008"), Reason.VALUE),
    **dict.fromkeys(
        # generated always; wrong object type; object not in prerequisite state: "cannot insert
        # into view"
        ("428C9", "42809", "55000"),
        Reason.NOT_WRITABLE,
    ),
}


def statement_error(error: BaseException) -> StatementError:
    """Return why PostgreSQL has refused a statement.

    Args:
        error: The error of the driver.
    """
    chain = [*causes(error)]
    places = [*(getattr(each, "diag", None) for each in chain), *chain]
    code = first_value(chain, "pgcode", "sqlstate")
    column, constraint = (first_value(places, f"{name}_name") for name in ("column", "constraint"))
    message = database_message(error)
    match error.args:
        case (dict(fields),):
            code, message = str(fields.get("C", "")), str(fields.get("M", message))
            column, constraint = str(fields.get("c", "")), str(fields.get("n", ""))
    return StatementError(_REASONS.get(code, Reason.OTHER), message, column, constraint)
