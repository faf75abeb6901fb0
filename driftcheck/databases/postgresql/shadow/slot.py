"""One process's own place for a server, held by a lock that the kernel frees when it dies."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from itertools import count
from pathlib import Path

_SUFFIX = ".lock"
_LONG = 30 * 24 * 60 * 60
"""Seconds after which a slot that nobody used is emptied."""


class Slot:
    """A path that one process at a time may use; the next process gets the next one.

    A server is not shared between processes: roles, settings and tablespaces are the whole
    server's, and what one project's migrations do to them must not be met by another's.

    Attributes:
        path: What the slot is for; made and filled by who holds it.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, directory: Path, name: str) -> Slot:
        """Take the first free slot of that name, and forget those long unused."""
        for lock in directory.glob(f"*{_SUFFIX}"):
            _forget_if_old(lock)
        return next(slot for number in count() if (slot := _take(directory / f"{name}-{number}")))

    def free(self) -> None:
        """Let the next process have it; does nothing a second time."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def _take(path: Path) -> Slot | None:
    # Beside the slot and never removed: a lock on a removed file guards nothing.
    lock = os.open(f"{path}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    os.utime(lock)
    return Slot(path, lock)


def _forget_if_old(lock: Path) -> None:
    """Empty a slot whose programs were upgraded, or that only a busier day needed."""
    path = lock.with_name(lock.name.removesuffix(_SUFFIX))
    if not path.exists() or time.time() - lock.stat().st_mtime < _LONG:
        return
    if slot := _take(path):
        shutil.rmtree(path, ignore_errors=True)  # a server still there stops by itself
        slot.free()
