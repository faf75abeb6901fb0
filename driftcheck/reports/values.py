"""Writes attributes and their values for people to read."""

from __future__ import annotations

from driftcheck.judging.comparison import Difference
from driftcheck.schema import Value


def attribute_name(difference: Difference) -> str:
    """Return the name of the attribute that differs, in words."""
    return difference.attribute.replace("_", " ")


def value_text(value: Value) -> str:
    """Write the value of an attribute: ``yes`` for true, ``none`` for no value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    return str(value) or "''"
