"""The original standard streams of the process, protected from the project's code.

The command line duplicates the streams when it starts. After that, only text that is written to
``out()`` and ``err()`` reaches stdout and stderr. The project's code may replace, close and write
to ``sys.stdout``, ``sys.stderr`` and the file descriptors 1 and 2. Passwords are masked.
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
_DEFAULT_WIDTH = 80
_log = logging.getLogger(__name__)


class ReaderGoneError(Exception):
    """The reader of stdout has closed the pipe, as ``head`` does."""


class _Descriptor(io.RawIOBase):
    """A duplicate of a file descriptor that notices if the duplicate has been closed or replaced.

    Args:
        number: The file descriptor.
        optional: Whether output that cannot be written is discarded without an error.
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
        """Write all data.

        Raises:
            ReaderGoneError: The descriptor is a pipe that nobody reads.
            OutputError: The data cannot be written.
        """
        rest = bytes(data)
        if self._optional:
            with suppress(OSError):
                os.write(self._number if self.is_kept else -1, rest)
            return len(data)
        if not self.is_kept:
            if not hand_over(self._standard, rest):
                raise self._error("the project's code has closed the stream")
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
        """Whether the descriptor still refers to the same file: daemons close all descriptors."""
        try:
            return os.path.samestat(os.fstat(self._number), self._file)
        except OSError:
            return False

    def _error(self, reason: str) -> OutputError:
        return OutputError(
            f"cannot write to {_NAMES[self._standard]}: {reason}",
            hint="Name a file with --output or --format FORMAT=FILE.",
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
        """Whether the descriptor still refers to the original file."""
        return self._descriptor.is_kept

    def write(self, text: str) -> int:
        """Write a text with masked passwords. Errors are those of ``_Descriptor.write``."""
        super().write(masked(text))
        return len(text)


_kept: tuple[TextIO, TextIO] | None = None


def keep() -> None:
    """Protect the standard streams of this process, and learn the passwords in its arguments."""
    global _kept  # noqa: PLW0603  (a process has one pair)
    learn_environment()
    for argument in sys.argv:
        learn_text(argument)
    with suppress(RuntimeError):  # the user has no home directory
        learn_password_file(Path.home() / ".pgpass")
    outlet, errors = _Descriptor(1), _Descriptor(2)
    _kept = Outlet(outlet, sys.stdout.encoding), Outlet(errors, sys.stderr.encoding)
    sys.stdout, sys.stderr = _kept
    # C libraries write to descriptor 2: libpq prints warnings of the server while it connects.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def are_kept() -> bool:
    """Return whether ``keep`` was called: the process is that of the command line."""
    return _kept is not None


def out() -> TextIO:
    """Return the original stdout of the process."""
    return sys.stdout if _kept is None else _kept[0]


def err() -> TextIO:
    """Return the original stderr of the process."""
    return sys.stderr if _kept is None else _kept[1]


def warn(text: str) -> None:
    """Write a warning to stderr, or to the log of a program that imports driftcheck.

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
    """Return a separate stream to stderr that ignores errors, for the display of progress."""
    stream = err()
    return Outlet(_Descriptor(stream.fileno(), optional=True), stream.encoding)


def width_of(stream: TextIO) -> int:
    """Return the width of the terminal of a stream, in columns."""
    with suppress(ValueError):
        columns = int(os.environ.get("COLUMNS", ""))
        if columns > 0:
            return columns
    with suppress(OSError):
        columns = os.get_terminal_size(stream.fileno()).columns
        if columns > 0:
            return columns
    return _DEFAULT_WIDTH


def require_open() -> None:
    """End the process if stdout or stderr is closed: the result could not be written.

    Files and connections that are opened later would also get the number of the closed descriptor.
    For this reason, a closed stdin is replaced by the null device.
    """
    if not _is_open(0):
        os.open(os.devnull, os.O_RDONLY)  # takes the lowest free number
    if not _is_open(2):
        os._exit(ExitCode.CANNOT_CHECK)
    if not _is_open(1):
        os.write(
            2, b"driftcheck: stdout is closed\nTo discard the output, redirect it to /dev/null.\n"
        )
        os._exit(ExitCode.CANNOT_CHECK)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
