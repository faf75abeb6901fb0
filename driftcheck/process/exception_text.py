"""Writes an exception of the project's code: its class, its whole message and its causes."""

from __future__ import annotations

from configparser import InterpolationError

_MAX_LINES = 16
"""Lines of a message that fit on a screen together with what was printed."""
_MAX_LENGTH = 400
"""Characters of a line."""


def exception_lines(error: BaseException) -> list[str]:
    """Return the class and the message of an exception, its notes and its causes, as lines.

    The exceptions of a group and the exceptions that others were raised from count as causes. A
    cause that the text has already is left out. A text of many lines loses its middle, and a long
    line its end; an ellipsis marks what is left out.
    """
    lines = [_cut(line.rstrip()) for line in _lines(error, set())]
    if len(lines) > _MAX_LINES:
        half = _MAX_LINES // 2
        lines = [*lines[:half], "…", *lines[-half + 1 :]]
    return lines


def _lines(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    lines = _own_lines(error)
    for member in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(member) not in seen:
            lines += (f"  {line}" for line in _lines(member, seen))
    cause = error.__cause__
    if cause is not None and id(cause) not in seen:
        message = " ".join(message_of(cause).split())
        if not message or message not in " ".join(" ".join(lines).split()):
            first, *more = _lines(cause, seen)
            lines += [f"caused by {first}", *more]
    return lines


def _own_lines(error: BaseException) -> list[str]:
    text = message_of(error, "its message cannot be shown")
    notes = getattr(error, "__notes__", ())
    texts = (text.strip(), *(note for note in notes if isinstance(note, str)))
    lines = [line for each in texts for line in each.splitlines() if line.strip()]
    name = type(error).__name__
    return [f"{name}: {lines[0]}", *lines[1:]] if lines else [name]


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
