"""Temporary directories. The next run removes the directories of killed processes."""

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
    """Create a directory that only this user can read, and remove it at the end.

    Args:
        purpose: The purpose of the directory, in one word.
        parent: The parent directory; ``None`` for the directory for temporary files.

    Raises:
        ShadowError: The directory cannot be created.
    """
    directory = make_temporary_directory(purpose, parent)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def make_temporary_directory(purpose: str, parent: Path | None = None) -> Path:
    """Create a directory that only this user can read. The caller removes it.

    Args:
        purpose: The purpose of the directory, in one word.
        parent: The parent directory; ``None`` for the directory for temporary files.

    Raises:
        ShadowError: The directory cannot be created.
    """
    try:
        base = Path(tempfile.gettempdir() if parent is None else parent).resolve()
        directory = base / shadow_name(purpose, Mark.new())
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise ShadowError(
            f"cannot create a temporary directory: {error}",
            hint="Set TMPDIR to a writable directory with enough free space.",
        ) from None
    return directory


def sweep_temporary_directories(parent: Path | None = None) -> tuple[Path, ...]:
    """Remove the directories of killed runs, which are recognized by their names.

    Args:
        parent: The parent directory; ``None`` for the directory for temporary files.

    Returns:
        The directories that were removed.
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
