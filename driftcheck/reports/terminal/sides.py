"""Shows the definition of an object on each side; sides that agree share a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff

from rich.text import Text

from driftcheck.chain import Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import AttributeValues, Finding, Verdict
from driftcheck.judging.value_text import attribute_name, value_text
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    Lines,
    Row,
    clipped,
    spaced,
    words,
    wrapped,
)
from driftcheck.reports.values import by_value, side_names, side_values
from driftcheck.reports.visible import visible
from driftcheck.schema import Value

_SHORT_LIST = 3
"""Elements of a list that is shown as a value; a longer list is shown as a diff."""


def side_rows(finding: Finding, output: OutputStyle) -> list[Row]:
    """Return a row for each group of sides that agree; for a change, only the attributes."""
    if finding.change is ChangeType.CHANGED and finding.differences:
        return list(_attribute_rows(finding, output))
    groups = agreeing(finding)
    if finding.change is ChangeType.RENAMED and len(groups) == 1:
        return []
    return [Row(side_names(group), list(_definition(finding, group, output))) for group in groups]


def agreeing(finding: Finding) -> list[tuple[Side, ...]]:
    """Return the sides in the order of the chain, grouped by definition."""
    sides = (side for side in Side if side in finding.definitions)
    groups = by_value({side: finding.definitions[side] for side in sides})
    return [tuple(group) for group in groups.values()]


def _attribute_rows(finding: Finding, output: OutputStyle) -> Iterator[Row]:
    """Yield the attributes that differ for each group of sides that have the same values."""
    short = [each for each in side_values(finding) if not any(map(is_long, each.values.values()))]
    sides = list(short[0].values) if short else []
    groups = by_value({side: tuple(each.values.get(side) for each in short) for side in sides})
    column = max((len(attribute_name(each.attribute)) for each in short), default=0)
    for group in groups.values():
        yield Row(
            side_names(group),
            [
                words(
                    output,
                    (attribute_name(each.attribute).ljust(column) + "  ", FAINT),
                    value_text(each.values[group[0]]),
                )
                for each in short
            ],
        )
    absent = [side for side, text in finding.definitions.items() if text is None]
    if absent:
        yield Row(side_names(absent), [_no_such(finding, output)])


def _definition(finding: Finding, group: Sequence[Side], output: OutputStyle) -> Iterator[Text]:
    """Yield the definition of a group of sides."""
    definition = finding.definitions.get(group[0])
    if definition is None:
        yield _no_such(finding, output)
        return
    lines = definition.expandtabs(4).strip("\n").split("\n")
    yield from clipped(output, [Text(visible(line, output.encoding)) for line in lines], 0)


def _no_such(finding: Finding, output: OutputStyle) -> Text:
    kind = finding.address.kind if finding.address else "object"
    return words(output, (f"no such {kind}", BAD))


def is_long(value: Value) -> bool:
    """Whether a value is shown as a diff: it has several lines, or is a list of many elements."""
    return len(value) > _SHORT_LIST if isinstance(value, tuple) else "\n" in str(value)


def diffs(finding: Finding, output: OutputStyle, indent: int = 2) -> Lines:
    """Return a diff for each attribute whose value is long."""
    pairs = [finding.sides or ("wanted", "actual")]
    if finding.verdict is Verdict.CONFLICT:
        pairs = [(Side.HEAD, Side.MODELS), *pairs]
    blocks = (
        diff(pair, Difference(each.attribute, *values), output, indent)
        for each in side_values(finding)
        for pair in pairs
        if any(map(is_long, values := _values_of(each, pair))) and values[0] != values[1]
    )
    return list(spaced(blocks))


def _values_of(each: AttributeValues, pair: tuple[str, str]) -> tuple[Value, Value]:
    by_name: Mapping[str, Value] = {str(side): value for side, value in each.values.items()}
    return by_name.get(pair[0]), by_name.get(pair[1])


def diff(sides: tuple[str, str], difference: Difference, output: OutputStyle, indent: int) -> Lines:
    """Return a diff of an attribute by lines or by elements, under the names of the two sides."""
    wanted, actual = sides
    name = attribute_name(difference.attribute)
    title = words(output, (f"{name}: - {wanted}, + {actual}", FAINT))
    before, after = map(_lines, (difference.wanted, difference.actual))
    changed = list(unified_diff(before, after, n=2, lineterm=""))[3:]
    lines = [_diff_line(line, output, indent + 2) for line in changed]
    return [*wrapped(output, title, indent), *clipped(output, lines, indent + 2)]


def _lines(value: Value) -> list[str]:
    if isinstance(value, tuple):
        return [value_text(element) for element in value]
    return str(value or "").split("\n")


def _diff_line(line: str, output: OutputStyle, indent: int) -> Text:
    if line.startswith("@@"):
        return words(output, " " * indent, ("…", FAINT))
    style = {"-": BAD, "+": GOOD}.get(line[0], "")
    shown = visible((line[0] + " " + line[1:]).expandtabs(4).rstrip(" "), output.encoding)
    return Text(" " * indent) + Text(shown, style)
