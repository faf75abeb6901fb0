"""Checks the directories on this machine that driftcheck writes to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

from driftcheck.judging.diagnosis import Check, Status
from driftcheck.storage.cache_directory import VARIABLE, cache_directory, write_private
from driftcheck.storage.temporary import temporary_directory

_LITTLE = 200 * 1024**2
"""Bytes. A private server with an empty database takes 40 MB, and each shadow 8 MB."""


def cache_check() -> Iterator[Check]:
    """Write a file into the cache directory, and remove it.

    Raises:
        ConfigurationError: There is no cache directory, or others can change it.
    """
    directory = cache_directory()
    probe = directory / "doctor"
    try:
        write_private(probe, "")
        probe.unlink(missing_ok=True)  # another doctor may have removed it
    except OSError as error:
        yield Check(
            "cache",
            Status.FAILED,
            f"{directory} cannot be written to: {error.strerror}",
            remedy=f"Check its permissions and the disk, or name another with {VARIABLE}.",
        )
        return
    free = shutil.disk_usage(directory).free
    if free < _LITTLE:
        yield Check(
            "cache",
            Status.WARNING,
            f"{directory} has only {free // 1024**2} MB left",
            remedy=f"Free some space, or name a directory on another disk with {VARIABLE}.",
        )
    else:
        yield Check("cache", Status.OK, f"{directory} is private and can be written to")


def temporary_check() -> Iterator[Check]:
    """Create a temporary directory, and remove it.

    Raises:
        ShadowError: It cannot be created.
    """
    with temporary_directory("doctor"):
        yield Check("temporary files", Status.OK, f"{tempfile.gettempdir()} can be written to")
