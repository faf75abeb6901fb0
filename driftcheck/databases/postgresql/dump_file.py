r"""Runs a plain SQL file as ``pg_dump`` writes it, without psql.

Such a file is not only SQL. It has commands of psql (``\restrict``, ``\connect``) and the rows of
``COPY … FROM stdin``, up to a line ``\.``.
Source: PostgreSQL manual, pg_dump and psql; src/bin/pg_dump/pg_backup_archiver.c.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from driftcheck.errors import ConfigurationError

_IGNORED_COMMANDS = frozenset(("restrict", "unrestrict", "encoding"))
_CONNECT_COMMANDS = frozenset(("connect", "c"))
_COMMAND = re.compile(r"\\(\w+|\S)")
_COPY = re.compile(r"COPY\s.*\sFROM\s+stdin\b[^;]*;\s*\Z", re.IGNORECASE | re.DOTALL)
_SET = re.compile(r"SET\s+(?:SESSION\s+)?(\w+)\s*(?:=|\sTO\s)", re.IGNORECASE)
_OF_DATABASE = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+DATABASE\s|COMMENT\s+ON\s+DATABASE\s"
    r"|(?:GRANT|REVOKE)\s.*\sON\s+DATABASE\s",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""
      (?P<string>(?<!\w)[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<dollar>(?<!\w)\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$)
    | (?P<line_comment>--[^\n]*)
    | (?P<block_comment>/\*)
    | (?P<end>;)
    | (?P<backslash>\\)
    """,
    re.VERBOSE | re.DOTALL,
)
_CREATES_SCHEMA = re.compile(
    r"CREATE\s+SCHEMA\s+(?!IF\b|AUTHORIZATION\b)"
    r'(?P<rest>(?:"(?:[^"]|"")*"|[\w$]+)(?:\s+AUTHORIZATION\s+[^\s;]+)?\s*;?)\Z',
    re.IGNORECASE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Part:
    """A part of a dump that runs at once.

    Attributes:
        line: The number of its first line.
        statement: One statement with its semicolon, or a command of psql.
        rows: The rows that follow a ``COPY … FROM stdin``, else empty.
    """

    line: int
    statement: str
    rows: str = ""


def run_dump(connection: Any, text: str) -> None:
    """Run a dump in a database.

    Statements about a database as a whole are left out: they name the database that was dumped.
    A ``SET`` of a parameter that the server does not know is left out too: ``pg_dump`` writes it
    for newer servers. A schema that exists is not created: a new database has the schema public,
    which ``pg_dump --schema public`` creates.

    Args:
        connection: An open psycopg2 connection.
        text: The dump.

    Raises:
        ConfigurationError: The file has a command of psql that no dump has, or the dumps of
            several databases.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_catalog.pg_settings")
        known = {str(name).lower() for (name,) in cursor.fetchall()}
        for part in _parts_to_run(text, known):
            if part.rows or _COPY.match(_without_comments(part.statement).strip()):
                cursor.copy_expert(part.statement, io.StringIO(part.rows))
            else:
                cursor.execute(part.statement)


def _parts_to_run(text: str, known: set[str]) -> Iterator[Part]:
    databases: set[str] = set()
    for part in parts(text):
        bare = _without_comments(part.statement).strip()
        if command := _COMMAND.match(bare):
            if command[1] in _CONNECT_COMMANDS:
                databases.add(bare)
            _require_known_command(part.line, command[1], databases)
            continue
        setting = _SET.match(bare)
        is_unknown = setting is not None and setting[1].lower() not in {*known, "role", "session"}
        if created := _CREATES_SCHEMA.match(bare):
            yield replace(part, statement=f"CREATE SCHEMA IF NOT EXISTS {created['rest']}")
        elif not is_unknown and not _OF_DATABASE.match(bare):
            yield part


def _require_known_command(line: int, command: str, databases: set[str]) -> None:
    if len(databases) > 1:
        raise ConfigurationError(
            f"line {line} connects to another database: the file has several databases",
            hint="Dump one database: pg_dump --schema-only --no-owner DATABASE",
        )
    if command not in _IGNORED_COMMANDS | _CONNECT_COMMANDS:
        raise ConfigurationError(
            f"line {line} has the psql command \\{command}, which driftcheck does not run",
            hint="Use plain SQL as pg_dump writes it, or 'command: psql -f FILE'.",
        )


def parts(text: str) -> Iterator[Part]:
    """Split a dump into statements, commands of psql, and rows.

    A semicolon within a body that the server parses (``BEGIN ATOMIC … END``) or within parentheses
    (``CREATE RULE … DO (…; …)``) does not end the statement, as in psql.
    """
    position, line = 0, 1
    while position < len(text):
        end = _end_of_part(text, position)
        statement = text[position:end]
        blank = len(statement) - len(statement.lstrip())
        first_line = line + statement.count("\n", 0, blank)
        start, position = position, end
        rows = ""
        if _COPY.match(_without_comments(statement).strip()):
            rows, position = _rows(text, position)
        line += text.count("\n", start, position)
        if _without_comments(statement).strip():
            yield Part(first_line, statement.strip(), rows)


def _end_of_part(text: str, start: int) -> int:
    """Return where the statement or the command of psql that begins at ``start`` ends."""
    position = start
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end()
        if token["block_comment"]:
            position = _end_of_comment(text, position)
        elif token["backslash"] and _begins_line(text, token.start()):
            before = text[start : token.start()]
            if _without_comments(before).strip():
                return token.start()
            return _end_of_line(text, position)
        elif token["end"] and _is_complete(text[start:position]):
            return position
    return len(text)


def _is_complete(statement: str) -> bool:
    """Whether a semicolon at the end of a text ends the statement."""
    bare = _without_quotes(statement)
    if bare.count("(") > bare.count(")"):
        return False
    words = [word.upper() for word in re.findall(r"[^\W\d]\w*", bare)]
    if words[:1] != ["CREATE"] or "BEGIN" not in words:
        return True
    body = words[words.index("BEGIN") :]
    return body.count("BEGIN") + body.count("CASE") <= body.count("END")


def _without_comments(text: str) -> str:
    return _replaced(text, comments_only=True)


def _without_quotes(text: str) -> str:
    return _replaced(text, comments_only=False)


def _replaced(text: str, *, comments_only: bool) -> str:
    """Return a text with a space in place of each comment and, unless excluded, each quotation."""
    kept: list[str] = []
    position = 0
    while (token := _TOKEN.search(text, position)) is not None:
        kept.append(text[position : token.start()])
        position = token.end()
        if token["block_comment"]:
            position = _end_of_comment(text, position)
            kept.append(" ")
        elif token["line_comment"]:
            kept.append(" ")
        elif token["string"] or token["dollar"]:
            kept.append(token[0] if comments_only else " ")
        else:
            kept.append(token[0])
    return "".join((*kept, text[position:]))


def _end_of_comment(text: str, position: int) -> int:
    """Return the end of a block comment. Block comments nest in PostgreSQL."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, position)) is not None:
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


def _begins_line(text: str, position: int) -> bool:
    return not text[text.rfind("\n", 0, position) + 1 : position].strip()


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _rows(text: str, position: int) -> tuple[str, int]:
    r"""Return the rows after a ``COPY … FROM stdin``, and the end of the line ``\.``."""
    start = _end_of_line(text, position)
    end = re.compile(r"^\\\.\r?$", re.MULTILINE).search(text, start)
    if end is None:
        return text[start:], len(text)
    return text[start : end.start()], _end_of_line(text, end.start())
