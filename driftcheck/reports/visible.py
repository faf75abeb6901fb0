"""Makes visible what a terminal would obey or hide: controls, bidi overrides, odd spaces."""

from __future__ import annotations


def visible(text: str, encoding: str = "utf-8", *, keep: str = "") -> str:
    """Write as escapes what cannot be seen, or cannot be written in the encoding.

    Args:
        text: What a database or somebody's code said.
        encoding: Of the stream that the text goes to.
        keep: Characters that are let through although they cannot be seen.
    """
    if is_plain(text, encoding):
        return text
    return "".join(c if c in keep or is_plain(c, encoding) else _escape(c) for c in text)


def is_plain(text: str, encoding: str) -> bool:
    """Whether all of a text can be seen, and written in the encoding.

    Python calls unprintable just what is meant: controls, format characters, surrogates,
    unassigned ones, and every separator but the common space.
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
