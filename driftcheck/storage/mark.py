"""The mark that tells a shadow database from any other, and says whose it is."""

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
"""Seconds after which a shadow is taken for abandoned, wherever its maker ran."""


@dataclass(frozen=True)
class Mark:
    """Who made a shadow database, and when; written into the database as one short text.

    Attributes:
        secret: Random, so that no two marks are alike.
        pid: The process that made it.
        started: When, in seconds since 1970.
        host: The machine of that process; see ``this_host``.
    """

    secret: str
    pid: int
    started: int
    host: str

    @classmethod
    def new(cls) -> Mark:
        """A mark of this process, now."""
        return cls(secrets.token_hex(8), os.getpid(), int(time.time()), this_host())

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """Read what ``str`` wrote; ``None`` for any other text."""
        match = _MARK.match(text)
        return match and cls(match[1], int(match[2]), int(match[3]), match[4])

    def __str__(self) -> str:
        """The text that is written into the database."""
        return f"{self.secret}:{self.pid}:{self.started}:{self.host}"

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody needs the database any more."""
        if is_too_old(self.started):
            return True
        return self.host == this_host() and not is_running(self.pid)


def is_too_old(started: int) -> bool:
    """Whether a shadow of that age, in seconds since 1970, has been left behind for certain."""
    return time.time() - started > LONGEST_LIFE


def this_host() -> str:
    """The machine on which this process's number means something, as a short hash.

    Two containers may have the same host name and still number their processes apart. A whole
    mark fits into an identifier of PostgreSQL: a server that cuts it tells each new connection so.
    """
    numbering = ""
    with contextlib.suppress(OSError):
        numbering = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    return hashlib.sha256(f"{socket.gethostname()}/{numbering}".encode()).hexdigest()[:8]
