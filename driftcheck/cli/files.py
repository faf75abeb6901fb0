"""Writes report files, and files of the project, atomically where possible."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from driftcheck.errors import OutputError
from driftcheck.process import streams
from driftcheck.process.masking import masked

_LINKS_FOLLOWED = 40
_OWN_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")


def write_file(path: Path, text: str) -> None:
    """Write a report file. Passwords are masked.

    A regular file is written to a temporary file in the same directory, which then replaces it. A
    link or a special file, such as ``/dev/stdout`` or a FIFO, is written to directly.

    Raises:
        OutputError: The file cannot be written. A regular file is unchanged then.
        ReaderGoneError: The file is a pipe that nobody reads.
    """
    try:
        standard = _standard_stream(path)
        if standard is not None:
            stream = streams.out() if standard == 1 else streams.err()
            stream.write(text)
            stream.flush()
        else:
            _write(path, masked(text).encode("utf-8", errors="backslashreplace"))
    except BrokenPipeError:
        raise streams.ReaderGoneError from None
    except OSError as error:
        raise OutputError(
            f"the report cannot be written to {path}: {error.strerror}",
            hint="Name another file with --output or --format FORMAT=FILE.",
        ) from None


def write_project_file(path: Path, text: str) -> None:
    """Write a file of the project, such as ``pyproject.toml``, in the way of ``write_file``.

    The text is written as it is. A password in it belongs to the user.

    Raises:
        OutputError: The file cannot be written, and is unchanged.
    """
    try:
        _write(path, text.encode())
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}",
            hint="Check the permissions of the file and of its directory.",
        ) from None


def _write(path: Path, data: bytes) -> None:
    if _is_replaceable(path):
        _replace(path, data)
    else:
        path.write_bytes(data)


def _standard_stream(path: Path) -> int | None:
    """Return the number of the standard stream that a path leads to, such as ``/dev/stdout``.

    The path itself must not be opened: the project's code may have replaced that descriptor.

    Returns:
        1 or 2; ``None`` if the path does not lead to stdout or stderr.
    """
    for _ in range(_LINKS_FOLLOWED):
        if str(path.parent) in (*_OWN_DESCRIPTORS, f"/proc/{os.getpid()}/fd"):
            return int(path.name) if path.name in ("1", "2") else None
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def _is_replaceable(path: Path) -> bool:
    """Return whether the file does not exist, or is a regular file that can be replaced."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(mode) and os.access(path, os.W_OK)


def _replace(path: Path, data: bytes) -> None:
    """Write a temporary file, and rename it to the path."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        # os.open gives the file the usual permissions of a new file; tempfile would not.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except PermissionError:  # the directory is not writable, but the file may be
        path.write_bytes(data)
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        _move(temporary, path, data)
    finally:
        temporary.unlink(missing_ok=True)


def _move(temporary: Path, path: Path, data: bytes) -> None:
    try:
        temporary.replace(path)
    except OSError:
        if not path.is_file():
            raise
        path.write_bytes(data)  # a file that is a mount point cannot be replaced
