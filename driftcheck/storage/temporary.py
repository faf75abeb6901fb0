"""Temporary directories that the next run removes where the process that made one was killed."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftcheck.errors import ShadowError
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import NAME_PREFIX, origin_of, shadow_name


@contextmanager
def temporary_directory(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """A directory that only this user can read, removed in the end with all that is in it.

    Args:
        purpose: What it is for, one word.
        parent: Where to make it, if not where the system keeps temporary files.

    Raises:
        ShadowError: It cannot be made.
    """
    directory = make_temporary_directory(purpose, parent)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def make_temporary_directory(purpose: str, parent: Path | None = None) -> Path:
    """Make a directory that only this user can read, to be removed by the caller.

    Args:
        purpose: What it is for, one word.
        parent: Where to make it, if not where the system keeps temporary files.

    Raises:
        ShadowError: It cannot be made.
    """
    try:
        base = Path(tempfile.gettempdir() if parent is None else parent).resolve()
        directory = base / shadow_name(purpose, Mark.new())
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise ShadowError(
            f"cannot make a temporary directory: {error}",
            hint="Name a directory for temporary files, with room in it, in TMPDIR.",
        ) from None
    return directory


def sweep_temporary_directories(parent: Path | None = None) -> tuple[Path, ...]:
    """Remove the directories of killed runs, known by their names.

    Args:
        parent: Where they were made, if not where the system keeps temporary files.

    Returns:
        Those that were removed.
    """
    try:
        base = Path(tempfile.gettempdir() if parent is None else parent).resolve()
        abandoned = tuple(path for path in base.glob(f"{NAME_PREFIX}*") if _is_abandoned(path))
    except OSError:
        return ()
    for path in abandoned:
        shutil.rmtree(path, ignore_errors=True)
    return abandoned


def _is_abandoned(path: Path) -> bool:
    origin = origin_of(path.name)
    if origin is None or not origin.is_abandoned:
        return False
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and (os.name == "nt" or found.st_uid == os.geteuid())
