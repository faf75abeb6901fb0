"""One process's own place for a server, held by a lock that the kernel frees when it dies."""

from __future__ import annotations

import fcntl
import os
from itertools import count
from pathlib import Path


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
        """Take the first free slot of that name."""
        return next(
            slot for number in count() if (slot := cls._try(directory / f"{name}-{number}"))
        )

    @classmethod
    def _try(cls, path: Path) -> Slot | None:
        # Beside the slot and never removed: a lock on a removed file guards nothing.
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock)

    def free(self) -> None:
        """Let the next process have it."""
        os.close(self._lock)
