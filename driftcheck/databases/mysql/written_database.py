"""Finds the database in which a statement writes, if the statement names one.

A database is a schema in MySQL, so a table in another database of the server needs only another
name: ``CREATE TABLE shop.boxes``.
"""

from __future__ import annotations

import re

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_HIDDEN = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|/\*(?![!M]).*?\*/|--\s[^\n]*|\#[^\n]*",
    re.DOTALL,
)
"""Strings and comments. The server runs what is in ``/*! … */`` and ``/*M! … */``."""
_KIND = r"(?:TABLES?|INTO|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|TO)"
_WORDS = r"(?:(?:IF(?:\s+NOT)?\s+EXISTS|LOW_PRIORITY|QUICK|IGNORE)\s+)*"
_FIRST_WORD = r"(?:TRUNCATE|REPLACE|INSERT)"
_CHANGES_ROWS = r"(?:(?<!KEY\s)UPDATE|DELETE\s+(?:\w+\s+)*?FROM)"
_QUALIFIED = re.compile(
    rf"(?:\b{_KIND}|\A\s*{_FIRST_WORD}|\b{_CHANGES_ROWS})\s+{_WORDS}(?P<first>{_NAME})\s*\.\s*{_NAME}"
    rf"|\A\s*DROP\s+(?:TABLE|VIEW)\b.*?,\s*(?P<further>{_NAME})\s*\.\s*{_NAME}"
    rf"|\A\s*(?:CREATE|DROP)\s[^(]*?\bINDEX\b[^(]*?\sON\s+(?P<table>{_NAME})\s*\.\s*{_NAME}"
    rf"|\bSET\s+(?P<assigned>{_NAME})\s*\.\s*{_NAME}\s*\.\s*{_NAME}\s*="
    rf"|\A\s*USE\s+(?P<used>{_NAME})",
    re.IGNORECASE | re.DOTALL,
)
_READS = re.compile(r"\A\s*(?:SELECT|SHOW|DESCRIBE|DESC|EXPLAIN|SET)\b", re.IGNORECASE)


def databases_written(statement: str) -> tuple[str, ...]:
    """Return the databases that a statement names and in which it writes.

    Args:
        statement: The SQL of one statement.
    """
    bare = _HIDDEN.sub(" ", statement)
    if _READS.match(bare):
        return ()
    found = (match[match.lastgroup or 0] for match in _QUALIFIED.finditer(bare))
    return tuple(dict.fromkeys(_unquoted(name) for name in found))


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
