"""Runs a plain SQL file as ``mysqldump`` and ``mariadb-dump`` write it, without the client.

Such a file is not only SQL: ``DELIMITER`` is a command of the client. A file that names a database
to work in is refused, because this would be another database than the shadow.
Source: MySQL manual, "mysql Client Commands" and "Comments".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from driftcheck.databases.mysql.written_database import databases_written
from driftcheck.errors import ConfigurationError

_SKIPPED = (
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`"
    r"|/\*.*?\*/|--(?=\s|\Z)[^\n]*|\#[^\n]*"
)
_COMMAND = r"^[ \t]*DELIMITER[ \t]+(?P<delimiter>\S+)[^\n]*"
_COMMENTS = re.compile(r"/\*(?!M?!).*?\*/|--(?=\s|\Z)[^\n]*|\#[^\n]*", re.DOTALL)
_NOTHING_TO_RUN = 1065
"""The error for a statement that is only a comment for servers of another version."""


def run_dump(connection: Any, text: str) -> None:
    """Run a dump in a database.

    Args:
        connection: An open DB-API connection.
        text: The dump.

    Raises:
        ConfigurationError: The dump writes in a database that it names.
    """
    with connection.cursor() as cursor:
        for statement in statements(text):
            for name in databases_written(statement):
                raise ConfigurationError(
                    f"a statement names the database {name}",
                    hint="Dump one database without its name: mysqldump DATABASE, and not "
                    "mysqldump --databases DATABASE.",
                )
            try:
                cursor.execute(statement)
            except Exception as error:
                if error.args[:1] != (_NOTHING_TO_RUN,):
                    raise


def statements(text: str) -> Iterator[str]:
    """Yield the statements of a dump, without delimiters and without those that are comments."""
    token = _token_before(";")
    start = position = 0
    while (found := token.search(text, position)) is not None:
        position = found.end()
        if found["end"]:
            yield from _statement(text[start : found.start()])
            start = position
        elif found["delimiter"] and not [*_statement(text[start : found.start()])]:
            token = _token_before(found["delimiter"])
            start = position
    yield from _statement(text[start:])


def _token_before(delimiter: str) -> re.Pattern[str]:
    """Return what finds the end of a statement, and all in which it does not end."""
    parts = f"{_SKIPPED}|{_COMMAND}|(?P<end>{re.escape(delimiter)})"
    return re.compile(parts, re.IGNORECASE | re.DOTALL | re.MULTILINE)


def _statement(text: str) -> Iterator[str]:
    if _COMMENTS.sub("", text).strip():
        yield text.strip()
