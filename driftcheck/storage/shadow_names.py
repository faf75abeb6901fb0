"""Names that say who made a shadow database or a temporary directory, when, and in which run.

A name is there from the first moment on, before a mark can be written. So what a killed run has
left can be told from everything else by its name alone.
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
"""Characters. With it a name has 63, the most that PostgreSQL takes."""
_DIGITS = string.digits + string.ascii_lowercase
_HOST, _PID, _STARTED, _RUN, _CHECK = 5, 5, 6, 5, 5
"""How many digits of base 36 each part of a name has."""
_NAME = re.compile(
    rf"({NAME_PREFIX}[a-z0-9_]{{1,{_LONGEST_PURPOSE}}}"
    rf"_([0-9a-z]{{{_HOST}}})_([0-9a-z]{{{_PID}}})_([0-9a-z]{{{_STARTED}}})_[0-9a-z]{{{_RUN}}})"
    rf"_([0-9a-z]{{{_CHECK}}})\Z"
)


@dataclass(frozen=True)
class Origin:
    """What a name says of the process that chose it.

    Attributes:
        host: A short hash of its machine and its numbering of processes.
        pid: The process.
        started: When the name was made, in seconds since 1970.
    """

    host: str
    pid: int
    started: int

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody needs any more what has the name."""
        if is_too_old(self.started):
            return True
        return self.host == _hash(this_host(), _HOST) and not is_running(self.pid)


def shadow_name(purpose: str, mark: Mark) -> str:
    """A name that no other program gives by accident; short enough for every server.

    Args:
        purpose: What it is for; becomes a part of the name.
        mark: Who makes it.
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
    """Who chose a name; ``None`` where ``shadow_name`` did not make it."""
    match = _NAME.match(name)
    if match is None or _hash(match[1], _CHECK) != match[5]:
        return None
    return Origin(match[2], int(match[3], 36), int(match[4], 36))


def agrees(name: str, mark: Mark) -> bool:
    """Whether a name and a mark speak of the same run."""
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
