"""Writes attributes, their values and the differences between two values for people to read."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

from driftcheck.judging.comparison import Difference
from driftcheck.judging.expressions import differing_clauses, differing_parts, shortened
from driftcheck.schema import Value

_MAX_LENGTH = 60
"""Characters of a value within a line."""
_MAX_ITEMS = 6
"""Elements of a list that a line names."""

_SELF_EXPLANATORY = frozenset(("definition", "kind", "type"))
"""Attributes whose values are understood without the attribute's name."""


def attribute_name(attribute: str) -> str:
    """Return the name of an attribute, in words."""
    return attribute.replace("_", " ")


def value_text(value: Value) -> str:
    """Write the value of an attribute: ``yes`` for true, ``none`` for no value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    return str(value) or "''"


def difference_line(difference: Difference, *, reverse: bool = False) -> str:
    """Write how a value becomes another, in one line: ``integer → bigint``.

    Args:
        difference: The difference.
        reverse: Whether the actual value is the earlier one.
    """
    before, after = difference.wanted, difference.actual
    if reverse:
        before, after = after, before
    if difference.attribute == "nullable":
        return " → ".join("NULL" if value else "NOT NULL" for value in (before, after))
    self_explanatory = difference.attribute in _SELF_EXPLANATORY
    name = "" if self_explanatory else attribute_name(difference.attribute)
    has_clauses = difference.attribute == "definition"
    return f"{name} {_transition(before, after, has_clauses=has_clauses)}".strip()


def _transition(before: Value, after: Value, *, has_clauses: bool) -> str:
    match before, after:
        case tuple(), tuple() | None:
            return list_difference(before, after or ())
        case None, tuple():
            return list_difference((), after)
        case str(), str() if "\n" in before + after:
            return _lines_difference(before, after)
        case str(), str():
            return _text_difference(before, after, has_clauses=has_clauses)
    return f"{brief_value(before)} → {brief_value(after)}"


def list_difference(before: tuple[Value, ...], after: tuple[Value, ...]) -> str:
    """Write what a list lost and got: ``added archived; removed old``."""
    lost = Counter(before) - Counter(after)
    got = Counter(after) - Counter(before)
    texts = [
        f"{verb} {_items(items)}" for verb, items in (("added", got), ("removed", lost)) if items
    ]
    if texts:
        return "; ".join(texts)
    return f"order {brief_value(before)} → {brief_value(after)}"


def _items(counts: Counter[Value]) -> str:
    texts = [shortened(_one_line(value_text(item)), _MAX_LENGTH) for item in counts.elements()]
    more = len(texts) - _MAX_ITEMS
    if more > 1:
        texts = [*texts[:_MAX_ITEMS], f"and {more} more"]
    return ", ".join(texts)


def _lines_difference(before: str, after: str) -> str:
    """Count the lines that differ between two texts of several lines."""
    left, right = before.splitlines(), after.splitlines()
    changed = [
        (end - start, other_end - other)
        for operation, start, end, other, other_end in SequenceMatcher(
            a=left, b=right, autojunk=False
        ).get_opcodes()
        if operation != "equal"
    ]
    removed, added = (sum(column) for column in zip(*changed, strict=True)) if changed else (0, 0)
    return f"changed ({_lines(added)} added, {removed} removed)"


def _lines(count: int) -> str:
    return f"{count} line{'s' * (count != 1)}"


def _text_difference(before: str, after: str, *, has_clauses: bool) -> str:
    if has_clauses:
        left, right = differing_clauses(before, after)
        if not left or not right:
            text = shortened(left or right, _MAX_LENGTH)
            return f"{'removed' if left else 'added'} {text}"
        before, after = left, right
    if max(len(before), len(after)) > _MAX_LENGTH:
        before, after = differing_parts(before, after)
    return f"{brief_value(before)} → {brief_value(after)}"


def brief_value(value: Value) -> str:
    """Write a value in one line of limited length; what is left out is marked."""
    return shortened(_one_line(value_text(value)), _MAX_LENGTH)


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text else text
