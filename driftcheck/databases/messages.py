"""The message of a database error, without the driver's additions."""

from __future__ import annotations

import re

_LACKS_RIGHTS = re.compile(
    r"permission denied|must be (?:the )?(?:owner|superuser|member|able to)|must have \w+ "
    r"|only (?:superusers?|roles) |not authorized",
    re.IGNORECASE,
)
_DRIVER_CLASS = re.compile(r"\A<class '[^']+'>: ")  # asyncpg's errors, as SQLAlchemy renders them
_ACTIVE_SQL_TRANSACTION = "25001"
"""Source: PostgreSQL manual, appendix "PostgreSQL Error Codes"."""
_OF_STATEMENTS = frozenset(("0A", "22", "23", "2B", "3F", "42"))
"""The classes of errors that a statement itself has: unsupported features, data, constraints,
dependent objects, schema names, and names, syntax and rights. Source: as above."""


def database_message(error: BaseException) -> str:
    """Return the server's message, without the driver's name, the position or the statement."""
    diagnostics = getattr(error, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    if primary:
        return str(primary)
    match getattr(error, "args", ()):
        case (int(), str(message)):  # MySQL's drivers pass the error number first
            return message
        case ({"M": str(message)},):  # pg8000 passes the fields of the protocol's ErrorResponse
            return message
    text = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return _DRIVER_CLASS.sub("", text)


def lacks_rights(message: str) -> bool:
    """Return whether a message says that the user lacks a privilege.

    In a restricted shadow, such a message does not apply to other databases.
    """
    return _LACKS_RIGHTS.search(message) is not None


def is_refused_in_transaction(error: BaseException | None) -> bool:
    """Return whether an error of a driver says that a statement cannot run in a transaction block.

    PostgreSQL refuses ``CREATE INDEX CONCURRENTLY`` and others there.
    """
    return _code(error) == _ACTIVE_SQL_TRANSACTION


def is_of_statement(error: BaseException | None) -> bool:
    """Return whether an error of a driver comes from the statement and the schema alone.

    The same statement on the same schema then leads to the same error. Other errors may have a
    cause that passes, such as a full disk.
    """
    return _code(error)[:2] in _OF_STATEMENTS


def _code(error: BaseException | None) -> str:
    """Return the SQLSTATE of an error; an empty string if its driver does not give it."""
    match getattr(error, "args", ()):
        case ({"C": str(code)},):  # pg8000 passes the fields of the protocol's ErrorResponse
            return code
    return str(getattr(error, "pgcode", None) or getattr(error, "sqlstate", None) or "")
