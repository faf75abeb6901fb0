"""The interpreter's audit hook: it cannot be removed, so it is installed once and has a switch.

https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[..., None]
"""Told of an event with the event's arguments; what it raises is raised in the audited code."""

_handlers: dict[str, Handler] = {}
_installed: list[bool] = []


def switch_on(handlers: Mapping[str, Handler]) -> None:
    """Have each event handled by its handler, from now on, in every thread.

    Args:
        handlers: The handlers, by the name of their event. They replace those of before.
    """
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    _handlers.clear()
    _handlers.update(handlers)


def switch_off() -> None:
    """Handle no event any more."""
    _handlers.clear()


def is_on() -> bool:
    """Whether events are handled: what user code has taken hold of may outlive that."""
    return bool(_handlers)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    handler = _handlers.get(event)
    if handler is not None:
        handler(*arguments)
