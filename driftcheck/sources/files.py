"""The files that a history is made of, and whether they are still what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing Alembic takes longer than a quick check
    from alembic.script import ScriptDirectory

_NOT_SOURCE = ("__pycache__",)


def history_files(script: ScriptDirectory) -> list[Path]:
    """Every file of the migrations directory and of the version locations."""
    return files_in(places_of(script))


def places_of(script: ScriptDirectory) -> list[Path]:
    """The migrations directory and the version locations."""
    return sorted({Path(script.dir).resolve(), *version_places(script)})


def version_places(script: ScriptDirectory) -> list[Path]:
    """The version locations."""
    locations = script._version_locations  # noqa: SLF001  (public only with a side effect)
    return [Path(location).resolve() for location in locations]


def files_in(places: Iterable[Path]) -> list[Path]:
    """Every source file in some directories."""
    files = {
        file
        for place in places
        for file in place.rglob("*")
        if file.is_file() and not any(part in _NOT_SOURCE for part in file.parts)
    }
    return sorted(files)


def relative(file: str | Path, root: Path) -> str:
    """A file as a report names it: relative to the project, where it lies within."""
    path, within = Path(file).resolve(), root.resolve()
    return str(path.relative_to(within)) if path.is_relative_to(within) else str(path)


def fingerprint(files: Iterable[Path]) -> str:
    """A digest of what is in the files, and of what they are called.

    Raises:
        OSError: One of them cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def contents(script: ScriptDirectory) -> dict[Path, str]:
    """A digest of each file, to see afterwards which of them a replay has written."""
    return {file: fingerprint([file]) for file in history_files(script)}


def changed(before: dict[Path, str], after: dict[Path, str]) -> list[Path]:
    """The files that came, went or changed."""
    return sorted(
        file for file in before.keys() | after.keys() if before.get(file) != after.get(file)
    )
