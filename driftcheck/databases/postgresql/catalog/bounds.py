"""Compares the bounds of partitions, as the server prints them."""

from __future__ import annotations

import re
from decimal import Decimal
from math import gcd

_TOKEN = re.compile(r"E?'(?:[^']|'')*'|[^\s,()]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ENDS = {"MINVALUE": -1, "MAXVALUE": 1}
_Value = tuple[int, Decimal, str]


def may_overlap(bound: str, other: str) -> bool:
    """Whether a row can belong to both of two bounds of one table.

    Values that are no numbers are compared as texts, so times are compared rightly. In another
    collation, the server may order texts in another way.

    Args:
        bound: The bound, such as ``FOR VALUES FROM (1) TO (9)`` or ``DEFAULT``.
        other: The other bound.
    """
    first: list[str] = _TOKEN.findall(bound.removeprefix("FOR VALUES "))
    second: list[str] = _TOKEN.findall(other.removeprefix("FOR VALUES "))
    if first[0] != second[0]:
        return False
    if first[0] == "DEFAULT":
        return True
    if first[0] == "FROM":
        (start, end), (other_start, other_end) = _range(first), _range(second)
        return max(start, other_start) < min(end, other_end)
    if first[0] == "WITH":
        (modulus, remainder), (other_modulus, other_remainder) = _hash(first), _hash(second)
        return (remainder - other_remainder) % gcd(modulus, other_modulus) == 0
    return not {*first[1:]}.isdisjoint(second[1:])


def _range(tokens: list[str]) -> tuple[list[_Value], list[_Value]]:
    middle = tokens.index("TO")
    return [*map(_value, tokens[1:middle])], [*map(_value, tokens[middle + 1 :])]


def _value(token: str) -> _Value:
    """Return a value of a range in a form that is ordered like the values of its type."""
    if token in _ENDS:
        return _ENDS[token], Decimal(), ""
    text = token.removeprefix("E").strip("'")
    if _NUMBER.fullmatch(text):
        return 0, Decimal(text), ""
    return 0, Decimal(), text


def _hash(tokens: list[str]) -> tuple[int, int]:
    _, _, modulus, _, remainder = tokens
    return int(modulus), int(remainder)
