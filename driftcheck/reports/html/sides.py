"""Puts the values that an object has on each side next to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftcheck.chain import Side
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Finding
from driftcheck.judging.value_text import attribute_name, value_text
from driftcheck.process.masking import masked
from driftcheck.reports.html.marking import Piece, marked
from driftcheck.reports.values import by_value, side_values
from driftcheck.schema import Value

_REFERENCES = (Side.HEAD, Side.STAMPED, Side.REVISION, Side.FIRST)
"""The sides with which the others are compared, the best one first: what the migrations build."""

_SHORT = 60
"""Characters of a value that has a column for each side. Sides that agree about a longer value
share a column, which is wider."""


@dataclass(frozen=True)
class Column:
    """A value, and the sides that have it.

    Attributes:
        sides: The names of the sides.
        pieces: The value, divided into what is common and what differs; ``None`` if the object
            does not exist on these sides.
        is_reference: Whether it is the value with which the others are compared.
    """

    sides: tuple[str, ...]
    pieces: Sequence[Piece] | None
    is_reference: bool


@dataclass(frozen=True)
class ComparedValue:
    """A definition or an attribute on all sides.

    Attributes:
        name: The name of the attribute; empty for the definition.
        columns: The values in the order of the chain.
        is_long: Whether the values are long.
    """

    name: str
    columns: tuple[Column, ...]
    is_long: bool


def reference_side(finding: Finding) -> Side | None:
    """Return the side with which the others are compared; ``None`` if no side is known."""
    known = finding.definitions
    return next((side for side in _REFERENCES if side in known), next(iter(known), None))


def state_on(finding: Finding, side: Side) -> object:
    """Return what can be compared of an object on a side; ``None`` if it does not exist there.

    The definition does not show every attribute, so that of a changed object is not sufficient.
    """
    definition = finding.definitions[side]
    if definition is None or finding.change is not ChangeType.CHANGED:
        return definition
    values = tuple(each.values.get(side) for each in finding.attribute_values)
    return (values if finding.attribute_values else definition,)


def compared_values(finding: Finding) -> list[ComparedValue]:
    """Return the values that differ; of an object that is not changed, the definitions."""
    if finding.change is ChangeType.CHANGED and finding.differences:
        absent = {str(side): None for side, text in finding.definitions.items() if text is None}
        return [
            _compared(attribute_name(each.attribute), _texts(each.values) | absent, finding)
            for each in side_values(finding)
        ]
    texts = {str(side): finding.definitions[side] for side in Side if side in finding.definitions}
    return [_compared("", texts, finding)] if texts else []


def _texts(values: Mapping[Side, Value]) -> dict[str, str | None]:
    return {str(side): _text(value) for side, value in values.items()}


def _text(value: Value) -> str:
    """Write a value; a list with an element in each line."""
    is_list = isinstance(value, tuple) and len(value) > 1
    return "\n".join(map(value_text, value)) if is_list else value_text(value)  # type: ignore[arg-type]


def _compared(name: str, texts: Mapping[str, str | None], finding: Finding) -> ComparedValue:
    texts = _in_order(texts)
    side = reference_side(finding)
    reference = texts.get(str(side)) if side else next(iter(texts.values()))
    others = [text for text in texts.values() if text is not None and text != reference]
    opposite = others[0] if others else reference
    known = [text for text in texts.values() if text is not None]
    is_long = any(len(text) > _SHORT or "\n" in text for text in known)
    columns = tuple(
        Column(sides, _pieces(text, reference, opposite), text == reference)
        for sides, text in (_grouped(texts) if is_long else _single(texts))
    )
    return ComparedValue(name, columns, is_long)


def _in_order(texts: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Return the texts in the order of the chain; names that are no sides come first.

    Passwords are masked here, because they are not recognized in a text that marks divide.
    """
    order = {str(side): number for number, side in enumerate(Side)}
    pairs = sorted(texts.items(), key=lambda item: order.get(item[0], -1))
    return {side: text and masked(text) for side, text in pairs}


def _single(texts: Mapping[str, str | None]) -> Iterator[tuple[tuple[str, ...], str | None]]:
    return (((side,), text) for side, text in texts.items())


def _grouped(texts: Mapping[str, str | None]) -> Iterator[tuple[tuple[str, ...], str | None]]:
    groups: Mapping[str | None, list[str]] = by_value(texts)  # type: ignore[arg-type,assignment]
    return ((tuple(sides), text) for text, sides in groups.items())


def _pieces(text: str | None, reference: str | None, opposite: str | None) -> list[Piece] | None:
    """Return the pieces of a value; where only one value exists, there is nothing to mark."""
    if text is None:
        return None
    other = opposite if text == reference else reference
    return [Piece(text, differs=False)] if other is None else marked(text, other)
