"""Names of shadow databases and temporary directories, which identify their process and run.

A name exists from the first moment, before a mark can be written. So the databases and directories
of a killed run can be recognized by their names alone.
"""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass

from driftcheck.storage.mark import Mark, is_too_old, this_host
from driftcheck.storage.processes import is_running

NAME_PREFIX = "driftcheck_shadow_"
_LONGEST_PURPOSE = 14
"""In characters. The whole name then has 63, the maximum of PostgreSQL."""
_DIGITS = string.digits + string.ascii_lowercase
_HOST, _PID, _STARTED, _RUN, _CHECK = 5, 5, 6, 5, 5
"""The number of base-36 digits of each part of a name."""
_NAME = re.compile(
    rf"({NAME_PREFIX}[a-z0-9_]{{1,{_LONGEST_PURPOSE}}}"
    rf"_([0-9a-z]{{{_HOST}}})_([0-9a-z]{{{_PID}}})_([0-9a-z]{{{_STARTED}}})_[0-9a-z]{{{_RUN}}})"
    rf"_([0-9a-z]{{{_CHECK}}})\Z"
)


@dataclass(frozen=True)
class Origin:
    """The process that a name identifies.

    Attributes:
        host: A short hash of the machine and its PID namespace.
        pid: The process.
        started: The time at which the name was created, in seconds since 1970.
    """

    host: str
    pid: int
    started: int

    @property
    def is_abandoned(self) -> bool:
        """Whether the process has ended, or the name is too old."""
        if is_too_old(self.started):
            return True
        return self.host == _hash(this_host(), _HOST) and not is_running(self.pid)


def shadow_name(purpose: str, mark: Mark) -> str:
    """Return a name that other programs do not use, short enough for every server.

    Args:
        purpose: The purpose of the database or directory, which becomes a part of the name.
        mark: The mark of the process that creates it.
    """
    short = re.sub(r"[^a-z0-9]+", "_", purpose.lower())[:_LONGEST_PURPOSE] or "x"
    body = "_".join(
        (
            f"{NAME_PREFIX}{short}",
            _hash(mark.host, _HOST),
            _number(mark.pid, _PID),
            _number(mark.started, _STARTED),
            _number(int(mark.secret, 16), _RUN),
        )
    )
    return f"{body}_{_hash(body, _CHECK)}"


def origin_of(name: str) -> Origin | None:
    """Return the process that a name identifies; ``None`` if ``shadow_name`` did not create it."""
    match = _NAME.match(name)
    if match is None or _hash(match[1], _CHECK) != match[5]:
        return None
    return Origin(match[2], int(match[3], 36), int(match[4], 36))


def agrees(name: str, mark: Mark) -> bool:
    """Return whether a name and a mark are of the same run."""
    match = _NAME.match(name)
    return match is not None and shadow_name("x", mark).split("_")[3:7] == match[1].split("_")[-4:]


def _hash(text: str, width: int) -> str:
    return _number(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"), width)


def _number(value: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
