"""Describes how an object differs: as a clause of a message, and as the text of a single line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.expressions import differing_clauses
from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.rules import UNSAID
from driftcheck.judging.templates import fill
from driftcheck.judging.value_text import attribute_name, brief_value, difference_line
from driftcheck.schema import Value

_MAX_LENGTH = 80
"""Characters of a description that is short enough for a message."""

_WITH_CLAUSES = frozenset(("definition", "kind", "type"))
"""Attributes whose values are understood without the attribute's name."""

_FROM_ACTUAL = frozenset({Gap.PENDING, Gap.UNAPPLIED})
"""The gaps whose actual side is the earlier state: a migration changes it into the wanted side."""


def short_difference(change: Change) -> str:
    """Describe the only difference of a change, as a clause to append to a sentence.

    Example: for a column whose type is ``bigint`` in the models and ``integer`` in the
    migrations, the result is ``": bigint in the models, integer in the migrations"``. Clauses
    that both definitions have are left out. A type, an expression or a clause is never cut.

    Returns:
        The clause; empty if the change has several differences or the description is long.
    """
    if len(change.differences) != 1:
        return ""
    (difference,) = change.differences
    wanted, actual = _texts(difference)
    if len(wanted) + len(actual) > _MAX_LENGTH or not wanted + actual:
        return ""
    if not actual:
        clause = f"{wanted} in the models, not in the migrations"
    elif not wanted:
        clause = f"{actual} in the migrations, not in the models"
    else:
        clause = f"{wanted} in the models, {actual} in the migrations"
    is_clear = difference.attribute in _WITH_CLAUSES
    prefix = "" if is_clear else f"{attribute_name(difference.attribute)} "
    return f": {prefix}{clause}"


def _texts(difference: Difference) -> tuple[str, str]:
    wanted, actual = _text(difference.wanted), _text(difference.actual)
    if difference.attribute == "definition" and wanted and actual:
        return differing_clauses(wanted, actual)
    return wanted, actual


def _text(value: Value) -> str:
    return value if isinstance(value, str) and "\n" not in value else ""


_LINES: Mapping[tuple[Verdict, ChangeType], str] = {
    (Verdict.DRIFT, ChangeType.MISSING): "dropped",
    (Verdict.DRIFT, ChangeType.EXTRA): "created: {definition}",
    (Verdict.DRIFT, ChangeType.RENAMED): "renamed to {new_name}",
    (Verdict.PENDING, ChangeType.MISSING): "only in the models: {definition}",
    (Verdict.PENDING, ChangeType.EXTRA): "only in the migrations",
    (Verdict.PENDING, ChangeType.RENAMED): "named {new_name} in the migrations",
    (Verdict.UNAPPLIED, ChangeType.MISSING): "not created yet: {definition}",
    (Verdict.UNAPPLIED, ChangeType.EXTRA): "not dropped yet",
    (Verdict.UNAPPLIED, ChangeType.RENAMED): "still named {new_name}",
    (Verdict.HAND_APPLIED, ChangeType.MISSING): "dropped",
    (Verdict.HAND_APPLIED, ChangeType.EXTRA): "created: {definition}",
    (Verdict.HAND_APPLIED, ChangeType.RENAMED): "renamed to {new_name}",
    (Verdict.DIFFERENCE, ChangeType.MISSING): "only in the first database",
    (Verdict.DIFFERENCE, ChangeType.EXTRA): "only in the second database",
    (Verdict.DIFFERENCE, ChangeType.RENAMED): "named {new_name} in the second database",
}
"""What a line says of an object below a heading that names the verdict."""


def brief(finding: Finding) -> str:
    """Describe a finding in one line: the object and how it differs.

    The line is read below a heading that says what the verdict means. A finding whose rule says
    more than that, such as a note, is described by its message.
    """
    how = _how(finding)
    return f"{finding.address}: {how}" if finding.address and how else finding.message


def brief_difference(finding: Finding) -> str:
    """Describe how the attributes of an object differ, in one line; empty without a difference."""
    if finding.verdict is Verdict.CONFLICT:
        return "; ".join(_conflict(finding))
    reverse = bool(finding.gaps) and finding.gaps[0] in _FROM_ACTUAL
    return "; ".join(difference_line(d, reverse=reverse) for d in finding.differences)


def _how(finding: Finding) -> str:
    if finding.verdict is None or finding.change is None or not finding.address:
        return ""
    suffix = finding.rule.rpartition("-")[2]
    if suffix == UNSAID and finding.differences:
        values = (
            f"{attribute_name(d.attribute)} {brief_value(d.actual)}" for d in finding.differences
        )
        return f"{' and '.join(values)} only in the migrations"
    if suffix != finding.change:
        return ""
    difference = brief_difference(finding)
    if finding.change is ChangeType.CHANGED or finding.verdict is Verdict.CONFLICT:
        return difference
    line = _LINES[finding.verdict, finding.change]
    text = fill(line, definition=_new_definition(finding), new_name=finding.new_name)
    text = text.removesuffix(": ")
    return f"{text}; {difference}" if difference else text


def _new_definition(finding: Finding) -> str:
    """Return the definition of an object that one side has, without the name of its kind."""
    definitions = (text for text in finding.definitions.values() if text)
    definition = next(definitions, "")
    is_informative = finding.address is not None and definition != finding.address.kind
    return brief_value(definition) if definition and is_informative else ""


def _conflict(finding: Finding) -> Iterator[str]:
    """Yield how the models and how live differ from the migrations."""
    for name, before, after in (
        ("models", Side.HEAD, Side.MODELS),
        ("live", Side.STAMPED, Side.LIVE),
    ):
        differences = (
            Difference(each.attribute, each.values[before], each.values[after])
            for each in finding.attribute_values
            if {before, after} <= each.values.keys() and each.values[before] != each.values[after]
        )
        text = ", ".join(map(difference_line, differences))
        if text:
            yield f"{name}: {text}"
