"""Tells whether a process of this machine runs."""

from __future__ import annotations

import os
from pathlib import Path

_EXITING = 0x4
"""The flag of a process that is about to end, in Linux's ``/proc/PID/stat``."""


def is_running(pid: int) -> bool:
    """Whether a process of that number runs on this machine, whoever's it is."""
    if os.name == "nt":  # there, os.kill() with 0 would not ask, but interrupt
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_exiting(pid)


def _is_exiting(pid: int) -> bool:
    """Whether a process has ended and its parent has not asked for its status yet, on Linux.

    In a container whose first process does not ask, that can last as long as the container.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *_, flags = status.rpartition(")")[2].split()[:7]
    except (OSError, ValueError):
        return False
    return state in "ZX" or bool(int(flags) & _EXITING)
