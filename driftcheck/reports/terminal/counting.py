"""Counts things in words: ``1 index``, ``2 indexes``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from driftcheck.schema import Address

_TO_ONE = ((r"ies\Z", "y"), (r"(x|ss|sh|ch)es\Z", r"\1"), (r"(?<![su])s\Z", ""))
_TO_MANY = ((r"(?<![aeiou])y\Z", "ies"), (r"(x|s|sh|ch)\Z", r"\1es"), (r"\Z", "s"))


def counted(count: int, noun: str) -> str:
    """A number with its noun, which may come in the singular or the plural."""
    one = _first_that_fits(_TO_ONE, noun)
    return f"{count} {one if count == 1 else _first_that_fits(_TO_MANY, one)}"


def kinds(addresses: Iterable[Address]) -> str:
    """How many there are of each kind: ``3 columns, 1 primary key``."""
    counts = Counter(address.kind for address in addresses)
    return ", ".join(counted(count, kind) for kind, count in counts.items())


def _first_that_fits(endings: Iterable[tuple[str, str]], noun: str) -> str:
    for pattern, ending in endings:
        changed, fits = re.subn(pattern, ending, noun, count=1)
        if fits:
            return changed
    return noun
