"""Directories for private servers, each locked by one process until the process ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

_SUFFIX = ".lock"
_MAX_AGE_SECONDS = 30 * 24 * 60 * 60
"""An unused slot is emptied after this time."""

# A record lock belongs to one process and is not inherited by a forked process. But the process
# itself can lock a file twice, and closing any descriptor of the file releases the lock. So the
# slots that this process has taken are remembered. Source: POSIX, fcntl.
_taken: set[Path] = set()
_taking = threading.Lock()


class Slot:
    """A directory that one process uses at a time. Another process uses another slot.

    Processes do not share a server, because roles, settings and tablespaces belong to the whole
    server: the migrations of one project would affect those of another.

    Attributes:
        path: The directory. The holder of the slot creates it.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, directory: Path, name: str) -> Slot:
        """Take the first free slot with a name, and empty slots that were not used for long."""
        for lock in directory.glob(f"*{_SUFFIX}"):
            _empty_if_old(lock)
        slot = next(slot for number in count() if (slot := _take(directory / f"{name}-{number}")))
        os.utime(f"{slot.path}{_SUFFIX}")
        return slot

    @classmethod
    def take_used(cls, directory: Path) -> Iterator[Slot]:
        """Take each free slot that has a directory, one after another, and free it again."""
        for lock in directory.glob(f"*{_SUFFIX}"):
            path = lock.with_name(lock.name.removesuffix(_SUFFIX))
            if path.exists() and (slot := _take(path)):
                try:
                    yield slot
                finally:
                    slot.free()

    def free(self) -> None:
        """Free the slot for the next process. A second call does nothing."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)
            _taken.discard(self.path)


def _take(path: Path) -> Slot | None:
    with _taking:
        return None if path in _taken else _lock(path)


def _lock(path: Path) -> Slot | None:
    # The lock file is never removed: a lock on a removed file has no effect.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(f"{path}{_SUFFIX}", flags, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows both
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    _taken.add(path)
    return Slot(path, lock)


def _empty_if_old(lock: Path) -> None:
    """Empty a slot that was not used for long, for example after an upgrade of the programs."""
    path = lock.with_name(lock.name.removesuffix(_SUFFIX))
    if not path.exists() or time.time() - lock.stat().st_mtime < _MAX_AGE_SECONDS:
        return
    if slot := _take(path):
        shutil.rmtree(path, ignore_errors=True)  # a running server stops when its directory is gone
        slot.free()
