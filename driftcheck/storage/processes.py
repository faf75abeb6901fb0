"""Finds out whether a process of this machine is running."""

from __future__ import annotations

import os
from pathlib import Path

_EXITING = 0x4
"""``PF_EXITING`` in the flags of ``/proc/PID/stat``. Source: Linux, include/linux/sched.h."""


def is_running(pid: int) -> bool:
    """Return whether a process is running on this machine, under any account."""
    if os.name == "nt":  # on Windows, os.kill() with 0 would interrupt the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_exiting(pid)


def _is_exiting(pid: int) -> bool:
    """Return whether a process is a zombie or about to end, on Linux.

    If the first process of a container does not wait for its children, zombies stay for as long as
    the container.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *_, flags = status.rpartition(")")[2].split()[:7]
    except (OSError, ValueError):
        return False
    return state in "ZX" or bool(int(flags) & _EXITING)
