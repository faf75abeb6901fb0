"""Records the statements that each revision runs during a replay, with their lines and errors."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from sqlalchemy import Table, event
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateTable

from driftcheck.databases.messages import database_message
from driftcheck.databases.postgresql.catalog.computed_defaults import names_special_date
from driftcheck.process.state import note_revision

_DML = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b", re.IGNORECASE)
_CREATES = re.compile(r"\b(CREATE|ADD)\b", re.IGNORECASE)
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ExecutedStatement:
    """A statement that a revision ran.

    Attributes:
        revision: The identifier of the revision.
        file: The revision's file.
        line: The line that was running; ``None`` if it is not known.
        sql: The statement.
    """

    revision: str
    file: str
    line: int | None
    sql: str


@dataclass(frozen=True, slots=True)
class FirstError:
    """The first database error of a revision. Later errors may be consequences of the first."""

    statement: ExecutedStatement
    message: str


StatementWatch = Callable[[ExecutedStatement, Any], None]
"""Called with each statement after a revision has run it, and with the connection."""


class StatementLog:
    """The statements of the revision that is running.

    Statements that only read or write rows are not recorded.

    Args:
        watch: Called with each recorded statement after it has run.

    Attributes:
        revision: The identifier of the running revision; empty if none is running.
        file: The file of the running revision.
        statements: The statements that it has run so far.
        created_tables: The tables that all revisions so far created from a ``Table`` of SQLAlchemy,
            each with the statement.
        error: The first error since the revision began.
        is_disconnected: Whether the driver has reported a lost connection since then.
        names_special_date: Whether any statement of any revision so far names the present date in
            a string, such as ``'today'``.
    """

    def __init__(self, watch: StatementWatch | None = None) -> None:
        self._watch = watch
        self.revision = ""
        self.file = ""
        self.statements: list[ExecutedStatement] = []
        self.created_tables: list[tuple[ExecutedStatement, Table]] = []
        self.error: FirstError | None = None
        self.is_disconnected = False
        self.names_special_date = False
        self._index: dict[str, list[ExecutedStatement]] = defaultdict(list)
        self._indexed = 0

    def begin(self, revision: str, file: str) -> None:
        """Start the log of a revision."""
        self.end()
        self.revision, self.file = revision, file
        note_revision(revision)

    def end(self) -> None:
        """Clear the log after a revision."""
        self.revision, self.file, self.error = "", "", None
        note_revision("")
        self.is_disconnected = False
        self.statements.clear()
        self._indexed = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record the statements of all engines within the context."""
        event.listen(Engine, "before_cursor_execute", self._record_statement)
        event.listen(Engine, "handle_error", self._record_error)
        if self._watch is not None:
            event.listen(Engine, "after_cursor_execute", self._watch_statement)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._record_statement)
            event.remove(Engine, "handle_error", self._record_error)
            if self._watch is not None:
                event.remove(Engine, "after_cursor_execute", self._watch_statement)

    def creation_line(self, *names: str) -> int | None:
        """The line where the running revision creates the object with these names."""
        return creation_line(self._candidates(names[-1]), *names)

    def _candidates(self, name: str) -> Sequence[ExecutedStatement]:
        """The statements that contain the first word of a name.

        They are found in an index of words: a revision can create thousands of objects.
        """
        if self._indexed != len(self.statements):
            self._index.clear()
            for statement in self.statements:
                for word in set(_WORDS.findall(statement.sql)):
                    self._index[word].append(statement)
            self._indexed = len(self.statements)
        words = _WORDS.findall(name)
        return self._index.get(words[0], ()) if words else self.statements

    def _record_statement(
        self,
        _connection: Any,
        _cursor: Any,
        statement: str,
        _parameters: Any,
        context: Any,
        _is_many: bool,  # noqa: FBT001
    ) -> None:
        if self.revision and not _DML.match(statement):
            executed = self._executed(statement)
            self.statements.append(executed)
            self.names_special_date |= names_special_date([statement])
            ddl = getattr(getattr(context, "compiled", None), "statement", None)
            if isinstance(ddl, CreateTable):
                self.created_tables.append((executed, ddl.element))

    def _watch_statement(
        self, connection: Any, _cursor: Any, statement: str, *_arguments: Any
    ) -> None:
        if self._watch and self.revision and not _DML.match(statement):
            self._watch(self._executed(statement), connection)

    def _record_error(self, context: Any) -> None:
        self.is_disconnected |= context.is_disconnect
        if self.revision and self.error is None:
            message = database_message(context.original_exception)
            self.error = FirstError(self._executed(context.statement or ""), message)

    def _executed(self, sql: str) -> ExecutedStatement:
        return ExecutedStatement(self.revision, self.file, _running_line(self.file), sql)


def creation_line(statements: Sequence[ExecutedStatement], *names: str) -> int | None:
    """The line of the first CREATE or ADD that contains all the names.

    Later statements may contain the names too: a foreign key names the table it refers to. If no
    CREATE or ADD contains the names, the last other statement counts that does.
    """
    creating = [statement for statement in statements if _CREATES.search(statement.sql)]
    line = last_line(creating[::-1], *names)
    return last_line(statements, *names) if line is None else line


def last_line(statements: Sequence[ExecutedStatement], *names: str) -> int | None:
    """The line of the last statement that contains all the names."""
    for statement in reversed(statements):
        if all(_contains_name(statement.sql, name) for name in names):
            return statement.line
    return None


def _contains_name(sql: str, name: str) -> bool:
    return has_word(sql, name) or has_word(sql, name.replace('"', '""'))


def _running_line(file: str) -> int | None:
    """The line of a file that is running, found on the stack."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.stack() reads source files: 100 times slower)
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return None


def has_word(text: str, word: str) -> bool:
    """Whether a string contains a word, and not only as a part of a longer word."""
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
