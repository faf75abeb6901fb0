"""The mark that identifies a shadow database and the process that created it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from driftcheck.storage.processes import is_running

_MARK = re.compile(r"([0-9a-f]{16}):(\d+):(\d+):(.+)\Z")
LONGEST_LIFE = 24 * 60 * 60
"""In seconds: an older shadow counts as abandoned, even if it was created on another machine."""


@dataclass(frozen=True)
class Mark:
    """The process that created a shadow database, and when. It is stored in the database.

    Attributes:
        secret: Random hexadecimal digits, so that every mark is unique.
        pid: The process.
        started: The time of creation, in seconds since 1970.
        host: The machine of the process; see ``this_host``.
    """

    secret: str
    pid: int
    started: int
    host: str

    @classmethod
    def new(cls) -> Mark:
        """Return a new mark of this process."""
        return cls(secrets.token_hex(8), os.getpid(), int(time.time()), this_host())

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """Return the mark that ``str`` has written; ``None`` for any other text."""
        match = _MARK.match(text)
        return match and cls(match[1], int(match[2]), int(match[3]), match[4])

    def __str__(self) -> str:
        """Return the text that is stored in the database."""
        return f"{self.secret}:{self.pid}:{self.started}:{self.host}"

    @property
    def is_abandoned(self) -> bool:
        """Whether the process has ended, or the database is too old."""
        if is_too_old(self.started):
            return True
        return self.host == this_host() and not is_running(self.pid)


def is_too_old(started: int) -> bool:
    """Return whether a shadow that was created at a time, in seconds since 1970, is too old."""
    return time.time() - started > LONGEST_LIFE


def this_host() -> str:
    """Return a short hash of the machine and its PID namespace.

    Two containers may have the same host name and different PID namespaces. The hash is short, so
    that a mark fits into an identifier of PostgreSQL: a server that truncates the mark sends a
    notice to each new connection.
    """
    numbering = ""
    with contextlib.suppress(OSError):
        numbering = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    return hashlib.sha256(f"{socket.gethostname()}/{numbering}".encode()).hexdigest()[:8]
