"""Expressions that the server printed differently, and that may mean the same.

PostgreSQL prints an expression from its parse tree. A database that was created from printed
expressions, such as a restored dump, can print them in another way::

    created from  CHECK (state IN ('new', 'old'))
    prints        ((state)::text = ANY ((ARRAY['new'::character varying, ...])::text[]))
    restored      ((state)::text = ANY (ARRAY[('new'::character varying)::text, ...]))

This module says which expressions are in doubt. Only the server can decide whether they are equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

PrintedIn: TypeAlias = Callable[[SchemaObject], frozenset[str]]
"""Returns the attributes of an object that contain printed expressions."""

Rewording: TypeAlias = Mapping[tuple[Address, str, Value], Value]
"""The text to use in place of an equal one, by object, attribute and the text to replace."""

_STRING = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attribute of two objects whose printed expressions differ and may be equal.

    Attributes:
        wanted: The address of the wanted object.
        actual: The address of the actual object.
        attribute: The name of the attribute.
        texts: The attribute's value in the wanted and in the actual object.
    """

    wanted: Address
    actual: Address
    attribute: str
    texts: tuple[Value, Value]


def doubts(changes: Iterable[Change], printed_in: PrintedIn) -> list[Doubt]:
    """Return the expressions of changed objects that are in doubt.

    A missing and an extra object are included if they differ in nothing but their names and their
    printed expressions: the object may have been renamed.

    Args:
        changes: The changes between two snapshots.
        printed_in: Returns the attributes of an object that contain printed expressions.
    """
    every = [*_with_parts(changes)]
    pairs = [
        (change.wanted, change.actual)
        for change in every
        if change.wanted is not None and change.actual is not None
    ]
    pairs += _possible_renames(every, printed_in)
    return [
        Doubt(wanted.address, actual.address, attribute, texts)
        for wanted, actual in pairs
        if wanted.address.kind == actual.address.kind
        for attribute in sorted(printed_in(wanted) & printed_in(actual))
        if _may_be_equal(
            *(texts := (wanted.attributes.get(attribute), actual.attributes.get(attribute)))
        )
    ]


def rewording(equal: Iterable[Doubt]) -> Rewording:
    """Return the replacements that give the wanted objects the texts of the actual ones.

    Args:
        equal: The expressions that are equal.
    """
    replacements: dict[tuple[Address, str, Value], Value] = {}
    for doubt in equal:
        wanted, actual = doubt.texts
        replacements[doubt.wanted, doubt.attribute, wanted] = actual
    return replacements


def reworded(snapshot: Snapshot, replacements: Rewording) -> Snapshot:
    """Return a snapshot with equal expressions replaced, so that they have one text everywhere."""
    changed: dict[Address, SchemaObject] = {}
    for address in {address for address, _, _ in replacements}:
        obj = snapshot.objects.get(address)
        if obj is None:
            continue
        attributes = {
            name: replacements.get((address, name, value), value)
            for name, value in obj.attributes.items()
        }
        if attributes != obj.attributes:
            changed[address] = replace(obj, attributes=attributes)
    return replace(snapshot, objects={**snapshot.objects, **changed}) if changed else snapshot


def _with_parts(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _with_parts(change.parts)


def _possible_renames(
    changes: Sequence[Change], printed_in: PrintedIn
) -> Iterator[tuple[SchemaObject, SchemaObject]]:
    missing = [c.wanted for c in changes if c.type is ChangeType.MISSING and c.wanted]
    extra = [c.actual for c in changes if c.type is ChangeType.EXTRA and c.actual]
    for wanted in missing:
        if not (wanted.renamable or wanted.recognizable):
            continue
        for actual in extra:
            same_place = (wanted.address.kind, wanted.part_of, wanted.address.schema) == (
                actual.address.kind,
                actual.part_of,
                actual.address.schema,
            )
            if same_place and _differ_in_printed_only(wanted, actual, printed_in):
                yield wanted, actual


def _differ_in_printed_only(
    wanted: SchemaObject, actual: SchemaObject, printed_in: PrintedIn
) -> bool:
    names = {*wanted.attributes, *actual.attributes}
    differing = {n for n in names if wanted.attributes.get(n) != actual.attributes.get(n)}
    return bool(differing) and differing <= printed_in(wanted) & printed_in(actual)


def _may_be_equal(wanted: Value, actual: Value) -> bool:
    """Whether two texts differ, and not in their string constants.

    The server never changes a constant when it prints an expression again.
    """
    if wanted is None or actual is None or wanted == actual:
        return False
    return _strings(wanted) == _strings(actual)


def _strings(value: Value) -> set[str]:
    if isinstance(value, tuple):
        return set().union(*map(_strings, value))
    return set(_STRING.findall(value)) if isinstance(value, str) else set()
