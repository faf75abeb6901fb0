"""Describes in a few words how the models and the migrations differ in one object."""

from __future__ import annotations

from driftcheck.judging.comparison import Change
from driftcheck.schema import Value

_MAX_LENGTH = 80
"""Characters of a description that is short enough for a message."""

_SELF_EXPLANATORY = frozenset(("definition", "kind", "type"))
"""Attributes whose values are understood without the attribute's name."""


def short_difference(change: Change) -> str:
    """Describe the only difference of a change, as a clause to append to a sentence.

    Example: for a column whose type is ``bigint`` in the models and ``integer`` in the
    migrations, the result is ``": bigint in the models, integer in the migrations"``. Words that
    both definitions begin or end with are left out.

    Returns:
        The clause; empty if the change has several differences or the description is long.
    """
    if len(change.differences) != 1:
        return ""
    (difference,) = change.differences
    wanted, actual = _without_common_words(_words(difference.wanted), _words(difference.actual))
    if len(wanted) + len(actual) > _MAX_LENGTH or not wanted + actual:
        return ""
    if not actual:
        clause = f"{wanted} in the models, not in the migrations"
    elif not wanted:
        clause = f"{actual} in the migrations, not in the models"
    else:
        clause = f"{wanted} in the models, {actual} in the migrations"
    attribute = difference.attribute
    prefix = "" if attribute in _SELF_EXPLANATORY else f"{attribute} "
    return f": {prefix}{clause}"


def _words(value: Value) -> list[str]:
    return value.split() if isinstance(value, str) else []


def _without_common_words(left: list[str], right: list[str]) -> tuple[str, str]:
    """Remove the words that both lists begin with and end with."""
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return " ".join(left), " ".join(right)
