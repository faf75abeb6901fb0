"""Marks what differs between two texts: words within a line, lines within a long text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_MAX_TOKENS = 400
"""Tokens of a text in which words are marked. In a longer text, the whole text is marked: the
time for a comparison grows with the square of the length."""


class Piece(NamedTuple):
    """A part of a text, and whether it differs from the other text."""

    text: str
    differs: bool


def marked(text: str, other: str) -> list[Piece]:
    """Divide a text into what it has in common with another text, and what differs.

    Args:
        text: The text to divide. The pieces together are this text.
        other: The text to compare it with.
    """
    if text == other:
        return [Piece(text, differs=False)]
    if "\n" in text or "\n" in other:
        return _joined(_by_lines(text.splitlines(keepends=True), other.splitlines(keepends=True)))
    return _joined(_by_words(text, other))


def _by_lines(lines: Sequence[str], others: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(a=lines, b=others, autojunk=False)
    for operation, start, end, other_start, other_end in matcher.get_opcodes():
        text = "".join(lines[start:end])
        if operation == "replace":
            yield from _by_words(text, "".join(others[other_start:other_end]))
        else:
            yield Piece(text, differs=operation != "equal")


def _by_words(text: str, other: str) -> Iterator[Piece]:
    tokens, others = _TOKENS.findall(text), _TOKENS.findall(other)
    if max(len(tokens), len(others)) > _MAX_TOKENS:
        yield Piece(text, differs=True)
        return
    matcher = SequenceMatcher(a=tokens, b=others, autojunk=False)
    for operation, start, end, _, _ in matcher.get_opcodes():
        yield Piece("".join(tokens[start:end]), differs=operation != "equal")


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Join neighbours of the same state; a space between two marked words is marked too."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].differs == piece.differs:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.differs)
        elif len(joined) > 1 and piece.differs and joined[-1].text.isspace():
            space = joined.pop()
            joined[-1] = Piece(joined[-1].text + space.text + piece.text, differs=True)
        else:
            joined.append(piece)
    return joined
