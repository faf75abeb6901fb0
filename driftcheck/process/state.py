"""The state of a command's process, in memory that it shares with its supervisor.

Shared memory survives every end of the process, and needs no file descriptor that the project's
code could close. Without a supervisor, no state is kept.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

_LENGTH_BYTES = 4


class _Field(Enum):
    """A part of the shared memory: the offset of its first byte, and its size in bytes."""

    EXIT_CODE = (0, 16)
    DOING = (16, 1008)
    REVISION = (1024, 1024)
    SPINNER = (2048, 16)
    SERVERS = (2064, 14320)
    STDERR = (16384, 1 << 16)
    STDOUT = (16384 + (1 << 16), 1 << 24)


_SIZE = 16384 + (1 << 16) + (1 << 24)
"""In bytes. The system allocates a page only when it is written."""


class ProcessState:
    """The shared memory. The supervisor reads it, and its child writes it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self.writer = 0

    def write(self, field: _Field, data: bytes) -> bool:
        """Write a field. In a process that is not the writer, this does nothing.

        Returns:
            Whether all data was written.
        """
        start, size = field.value
        room = size - _LENGTH_BYTES
        if os.getpid() != self.writer:  # a process that the project's code has forked
            return False
        kept = data[:room]
        self._memory[start : start + _LENGTH_BYTES] = len(kept).to_bytes(_LENGTH_BYTES, "big")
        start += _LENGTH_BYTES
        self._memory[start : start + len(kept)] = kept
        return len(kept) == len(data)

    def read(self, field: _Field) -> bytes:
        """Return the data of a field; empty if nothing was written."""
        start, _ = field.value
        length = int.from_bytes(self._memory[start : start + _LENGTH_BYTES], "big")
        start += _LENGTH_BYTES
        return self._memory[start : start + length]

    @property
    def exit_code(self) -> int | None:
        """The exit code of the command; ``None`` before it has finished."""
        code = self.read(_Field.EXIT_CODE)
        return int(code) if code else None

    @property
    def doing(self) -> str:
        """The activity of the project's code, such as ``running env.py``; empty for none."""
        doing, revision = (
            self.read(field).decode(errors="replace") for field in (_Field.DOING, _Field.REVISION)
        )
        return f"{doing} (revision {revision})" if doing and revision else doing

    @property
    def has_spinner(self) -> bool:
        """Whether progress is shown on the terminal, and its cursor hidden."""
        return self.read(_Field.SPINNER) == b"1"

    @property
    def servers(self) -> list[Path]:
        """The PID files of the running private servers."""
        return [Path(os.fsdecode(path)) for path in self.read(_Field.SERVERS).split(b"\0") if path]

    @property
    def output(self) -> dict[int, bytes]:
        """The output that the supervisor must write, by file descriptor."""
        return {1: self.read(_Field.STDOUT), 2: self.read(_Field.STDERR)}


_state: ProcessState | None = None


def share(state: ProcessState) -> None:
    """Use this memory, as the process that runs the command."""
    global _state  # noqa: PLW0603  (a process has one)
    _state = state
    state.writer = os.getpid()


def note_exit_code(code: int) -> None:
    """Record the exit code of the finished command."""
    _write(_Field.EXIT_CODE, str(code).encode())


@contextmanager
def noted(doing: str) -> Iterator[None]:
    """Record the activity of the project's code within this context, such as ``running env.py``."""
    before = _state.read(_Field.DOING) if _state is not None else b""
    _write(_Field.DOING, doing.encode(errors="replace"))
    try:
        yield
    finally:
        _write(_Field.DOING, before)


def note_revision(revision: str) -> None:
    """Record the revision that is being run; empty for none."""
    _write(_Field.REVISION, revision.encode(errors="replace"))


def note_spinner(*, shown: bool) -> None:
    """Record whether progress is shown on the terminal."""
    _write(_Field.SPINNER, b"1" if shown else b"0")


def note_server(pid_file: Path, *, runs: bool) -> None:
    """Record whether a private server is running, by its PID file."""
    if _state is None:
        return
    others = [os.fsencode(path) for path in _state.servers if path != pid_file]
    _write(_Field.SERVERS, b"\0".join([*others, os.fsencode(pid_file)] if runs else others))


def hand_over(descriptor: int, data: bytes) -> bool:
    """Have the supervisor write data to its stdout (1) or stderr (2) after the command has ended.

    Returns:
        Whether there is a supervisor, and enough memory for the data.
    """
    field = _Field.STDOUT if descriptor == 1 else _Field.STDERR
    return _state is not None and _state.write(field, _state.read(field) + data)


def _write(field: _Field, data: bytes) -> None:
    if _state is not None:
        _state.write(field, data)
