"""Marks driftcheck's own work, which the hooks against user code must not refuse.

The marks are context variables: other threads and other tasks of an event loop do not have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing SQLAlchemy takes longer than a quick check
    from sqlalchemy.engine import URL

_own: ContextVar[bool] = ContextVar("driftcheck.own_work", default=False)
_redirected: ContextVar[URL | None] = ContextVar("driftcheck.redirected", default=None)


@contextmanager
def own_work() -> Iterator[None]:
    """Mark everything in this block as driftcheck's own work."""
    before = _own.get()
    _own.set(True)
    try:
        yield
    finally:
        _own.set(before)


def is_own_work() -> bool:
    """Return whether the current code is driftcheck's own work."""
    return _own.get()


@contextmanager
def redirected_to(shadow: URL) -> Iterator[None]:
    """Allow a connection to a shadow database, also on a server that others use."""
    before = _redirected.get()
    _redirected.set(shadow)
    try:
        yield
    finally:
        _redirected.set(before)


def redirection() -> URL | None:
    """Return the shadow to which a connection is being redirected; ``None`` if there is none."""
    return _redirected.get()
