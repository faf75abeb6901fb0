"""Groups the sides of a finding by the values that they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from driftcheck.chain import Side
from driftcheck.judging.findings import AttributeValues, Finding
from driftcheck.judging.value_text import attribute_name
from driftcheck.schema import Value


def side_values(finding: Finding) -> tuple[AttributeValues, ...]:
    """Return the attributes that differ, with the value on each side.

    A finding that is not about a gap has two sides without a name of their own.
    """
    if finding.attribute_values:
        return finding.attribute_values
    wanted, actual = finding.sides or ("wanted", "actual")
    return tuple(
        AttributeValues(d.attribute, {wanted: d.wanted, actual: d.actual})  # type: ignore[dict-item]
        for d in finding.differences
    )


def grouped_values(finding: Finding) -> Iterator[tuple[str, list[tuple[str, Value]]]]:
    """Yield each attribute that differs with its values, each with the names of its sides."""
    for each in side_values(finding):
        groups = ((", ".join(sides), value) for value, sides in by_value(each.values).items())
        yield attribute_name(each.attribute), list(groups)


def by_value(values: Mapping[Side, Value]) -> Mapping[Value, list[Side]]:
    """Group sides by their value, in the order of the sides."""
    groups: dict[Value, list[Side]] = {}
    for side, value in values.items():
        groups.setdefault(value, []).append(side)
    return groups


def side_names(sides: Iterable[str]) -> str:
    """Write the names of sides that agree."""
    return ", ".join(sides)
