"""The interpreter's audit hook. Audit hooks cannot be removed, so this hook can be switched off.

Source: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[..., None]
"""Called with the arguments of an audit event. An exception is raised in the audited code."""

_handlers: dict[str, Handler] = {}
_installed: list[bool] = []


def switch_on(handlers: Mapping[str, Handler]) -> None:
    """Handle audit events in all threads.

    Args:
        handlers: The handlers, by the name of the event. They replace the previous handlers.
    """
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    _handlers.clear()
    _handlers.update(handlers)


def switch_off() -> None:
    """Stop handling events."""
    _handlers.clear()


def is_on() -> bool:
    """Return whether events are handled. User code may keep wrapped functions longer."""
    return bool(_handlers)


def _hook(event: str, arguments: tuple[Any, ...], handlers: dict[str, Handler] = _handlers) -> None:
    # An argument, because the names of the module are gone while the interpreter ends.
    handler = handlers.get(event)
    if handler is not None:
        handler(*arguments)
