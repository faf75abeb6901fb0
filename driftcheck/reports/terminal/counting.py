"""Writes counts with their nouns: ``1 index``, ``2 indexes``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from driftcheck.schema import Address

_TO_SINGULAR = ((r"ies\Z", "y"), (r"(x|ss|sh|ch)es\Z", r"\1"), (r"(?<![su])s\Z", ""))
_TO_PLURAL = ((r"(?<![aeiou])y\Z", "ies"), (r"(x|s|sh|ch)\Z", r"\1es"), (r"\Z", "s"))


def counted(count: int, noun: str) -> str:
    """Write a number and its noun, which may be given in the singular or the plural."""
    singular = _first_match(_TO_SINGULAR, noun)
    return f"{count} {singular if count == 1 else _first_match(_TO_PLURAL, singular)}"


def kinds(addresses: Iterable[Address]) -> str:
    """Count objects by kind: ``3 columns, 1 primary key``."""
    counts = Counter(address.kind for address in addresses)
    return ", ".join(counted(count, kind) for kind, count in counts.items())


def _first_match(endings: Iterable[tuple[str, str]], noun: str) -> str:
    for pattern, ending in endings:
        changed, matches = re.subn(pattern, ending, noun, count=1)
        if matches:
            return changed
    return noun
