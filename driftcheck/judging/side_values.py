"""Finds the object of a change on each side, and the values of its attributes there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from driftcheck.chain import Side
from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.judging.findings import AttributeValues, Verdict
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_NEXT_TO: Mapping[Side, tuple[Side, ...]] = {
    Side.MODELS: (Side.HEAD, Side.STAMPED),
    Side.HEAD: (Side.STAMPED,),
    Side.STAMPED: (Side.HEAD,),
    Side.LIVE: (Side.STAMPED, Side.HEAD),
}
"""For a side that is not compared in a gap, the sides whose names it is expected to use."""


def objects_by_side(
    verdict: Verdict,
    change: Change,
    pending: Sequence[Change],
    snapshots: Mapping[Side, Snapshot],
) -> dict[Side, SchemaObject | None]:
    """Return the object of a change on each side; ``None`` where it does not exist.

    The name of a renamed object may belong to a different object on another side: two columns
    can have swapped their names. So the name is taken from the change on its own sides, and from
    the next side of the chain elsewhere.

    Args:
        verdict: The verdict on the change.
        change: The change.
        pending: The pending changes of the same object, for a change in the live database. For
            drift, this is the other name that the object has in the models.
        snapshots: The snapshots of the sides that were read.
    """
    names = _names(verdict, change, pending)
    return {
        side: _find(names[side], change, snapshots[side])
        for side in Side
        if side in snapshots and side in names
    }


def _names(verdict: Verdict, change: Change, pending: Sequence[Change]) -> dict[Side, Address]:
    """Return the name that the object is expected to have on each side."""
    wanted_side, actual_side = verdict.change_gap.between
    names = {
        wanted_side: change.address,
        actual_side: change.actual.address if change.actual else change.address,
    }
    if verdict is Verdict.HAND_APPLIED:
        names[Side.MODELS] = names[Side.LIVE]
    elif pending:
        names[Side.MODELS] = _name_in_models(change, pending)
    for side, neighbours in _NEXT_TO.items():
        known = (names[neighbour] for neighbour in neighbours if neighbour in names)
        names.setdefault(side, next(known, change.address))
    return names


def _name_in_models(change: Change, pending: Sequence[Change]) -> Address:
    """Return the name that the models have for an object, according to its pending changes."""
    declared = [p for p in pending if p.wanted is not None]
    same = [p for p in declared if p.actual is not None and p.actual.address == change.address]
    return next((p.address for p in (*same, *declared)), change.address)


def _find(name: Address, change: Change, snapshot: Snapshot) -> SchemaObject | None:
    """Return the object of a name or, if there is none, of the other name of the change."""
    found = snapshot.objects.get(name)
    if found is not None:
        return found
    sides = (side for side in (change.wanted, change.actual) if side is not None)
    objects = (snapshot.objects.get(side.address) for side in sides)
    return next(filter(None, objects), None)


def attribute_values(
    change: Change, pending: Sequence[Change], objects: Mapping[Side, SchemaObject | None]
) -> tuple[AttributeValues, ...]:
    """Return the attributes that differ in any of the changes, with their values on each side.

    Args:
        change: The change.
        pending: The pending changes of the same object.
        objects: The object on each side, as ``objects_by_side`` returns it.
    """
    changes = [change, *(other for other in pending if other.type is ChangeType.CHANGED)]
    names = dict.fromkeys(d.attribute for each in changes for d in each.differences)
    existing = {side: found for side, found in objects.items() if found is not None}
    return tuple(
        AttributeValues(name, {side: _value(found, name) for side, found in existing.items()})
        for name in names
    )


def _value(schema_object: SchemaObject, attribute: str) -> Value:
    """Return the value of an attribute, or of a property that is compared like an attribute."""
    if attribute == "part_of":
        return schema_object.part_of.sql if schema_object.part_of else None
    if attribute == "kind":
        return schema_object.address.kind
    return schema_object.attributes.get(attribute)


def differences_of(
    verdict: Verdict, change: Change, values: Sequence[AttributeValues]
) -> tuple[Difference, ...]:
    """Return the differences between the two sides of the gap that a finding is reported under.

    A hand-applied change was found between the stamped schema and live, and is reported as
    pending: its differences are those between the models and head.
    """
    if verdict.gaps[0] is verdict.change_gap:
        return change.differences
    return tuple(_between(values, *verdict.gaps[0].between))


def _between(values: Sequence[AttributeValues], wanted: Side, actual: Side) -> Iterator[Difference]:
    for each in values:
        sides = each.values
        if wanted in sides and actual in sides and sides[wanted] != sides[actual]:
            yield Difference(each.attribute, sides[wanted], sides[actual])
