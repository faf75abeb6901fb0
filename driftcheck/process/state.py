"""What the process of a command tells about itself to the process that supervises it.

It is kept in memory that both share, so that it survives whatever ends the process, and needs no
file descriptor that the project's code could close. Without a supervisor nothing is kept.
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
    """A part of the shared memory: its first byte, and how many bytes it has."""

    EXIT_CODE = (0, 16)
    DOING = (16, 1008)
    REVISION = (1024, 1024)
    SPINNER = (2048, 16)
    SERVERS = (2064, 14320)
    STDERR = (16384, 1 << 16)
    STDOUT = (16384 + (1 << 16), 1 << 24)


_SIZE = 16384 + (1 << 16) + (1 << 24)
"""In bytes. The system provides a page of it only when something is written there."""


class ProcessState:
    """The shared memory, as the supervisor reads it and its child writes it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self.writer = 0

    def write(self, field: _Field, data: bytes) -> bool:
        """Write a field; only the process that runs the command may.

        Returns:
            Whether it was written whole.
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
        """Read a field; empty where nothing was written."""
        start, _ = field.value
        length = int.from_bytes(self._memory[start : start + _LENGTH_BYTES], "big")
        start += _LENGTH_BYTES
        return self._memory[start : start + length]

    @property
    def exit_code(self) -> int | None:
        """The exit code that the command came to; ``None`` before it has finished."""
        said = self.read(_Field.EXIT_CODE)
        return int(said) if said else None

    @property
    def doing(self) -> str:
        """What of the project's code was running; empty where none was."""
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
        """The files with the process numbers of the private servers that run."""
        return [Path(os.fsdecode(path)) for path in self.read(_Field.SERVERS).split(b"\0") if path]

    @property
    def output(self) -> dict[int, bytes]:
        """What is still to be written, by file descriptor."""
        return {1: self.read(_Field.STDOUT), 2: self.read(_Field.STDERR)}


_state: ProcessState | None = None


def share(state: ProcessState) -> None:
    """Write to this memory from now on, as the process that runs the command."""
    global _state  # noqa: PLW0603  (a process has one)
    _state = state
    state.writer = os.getpid()


def note_exit_code(code: int) -> None:
    """Note that the command has finished, with this exit code."""
    _write(_Field.EXIT_CODE, str(code).encode())


@contextmanager
def noted(doing: str) -> Iterator[None]:
    """Note what the project's code does meanwhile, for a message: ``running env.py``."""
    before = _state.read(_Field.DOING) if _state is not None else b""
    _write(_Field.DOING, doing.encode(errors="replace"))
    try:
        yield
    finally:
        _write(_Field.DOING, before)


def note_revision(revision: str) -> None:
    """Note the revision that runs from now on; empty where none does."""
    _write(_Field.REVISION, revision.encode(errors="replace"))


def note_spinner(*, shown: bool) -> None:
    """Note whether progress is shown on the terminal."""
    _write(_Field.SPINNER, b"1" if shown else b"0")


def note_server(pid_file: Path, *, runs: bool) -> None:
    """Note whether a private server runs, by the file that holds its process number."""
    if _state is None:
        return
    others = [os.fsencode(path) for path in _state.servers if path != pid_file]
    _write(_Field.SERVERS, b"\0".join([*others, os.fsencode(pid_file)] if runs else others))


def hand_over(descriptor: int, data: bytes) -> bool:
    """Have the supervisor write to its own stdout (1) or stderr (2) when the command has ended.

    Returns:
        Whether there is a supervisor, and room for all of it.
    """
    field = _Field.STDOUT if descriptor == 1 else _Field.STDERR
    return _state is not None and _state.write(field, _state.read(field) + data)


def _write(field: _Field, data: bytes) -> None:
    if _state is not None:
        _state.write(field, data)
