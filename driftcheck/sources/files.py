"""Lists the files of a history, and detects changes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing Alembic takes longer than a quick check
    from alembic.script import ScriptDirectory

_NOT_SOURCE = ("__pycache__",)


def history_files(script: ScriptDirectory) -> list[Path]:
    """All files of the migrations directory and of the version locations."""
    return files_in(source_directories(script))


def source_directories(script: ScriptDirectory) -> list[Path]:
    """The migrations directory and the version locations."""
    return sorted({Path(script.dir).resolve(), *version_locations(script)})


def version_locations(script: ScriptDirectory) -> list[Path]:
    """The version locations, as absolute paths."""
    locations = script._version_locations  # noqa: SLF001  (public only with a side effect)
    return [Path(location).resolve() for location in locations]


def files_in(directories: Iterable[Path]) -> list[Path]:
    """All files below some directories, except compiled ones."""
    files = {
        file
        for directory in directories
        for file in directory.rglob("*")
        if file.is_file() and not any(part in _NOT_SOURCE for part in file.parts)
    }
    return sorted(files)


def relative(file: str | Path, root: Path) -> str:
    """The path of a file in a report: relative to the project's root for files below it."""
    path, root = Path(file).resolve(), root.resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def fingerprint(files: Iterable[Path]) -> str:
    """A digest of the names and contents of files.

    Raises:
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def file_digests(script: ScriptDirectory) -> dict[Path, str]:
    """A digest of each file of the history."""
    return {file: fingerprint([file]) for file in history_files(script)}


def changed_files(before: dict[Path, str], after: dict[Path, str]) -> list[Path]:
    """The files that were added, removed or changed between two calls of ``file_digests``."""
    return sorted(
        file for file in before.keys() | after.keys() if before.get(file) != after.get(file)
    )
