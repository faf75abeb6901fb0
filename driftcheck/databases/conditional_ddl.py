"""DDL that runs on databases with and without the change that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DROP = re.compile(r"DROP (TABLE|VIEW|INDEX|TRIGGER|SEQUENCE|FUNCTION|PROCEDURE|EVENT) (?!IF )")
_CREATE = re.compile(r"CREATE (TABLE|VIEW|INDEX|UNIQUE INDEX|TRIGGER|SEQUENCE) (?!IF )")


@dataclass(frozen=True)
class ConditionalStatement:
    """A statement, and where it is run.

    Attributes:
        statement: SQL without a closing semicolon.
        condition: An SQL expression. The statement is run on databases for which it is true; empty
            if the statement itself does nothing where its change has been made.
    """

    statement: str
    condition: str = ""


def with_clauses(statement: str) -> str:
    """Add ``IF EXISTS`` to a statement that drops, and ``IF NOT EXISTS`` to one that creates.

    Args:
        statement: A statement in the syntax that SQLite and MariaDB share.
    """
    dropped = _DROP.sub(r"DROP \1 IF EXISTS ", statement, count=1)
    return _CREATE.sub(r"CREATE \1 IF NOT EXISTS ", dropped, count=1)


def substituted(statement: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    """Apply the first rule whose pattern matches at the start of a statement."""
    for pattern, replacement in rules:
        if pattern.match(statement):
            return pattern.sub(replacement, statement, count=1)
    return statement
