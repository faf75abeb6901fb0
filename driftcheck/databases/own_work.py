"""Marks what driftcheck itself does while hooks are on, so that they let it pass.

The marks belong to a context (``contextvars``): another thread, or another task of an event loop,
does not have them.
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
    """Let everything pass that is done in this block: it is driftcheck that does it."""
    before = _own.get()
    _own.set(True)
    try:
        yield
    finally:
        _own.set(before)


def is_own_work() -> bool:
    """Whether it is driftcheck that acts."""
    return _own.get()


@contextmanager
def redirected_to(shadow: URL) -> Iterator[None]:
    """Let a connection to one shadow database pass, also on a server that others use."""
    before = _redirected.get()
    _redirected.set(shadow)
    try:
        yield
    finally:
        _redirected.set(before)


def redirection() -> URL | None:
    """The shadow database to which a connection is being redirected; ``None`` where none is."""
    return _redirected.get()
