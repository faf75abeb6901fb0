"""Writes an exception of the project's code: its class and its whole message."""

from __future__ import annotations

from configparser import InterpolationError

_MAX_LINES = 16
"""Lines of a message that fit on a screen together with what was printed."""
_MAX_LENGTH = 400
"""Characters of a line."""


def exception_lines(error: BaseException) -> list[str]:
    """Return the class and the message of an exception, as lines.

    A message of many lines loses its middle, and a long line its end; an ellipsis marks what is
    left out. An exception without a message is its class alone.
    """
    name = type(error).__name__
    text = message_of(error, "its message cannot be shown")
    lines = [_cut(line.rstrip()) for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return [name]
    if len(lines) > _MAX_LINES:
        half = _MAX_LINES // 2
        lines = [*lines[:half], "…", *lines[-half + 1 :]]
    return [f"{name}: {lines[0]}", *lines[1:]]


def message_of(error: BaseException, otherwise: str = "") -> str:
    """Return the message of an exception.

    The message of an interpolation error contains the value, which may be a URL with a password.

    Args:
        error: The exception. Its class may be the project's own.
        otherwise: The text for an exception whose message cannot be made.
    """
    if isinstance(error, InterpolationError):
        return f"the value of {error.option} in the section {error.section} cannot be interpolated"
    try:
        return str(error)
    except Exception:  # noqa: BLE001  (its class is the project's)
        return otherwise


def _cut(line: str) -> str:
    return line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}…"
