"""Shows the definition of an object on each side; sides that agree share a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from rich.text import Text

from driftcheck.chain import Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import Finding
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
from driftcheck.reports.values import attribute_name, value_text
from driftcheck.reports.visible import visible

_BOTH = 2


def side_rows(finding: Finding, output: OutputStyle) -> list[Row]:
    """Return a row for each group of sides that agree; for a change, only the differences."""
    groups = agreeing(finding)
    if finding.change is ChangeType.RENAMED and len(groups) == 1:
        return []
    return [
        Row(", ".join(group), values)
        for group in groups
        if (values := list(_values(finding, group, output, short=len(groups) == _BOTH)))
    ]


def agreeing(finding: Finding) -> list[tuple[Side, ...]]:
    """Return the sides in the order of the chain, grouped by definition."""
    groups: dict[str | None, list[Side]] = {}
    for side in Side:
        if side in finding.definitions:
            groups.setdefault(finding.definitions[side], []).append(side)
    # If the definitions are equal, they do not show the change.
    if finding.change is ChangeType.CHANGED and len(groups) < _BOTH:
        return [(side,) for side in _between(finding)]
    return [tuple(group) for group in groups.values()]


def _between(finding: Finding) -> tuple[Side, Side] | tuple[()]:
    """Return the wanted side and the actual side."""
    if Side.REVISION in finding.definitions:
        return Side.REVISION, Side.LIVE
    return finding.gaps[0].between if finding.gaps else ()


def _values(
    finding: Finding, group: Sequence[Side], output: OutputStyle, *, short: bool
) -> Iterator[Text]:
    """Yield the definition of a group of sides; if short, only the attributes that differ."""
    if short and finding.change is ChangeType.CHANGED and finding.differences:
        is_actual = not set(group).isdisjoint(_between(finding)[1:])
        yield from _attributes(finding.differences, output, is_actual=is_actual)
        return
    definition = finding.definitions.get(group[0])
    if definition is None:
        kind = finding.address.kind if finding.address else "object"
        yield words(output, (f"no such {kind}", BAD))
        return
    lines = definition.expandtabs(4).strip("\n").split("\n")
    yield from clipped(output, [Text(visible(line, output.encoding)) for line in lines], 0)


def _attributes(
    differences: Sequence[Difference], output: OutputStyle, *, is_actual: bool
) -> Iterator[Text]:
    """Yield the attributes that differ, as one side has them; long values are shown as a diff."""
    short = [d for d in differences if not is_long(d)]
    column = max((len(attribute_name(d)) for d in short), default=0)
    for difference in short:
        value = difference.actual if is_actual else difference.wanted
        yield words(
            output, (attribute_name(difference).ljust(column) + "  ", FAINT), value_text(value)
        )


def is_long(difference: Difference) -> bool:
    """Whether one of the values has several lines, such as the body of a function."""
    return any("\n" in str(value) for value in (difference.wanted, difference.actual))


def diffs(finding: Finding, output: OutputStyle, indent: int = 2) -> Lines:
    """Return a diff for each attribute whose value has several lines."""
    sides = _between(finding) or ("wanted", "actual")
    blocks = (diff(sides, d, output, indent) for d in finding.differences if is_long(d))
    return list(spaced(blocks))


def diff(sides: tuple[str, str], difference: Difference, output: OutputStyle, indent: int) -> Lines:
    """Return a line-by-line diff of an attribute, under the names of the two sides."""
    wanted, actual = sides
    title = words(output, (f"{attribute_name(difference)}: - {wanted}, + {actual}", FAINT))
    before, after = (str(v or "").split("\n") for v in (difference.wanted, difference.actual))
    changed = list(unified_diff(before, after, n=2, lineterm=""))[3:]
    lines = [_diff_line(line, output, indent + 2) for line in changed]
    return [*wrapped(output, title, indent), *clipped(output, lines, indent + 2)]


def _diff_line(line: str, output: OutputStyle, indent: int) -> Text:
    if line.startswith("@@"):
        return words(output, " " * indent, ("…", FAINT))
    style = {"-": BAD, "+": GOOD}.get(line[0], "")
    shown = visible((line[0] + " " + line[1:]).expandtabs(4).rstrip(" "), output.encoding)
    return Text(" " * indent) + Text(shown, style)
