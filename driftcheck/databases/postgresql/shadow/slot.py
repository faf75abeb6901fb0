"""One process's own place for a server, held by a lock that the kernel frees when it dies."""

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
_LONG = 30 * 24 * 60 * 60
"""Seconds after which a slot that nobody used is emptied."""

# A record lock belongs to one process: a fork does not inherit it, so a child that user code
# leaves behind holds nothing. But it does not keep the process itself from taking the slot twice,
# and closing any descriptor of the file frees it. So the slots taken are remembered.
_taken: set[Path] = set()
_taking = threading.Lock()


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
        slot = next(slot for number in count() if (slot := _take(directory / f"{name}-{number}")))
        os.utime(f"{slot.path}{_SUFFIX}")
        return slot

    @classmethod
    def take_used(cls, directory: Path) -> Iterator[Slot]:
        """Take each slot that was used and is free, one after the other; each is freed again."""
        for lock in directory.glob(f"*{_SUFFIX}"):
            path = lock.with_name(lock.name.removesuffix(_SUFFIX))
            if path.exists() and (slot := _take(path)):
                try:
                    yield slot
                finally:
                    slot.free()

    def free(self) -> None:
        """Let the next process have it; does nothing a second time."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)
            _taken.discard(self.path)


def _take(path: Path) -> Slot | None:
    with _taking:
        return None if path in _taken else _lock(path)


def _lock(path: Path) -> Slot | None:
    # Beside the slot and never removed: a lock on a removed file guards nothing.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(f"{path}{_SUFFIX}", flags, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # either, POSIX says
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    _taken.add(path)
    return Slot(path, lock)


def _forget_if_old(lock: Path) -> None:
    """Empty a slot whose programs were upgraded, or that only a busier day needed."""
    path = lock.with_name(lock.name.removesuffix(_SUFFIX))
    if not path.exists() or time.time() - lock.stat().st_mtime < _LONG:
        return
    if slot := _take(path):
        shutil.rmtree(path, ignore_errors=True)  # a server still there stops by itself
        slot.free()
