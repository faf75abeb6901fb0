"""Tells what each of the four sides holds of one object: those that agree on one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from rich.text import Text

from driftcheck.chain import Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import Finding
from driftcheck.reports.page import Page
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
from driftcheck.reports.visible import visible
from driftcheck.schema import Value

_BOTH = 2


def side_rows(finding: Finding, page: Page) -> list[Row]:
    """A row for the sides that agree with each other; of a change, only what differs."""
    groups = agreeing(finding)
    if finding.change is ChangeType.RENAMED and len(groups) == 1:
        return []
    return [
        Row(", ".join(group), values)
        for group in groups
        if (values := list(_values(finding, group, page, short=len(groups) == _BOTH)))
    ]


def agreeing(finding: Finding) -> list[tuple[Side, ...]]:
    """The sides in the order of the chain, those with the same definition together."""
    groups: dict[str | None, list[Side]] = {}
    for side in Side:
        if side in finding.definitions:
            groups.setdefault(finding.definitions[side], []).append(side)
    if finding.change is ChangeType.CHANGED and len(groups) < _BOTH:  # no definition tells it
        return [(side,) for side in _between(finding)]
    return [tuple(group) for group in groups.values()]


def _between(finding: Finding) -> tuple[Side, Side] | tuple[()]:
    """The side as it should be and the side as it is."""
    if Side.REVISION in finding.definitions:
        return Side.REVISION, Side.LIVE
    return finding.gaps[0].between if finding.gaps else ()


def _values(finding: Finding, group: Sequence[Side], page: Page, *, short: bool) -> Iterator[Text]:
    """What sides hold that agree; in short, only where it differs from what the others hold."""
    if short and finding.change is ChangeType.CHANGED and finding.differences:
        is_actual = not set(group).isdisjoint(_between(finding)[1:])
        yield from _attributes(finding.differences, page, is_actual=is_actual)
        return
    definition = finding.definitions.get(group[0])
    if definition is None:
        kind = finding.address.kind if finding.address else "object"
        yield words(page, (f"no such {kind}", BAD))
        return
    texts = definition.expandtabs(4).strip("\n").split("\n")
    yield from clipped(page, [Text(visible(text, page.encoding)) for text in texts], 0)


def _attributes(
    differences: Sequence[Difference], page: Page, *, is_actual: bool
) -> Iterator[Text]:
    """What a side holds where the two differ; what has several lines is told as a diff."""
    short = [d for d in differences if not is_long(d)]
    column = max((len(attribute_name(d)) for d in short), default=0)
    for difference in short:
        value = difference.actual if is_actual else difference.wanted
        yield words(
            page, (attribute_name(difference).ljust(column) + "  ", FAINT), value_text(value)
        )


def attribute_name(difference: Difference) -> str:
    """The attribute that differs, in words."""
    return difference.attribute.replace("_", " ")


def value_text(value: Value) -> str:
    """A value as people say it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    return str(value) or "''"


def is_long(difference: Difference) -> bool:
    """Whether a value has several lines, such as the body of a function."""
    return any("\n" in str(value) for value in (difference.wanted, difference.actual))


def diffs(finding: Finding, page: Page, indent: int = 2) -> Lines:
    """What differs in attributes of several lines, such as the body of a function."""
    sides = _between(finding) or ("wanted", "actual")
    blocks = (diff(sides, d, page, indent) for d in finding.differences if is_long(d))
    return list(spaced(blocks))


def diff(sides: tuple[str, str], difference: Difference, page: Page, indent: int) -> Lines:
    """A difference line by line, under the names of the two sides."""
    wanted, actual = sides
    title = words(page, (f"{attribute_name(difference)}: - {wanted}, + {actual}", FAINT))
    before, after = (str(v or "").split("\n") for v in (difference.wanted, difference.actual))
    changed = list(unified_diff(before, after, n=2, lineterm=""))[3:]
    lines = [_diff_line(line, page, indent + 2) for line in changed]
    return [*wrapped(page, title, indent), *clipped(page, lines, indent + 2)]


def _diff_line(line: str, page: Page, indent: int) -> Text:
    if line.startswith("@@"):
        return words(page, " " * indent, ("…", FAINT))
    style = {"-": BAD, "+": GOOD}.get(line[0], "")
    shown = visible((line[0] + " " + line[1:]).expandtabs(4).rstrip(" "), page.encoding)
    return Text(" " * indent) + Text(shown, style)
