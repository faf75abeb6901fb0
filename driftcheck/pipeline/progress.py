"""Defines how a command reports its progress: a callback, and steps of a known size."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Self, TypeVar

Item = TypeVar("Item")

Progress = Callable[[str], None]
"""Called with a short description of each step before it begins: a text, or a ``Step``."""


class Step(str):
    """A step that consists of a known number of parts. As a text, it says how far the step is.

    Example: ``replaying the history: revision 120 of 500 (ab12cd)``.

    Args:
        name: What is being done. All parts of a step have the same name.
        part: What a part is, in the singular.
        number: The number of the part that begins, from 1.
        total: The number of parts; 0 if it is not known. Then, and if there is a single part, the
            step is described by its name alone.
        subject: The name of this part; empty for none.

    Attributes:
        name: What is being done.
        done: The number of parts that are finished.
        total: The number of parts.
    """

    __slots__ = ("done", "name", "total")

    name: str
    done: int
    total: int

    def __new__(cls, name: str, part: str, number: int, total: int, subject: str = "") -> Self:
        """Make the text."""
        position = f": {part} {number:,} of {total:,}" if total > 1 else ""
        step = super().__new__(cls, f"{name}{position}" + (f" ({subject})" if subject else ""))
        step.name, step.done, step.total = name, number - 1, total
        return step


def counted(items: Collection[Item], progress: Progress, name: str, part: str) -> Iterator[Item]:
    """Yield items, and report each as a part of a step before it is yielded.

    Args:
        items: The items.
        progress: The callback.
        name: What is being done with the items.
        part: What an item is, in the singular.
    """
    for number, item in enumerate(items, start=1):
        progress(Step(name, part, number, len(items)))
        yield item
