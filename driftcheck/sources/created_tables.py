"""Finds the tables that a history needs and that none of its revisions creates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_MISSING_TABLE = re.compile(
    r"relation \"(?:[^\".]+\.)?([^\".]+)\" does not exist"  # PostgreSQL
    r"|no such table: (?:\w+\.)?(\w+)"  # SQLite
    r"|[Tt]able '(?:[^'.]+\.)?([^'.]+)'(?: doesn't exist)?$",  # MySQL, MariaDB
    re.MULTILINE,
)
_MISSING_SCHEMA = re.compile(r'schema "([^"]+)" does not exist')
_NAME_AFTER = (
    r"\b(?:TABLE|REFERENCES|INTO|UPDATE|ON|FROM|JOIN)\s+(?:ONLY\s+)?"
    r"(?:[\"`]?{schema}[\"`]?\.)?[\"`]?"
)
_CREATED_OTHERWISE = re.compile(
    r"create_all|\.create\(|\bopen\(|read_text|\bcreate_table\(\s*(?![\"'\s])", re.IGNORECASE
)
"""What may create a table whose name is not in the text of a revision."""


def table_of_no_revision(message: str, statement: str, files: Iterable[Path]) -> str:
    """Return the table whose absence made a statement fail, if no revision creates it.

    A history of this kind starts from an existing schema.

    Args:
        message: The message of the database.
        statement: The statement of a revision.
        files: The files of all revisions.

    Returns:
        An empty string if another object is missing, or if a revision creates the table or may
        create it.
    """
    named = [*_tables_in(message, statement)]
    if not named:
        return ""
    try:
        texts = [file.read_text(encoding="utf-8") for file in files]
    except (OSError, UnicodeDecodeError):
        return ""
    if any(_CREATED_OTHERWISE.search(text) for text in texts):
        return ""
    missing = (name for name in named if not any(_may_create(text, name) for text in texts))
    return next(missing, "")


def _tables_in(message: str, statement: str) -> Iterator[str]:
    """Yield the tables that are missing: of a missing schema, those that a statement refers to."""
    missing = _MISSING_TABLE.search(message)
    if missing is not None:
        name = next(filter(None, missing.groups()))
        used = _NAME_AFTER.format(schema=r"\w+") + re.escape(name) + r"(?!\w)"
        if re.search(used, statement, re.IGNORECASE):
            yield name
    schema = _MISSING_SCHEMA.search(message)
    if schema is not None:
        referred = rf"\bREFERENCES\s+\"?{re.escape(schema[1])}\"?\.\"?(\w+)"
        yield from re.findall(referred, statement, re.IGNORECASE)


def _may_create(text: str, table: str) -> bool:
    """Whether a text has a name after a word that creates or renames a table."""
    name = re.escape(table)
    return (
        re.search(
            rf"create_table\(\s*[\"']{name}[\"']"
            rf"|rename_table\([^)]*[\"']{name}[\"']"
            rf"|\b(?:CREATE|RENAME|INTO)\b[^;]*?(?<!\w){name}(?!\w)",
            text,
            re.IGNORECASE,
        )
        is not None
    )
