"""Answers code that asks for the live database on its server, or that creates it if it is missing.

An example is ``database_exists()`` and ``create_database()`` of SQLAlchemy-Utils. In place of the
live database there is a shadow database with another name, so the server of the shadow would
answer that the live database does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_CREATES = re.compile(
    r"\s*CREATE\s+DATABASE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(?:\"(?P<quoted>(?:[^\"]|\"\")+)\"|`(?P<backquoted>[^`]+)`|(?P<bare>[\w$]+))",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NO_OPERATION = "SELECT 1"


def created_database(statement: str) -> str:
    """Return the name of the database that a statement creates; empty if it creates none."""
    match = _CREATES.match(statement)
    if match is None:
        return ""
    quoted = match["quoted"]
    if quoted is not None:
        return quoted.replace('""', '"')
    return str(match["backquoted"] or match["bare"])


def without_creation(statement: str, databases: Collection[str]) -> str:
    """Return a statement without an effect in place of one that creates a live database.

    Args:
        statement: The SQL.
        databases: The names of the live databases.
    """
    return _NO_OPERATION if created_database(statement) in databases else statement


def renamed(
    statement: str, parameters: Any, databases: Collection[str], shadow: str
) -> tuple[str, Any]:
    """Return a query with the name of a shadow in place of the names of live databases.

    Args:
        statement: The SQL. Names in string literals are replaced.
        parameters: Its parameters.
        databases: The names of the live databases.
        shadow: The name of the shadow.
    """

    def replaced(literal: re.Match[str]) -> str:
        is_live = literal[0][1:-1].replace("''", "'") in databases
        return f"'{shadow}'" if is_live else literal[0]

    return _LITERAL.sub(replaced, statement), _renamed_parameters(parameters, databases, shadow)


def _renamed_parameters(value: Any, databases: Collection[str], shadow: str) -> Any:
    if isinstance(value, str):
        return shadow if value in databases else value
    if isinstance(value, Mapping):
        return {k: _renamed_parameters(v, databases, shadow) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_renamed_parameters(each, databases, shadow) for each in value)
    return value
