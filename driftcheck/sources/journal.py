"""Writes down what each revision does while a history is replayed: statements, lines, errors."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from driftcheck.databases.messages import database_message
from driftcheck.process.state import note_revision

_READS_OR_WRITES_ROWS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b", re.IGNORECASE)
_MAKES = re.compile(r"\b(CREATE|ADD)\b", re.IGNORECASE)
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement that a revision ran, and the line of its file that it came from."""

    revision: str
    file: str
    line: int | None
    statement: str


@dataclass(frozen=True, slots=True)
class FirstError:
    """The first error of a database within a revision: later ones may only follow from it."""

    entry: Entry
    message: str


Watch = Callable[[Entry, Any], None]
"""Told of each statement that a revision has run, and of the connection on which it ran."""


class Journal:
    """What happens between the beginning and the end of each revision.

    Args:
        watch: Told of each statement, but those that only read or write rows.

    Attributes:
        revision: The revision that runs now; empty between them.
        file: Its file.
        entries: Its statements so far, without those that only read or write rows.
        error: The first error since the revision began.
        is_disconnected: Whether a connection was lost since then, as the driver tells.
    """

    def __init__(self, watch: Watch | None = None) -> None:
        self._watch = watch
        self.revision = ""
        self.file = ""
        self.entries: list[Entry] = []
        self.error: FirstError | None = None
        self.is_disconnected = False
        self._index: dict[str, list[Entry]] = defaultdict(list)
        self._indexed = 0

    def begin(self, revision: str, file: str) -> None:
        """A revision begins."""
        self.end()
        self.revision, self.file = revision, file
        note_revision(revision)

    def end(self) -> None:
        """A revision has ended."""
        self.revision, self.file, self.error = "", "", None
        note_revision("")
        self.is_disconnected = False
        self.entries.clear()
        self._indexed = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Listen to every engine meanwhile."""
        event.listen(Engine, "before_cursor_execute", self._note_statement)
        event.listen(Engine, "handle_error", self._note_error)
        if self._watch is not None:
            event.listen(Engine, "after_cursor_execute", self._watch_statement)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._note_statement)
            event.remove(Engine, "handle_error", self._note_error)
            if self._watch is not None:
                event.remove(Engine, "after_cursor_execute", self._watch_statement)

    def line_where_made(self, *names: str) -> int | None:
        """The line where the running revision makes what has these names."""
        return line_where_made(self._mentioning(names[-1]), *names)

    def _mentioning(self, name: str) -> Sequence[Entry]:
        """The entries that may name something: a revision can make thousands of things."""
        if self._indexed != len(self.entries):
            self._index.clear()
            for entry in self.entries:
                for word in set(_WORDS.findall(entry.statement)):
                    self._index[word].append(entry)
            self._indexed = len(self.entries)
        words = _WORDS.findall(name)
        return self._index.get(words[0], ()) if words else self.entries

    def _note_statement(
        self, _connection: Any, _cursor: Any, statement: str, *_arguments: Any
    ) -> None:
        if self.revision and not _READS_OR_WRITES_ROWS.match(statement):
            self.entries.append(self._entry(statement))

    def _watch_statement(
        self, connection: Any, _cursor: Any, statement: str, *_arguments: Any
    ) -> None:
        if self._watch and self.revision and not _READS_OR_WRITES_ROWS.match(statement):
            self._watch(self._entry(statement), connection)

    def _note_error(self, context: Any) -> None:
        self.is_disconnected |= context.is_disconnect
        if self.revision and self.error is None:
            message = database_message(context.original_exception)
            self.error = FirstError(self._entry(context.statement or ""), message)

    def _entry(self, statement: str) -> Entry:
        return Entry(self.revision, self.file, _line_in(self.file), statement)


def line_where_made(entries: Sequence[Entry], *names: str) -> int | None:
    """The line of the first statement that makes something and has all the names in it.

    Later ones may name it too: a table that refers to it.
    """
    making = [entry for entry in entries if _MAKES.search(entry.statement)]
    line = line_of(making[::-1], *names)
    return line_of(entries, *names) if line is None else line


def line_of(entries: Sequence[Entry], *names: str) -> int | None:
    """The line of the last statement that has all the names in it."""
    for entry in reversed(entries):
        if all(_is_named(entry.statement, name) for name in names):
            return entry.line
    return None


def _is_named(statement: str, name: str) -> bool:
    return has_word(statement, name) or has_word(statement, name.replace('"', '""'))


def _line_in(file: str) -> int | None:
    """The line that a file has got to, somewhere up the stack."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.stack() reads source files: 100 times slower)
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return None


def has_word(text: str, word: str) -> bool:
    """Whether a name stands in a text on its own, not inside a longer one."""
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
