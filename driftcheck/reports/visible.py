"""Escapes characters that a terminal obeys or hides: controls, bidi overrides, unusual spaces."""

from __future__ import annotations


def visible(text: str, encoding: str = "utf-8", *, keep: str = "") -> str:
    """Replace invisible characters, and those that the encoding does not contain, by escapes.

    Args:
        text: A text from a database or from the project's code.
        encoding: The encoding of the stream that the text is written to.
        keep: Invisible characters that are not escaped.
    """
    if is_plain(text, encoding):
        return text
    return "".join(c if c in keep or is_plain(c, encoding) else _escape(c) for c in text)


def is_plain(text: str, encoding: str) -> bool:
    """Whether every character of a text is visible and contained in the encoding.

    ``str.isprintable`` is false for controls, format characters, surrogates, unassigned code
    points, and every separator except the space.
    """
    if not text.isprintable():
        return False
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.isascii()
    return True


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
