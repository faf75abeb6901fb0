"""Says whether driftcheck itself runs the project's env.py. The guard does nothing then.

The mark belongs to the process: env.py may run in another thread or event loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_runs: list[None] = []


@contextmanager
def guard_off() -> Iterator[None]:
    """Switch the guard off within this context."""
    _runs.append(None)
    try:
        yield
    finally:
        _runs.pop()


def is_guard_off() -> bool:
    """Return whether the guard is switched off."""
    return bool(_runs)
