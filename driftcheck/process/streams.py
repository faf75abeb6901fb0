"""The standard streams that the process was given, kept from whatever the project's code does.

The command line keeps them when it starts. From then on only what is written to ``out()`` and
``err()`` reaches stdout and stderr: ``sys.stdout``, ``sys.stderr`` and the file descriptors 1 and 2
are the project's code's to replace, close and write to. What is written has no password in it.
"""

from __future__ import annotations

import io
import logging
import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from driftcheck.errors import ExitCode, OutputError
from driftcheck.process.masking import learn_environment, learn_password_file, learn_text, masked
from driftcheck.process.state import hand_over

_NAMES = {1: "stdout", 2: "stderr"}
_USUAL_WIDTH = 80
_log = logging.getLogger(__name__)


class ReaderGoneError(Exception):
    """Whoever reads stdout has read enough, as ``head`` does."""


class _Descriptor(io.RawIOBase):
    """A duplicate of a file descriptor, known again by the file that it leads to.

    Args:
        number: The file descriptor.
        optional: Whether what cannot be written is left out, and no error.
    """

    def __init__(self, number: int, *, optional: bool = False) -> None:
        self._standard = number
        self._optional = optional
        self._number = os.dup(number)
        self._file = os.fstat(self._number)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        """Write all of it, or raise an error.

        Raises:
            ReaderGoneError: It is a pipe that nobody reads.
            OutputError: It cannot be written.
        """
        rest = bytes(data)
        if self._optional:
            with suppress(OSError):
                os.write(self._number if self.is_kept else -1, rest)
            return len(data)
        if not self.is_kept:
            if not hand_over(self._standard, rest):
                raise self._error("the project's code has closed it")
            return len(data)
        try:
            while rest:
                rest = rest[self._write_some(rest) :]
        except BrokenPipeError:
            raise ReaderGoneError from None
        except OSError as error:
            raise self._error(error.strerror or str(error)) from None
        return len(data)

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._number, data)
        except BlockingIOError:
            select.select([], [self._number], [])
            return 0

    @property
    def is_kept(self) -> bool:
        """Whether the number still leads to the same file: all may be closed, as daemons do."""
        try:
            return os.path.samestat(os.fstat(self._number), self._file)
        except OSError:
            return False

    def _error(self, reason: str) -> OutputError:
        return OutputError(
            f"cannot write to {_NAMES[self._standard]}: {reason}",
            hint="Name a file with --output or --format FORM=FILE.",
        )


class Outlet(io.TextIOWrapper):
    """A text stream that masks passwords."""

    def __init__(self, descriptor: _Descriptor, encoding: str) -> None:
        self._descriptor = descriptor
        super().__init__(
            io.BufferedWriter(descriptor),
            encoding=encoding,
            errors="backslashreplace",
            write_through=True,
        )

    @property
    def is_kept(self) -> bool:
        """Whether what is written still arrives where it did at first."""
        return self._descriptor.is_kept

    def write(self, text: str) -> int:
        """Write a text with its passwords masked; see ``_Descriptor.write`` for errors."""
        super().write(masked(text))
        return len(text)


_kept: tuple[TextIO, TextIO] | None = None


def keep() -> None:
    """Keep the standard streams of this process, and learn which passwords it was given."""
    global _kept  # noqa: PLW0603  (a process has one pair)
    learn_environment()
    for argument in sys.argv:
        learn_text(argument)
    with suppress(RuntimeError):  # the user has no home
        learn_password_file(Path.home() / ".pgpass")
    outlet, errors = _Descriptor(1), _Descriptor(2)
    _kept = Outlet(outlet, sys.stdout.encoding), Outlet(errors, sys.stderr.encoding)
    sys.stdout, sys.stderr = _kept
    # Libraries written in C write there: libpq prints warnings of the server while it connects.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def are_kept() -> bool:
    """Whether this process is the command line's, and keeps its streams."""
    return _kept is not None


def out() -> TextIO:
    """The stdout that the process was given."""
    return sys.stdout if _kept is None else _kept[0]


def err() -> TextIO:
    """The stderr that the process was given."""
    return sys.stderr if _kept is None else _kept[1]


def warn(text: str) -> None:
    """Write a warning to stderr; in a program that imports driftcheck, log it.

    Args:
        text: One sentence, without a full stop.
    """
    if not are_kept():
        _log.warning("driftcheck: %s", text)
        return
    with suppress(ReaderGoneError, OutputError):
        err().write(f"driftcheck: {text}\n")
        err().flush()


def progress_stream() -> Outlet:
    """A stream of its own to stderr, where an error is none: what it shows is soon out of date."""
    stream = err()
    return Outlet(_Descriptor(stream.fileno(), optional=True), stream.encoding)


def width_of(stream: TextIO) -> int:
    """The width of the terminal that a stream leads to, in columns."""
    with suppress(ValueError):
        columns = int(os.environ.get("COLUMNS", ""))
        if columns > 0:
            return columns
    with suppress(OSError):
        columns = os.get_terminal_size(stream.fileno()).columns
        if columns > 0:
            return columns
    return _USUAL_WIDTH


def require_open() -> None:
    """End the process where stdout or stderr is closed: then nobody could be told what was found.

    Files and connections that are opened later would get the number of the closed one besides. A
    closed stdin is opened on nothing for that reason.
    """
    if not _is_open(0):
        os.open(os.devnull, os.O_RDONLY)  # takes the lowest free number
    if not _is_open(2):
        os._exit(ExitCode.CANNOT_CHECK)
    if not _is_open(1):
        os.write(2, b"driftcheck: stdout is closed\nSend what is not wanted to /dev/null.\n")
        os._exit(ExitCode.CANNOT_CHECK)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
