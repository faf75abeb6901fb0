"""Compares two snapshots. Knows no kind of object and no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from driftcheck.judging.matching import Pairs, Parts, match
from driftcheck.schema import Address, SchemaObject, Snapshot, Value


class ChangeType(StrEnum):
    """How an object differs between two snapshots."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute that differs between two objects, with its whole value on both sides."""

    attribute: str
    wanted: Value
    actual: Value


@dataclass(frozen=True, slots=True)
class Change:
    """An object that differs between two snapshots.

    Attributes:
        type: Whether the object is missing from the actual snapshot, extra there, changed or
            renamed.
        wanted: The wanted object; ``None`` for an extra object.
        actual: The actual object; ``None`` for a missing object.
        differences: The attributes that differ, for an object that was changed, or renamed and
            changed. A changed object may also have another name: the actual object then replaces
            the wanted one.
        parts: The changes that follow from this change: the columns of a missing table, the same
            change of inherited columns, the indexes that a table got when it became a partition.
        standing: For a changed or renamed object, its parts as wanted and as they are. They are
            dropped if the object has to be dropped and created again.
    """

    type: ChangeType
    wanted: SchemaObject | None
    actual: SchemaObject | None
    differences: tuple[Difference, ...] = ()
    parts: tuple[Change, ...] = ()
    standing: tuple[Parts, Parts] = field(default=((), ()), compare=False, repr=False)

    @property
    def schema_object(self) -> SchemaObject:
        """The wanted object or, for an extra object, the actual one."""
        schema_object = self.wanted or self.actual
        assert schema_object is not None  # noqa: S101  (a change has at least one side)
        return schema_object

    @property
    def address(self) -> Address:
        """The object's name on the wanted side or, for an extra object, on the actual side."""
        return self.schema_object.address


_ChangeKey = tuple[ChangeType, Address]


def compare(
    wanted: Snapshot, actual: Snapshot, *, same_lineage: bool, known: Pairs | None = None
) -> list[Change]:
    """Compare two snapshots. Changes of parts that follow from another change are folded into it.

    Args:
        wanted: The schema as it should be.
        actual: The schema as it is.
        same_lineage: Whether the same statements made both schemas. If so, the numbers that the
            server gave to columns are evidence for renames, and an object that disappeared and
            an object that appeared are two changes. If not (models and migrations), names were
            chosen independently, so objects with the same subject are taken for one changed
            object.
        known: Objects that are known to be the same under two names; see ``match``.
    """
    pairs = match(wanted, actual, same_lineage=same_lineage, known=known)
    return _fold(list(_changes(wanted, actual, pairs)))


def _changes(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Iterator[Change]:
    for address, expected in wanted.objects.items():
        if address not in pairs:
            yield Change(ChangeType.MISSING, expected, None)
            continue
        left, right = _completed(expected, actual.objects[pairs[address]])
        same = left is right or left.attributes == right.attributes  # most objects are shared
        equal = same and not _is_moved(left, right, pairs)
        renamed = right.address != address and not _is_renamed_with_parent(left, right)
        if equal and not renamed:
            continue
        is_same = renamed and (equal or not left.renamable)
        change_type = ChangeType.RENAMED if is_same else ChangeType.CHANGED
        standing = wanted.parts.get(address, ()), actual.parts.get(right.address, ())
        differences = _differences(left, right, pairs)
        yield Change(change_type, left, right, differences, standing=standing)
    matched = set(pairs.values())
    # In reverse, so that an object is dropped before the object that it depends on.
    for address, right in reversed([*actual.objects.items()]):
        if address not in matched:
            yield Change(ChangeType.EXTRA, None, right)


def _completed(left: SchemaObject, right: SchemaObject) -> tuple[SchemaObject, SchemaObject]:
    """Return two objects, each with its hidden attributes taken from the other one."""
    if left is right or left.attributes == right.attributes:
        return left, right
    return left.completed(right), right.completed(left)


def _is_renamed_with_parent(left: SchemaObject, right: SchemaObject) -> bool:
    """Whether a part has another address only because its parent object was renamed.

    A partition does not move to the schema to which its table moves.
    """
    is_partition = left.part_of is not None and left.part_of.kind == left.address.kind
    if is_partition and left.address.schema != right.address.schema:
        return False
    return left.part_of != right.part_of and left.address.name == right.address.name


def _is_moved(left: SchemaObject, right: SchemaObject, pairs: Pairs) -> bool:
    """Whether the matched objects are parts of different parent objects."""
    parent = left.part_of
    return (parent if parent is None else pairs.get(parent, parent)) != right.part_of


def _differences(left: SchemaObject, right: SchemaObject, pairs: Pairs) -> tuple[Difference, ...]:
    if left.address.kind != right.address.kind:
        return (Difference("kind", left.address.kind, right.address.kind),)
    differences: tuple[Difference, ...] = ()
    if left.attributes != right.attributes:
        differences = differences_between(left, right)
    if _is_moved(left, right, pairs):
        names = (None if parent is None else parent.sql for parent in (left.part_of, right.part_of))
        differences = (*differences, Difference("part_of", *names))
    return differences


def _fold(changes: list[Change]) -> list[Change]:
    """Fold every change that follows from another change into that change."""
    by_key = {(change.type, change.address): change for change in changes}
    parts: dict[_ChangeKey, list[Change]] = defaultdict(list)
    top_level = []
    for change in changes:
        leader = _leader(change, by_key)
        if leader is None:
            top_level.append(change)
        else:
            parts[leader.type, leader.address].append(change)
    return [_with_parts(change, parts) for change in top_level]


def _leader(change: Change, by_key: Mapping[_ChangeKey, Change]) -> Change | None:
    """Return the change that a change follows from.

    - A missing or extra object follows its missing or extra parent object, or an object that it
      depends on: an index follows its column.
    - An object that changed in the same way as the object that it inherits from follows that
      object's change.
    - An extra inherited part follows the change of its parent object, which was made to inherit.
    - An owned object follows the change of the column that owns it and became serial, or stopped
      to be.
    """
    if change.type in (ChangeType.MISSING, ChangeType.EXTRA):
        origins = (change.schema_object.part_of, *change.schema_object.stands_on)
        leaders = (by_key.get((change.type, origin)) for origin in origins if origin is not None)
        leader = next(filter(None, leaders), None)
        leader = leader or _leader_by_ownership(change, by_key)
        if leader is not None:
            return leader
    return _leader_by_inheritance(change, by_key)


def _leader_by_ownership(change: Change, by_key: Mapping[_ChangeKey, Change]) -> Change | None:
    if not change.schema_object.attributes.get("owned_by"):
        return None
    owners = (by_key.get((ChangeType.CHANGED, at)) for at in change.schema_object.stands_on)
    return next((owner for owner in owners if owner and _differs_in(owner, "serial")), None)


def _differs_in(change: Change, attribute: str) -> bool:
    return any(difference.attribute == attribute for difference in change.differences)


def _leader_by_inheritance(change: Change, by_key: Mapping[_ChangeKey, Change]) -> Change | None:
    inherited_from, parent = change.schema_object.inherited_from, change.schema_object.part_of
    if inherited_from is None:
        return None
    leader = by_key.get((change.type, inherited_from))
    if leader is not None and leader.differences == change.differences:
        return leader
    if change.type is not ChangeType.EXTRA or parent is None:
        return None
    return by_key.get((ChangeType.CHANGED, parent))


def _with_parts(change: Change, parts: Mapping[_ChangeKey, list[Change]]) -> Change:
    own = parts.get((change.type, change.address), ())
    if not own:
        return change
    return replace(change, parts=tuple(_with_parts(part, parts) for part in own))


def differences_between(wanted: SchemaObject, actual: SchemaObject) -> tuple[Difference, ...]:
    """Return the attributes that differ between two objects, ordered by name.

    The value of an attribute is compared as a whole: the elements of a list have no identity, so
    an element that is added in the middle does not change the elements after it.
    """
    left, right = dict(wanted.attributes), dict(actual.attributes)
    names = {
        name
        for name in left.keys() | right.keys()
        if name not in left or name not in right or _differ(left[name], right[name])
    }
    return tuple(Difference(name, left.get(name), right.get(name)) for name in sorted(names))


def _differ(wanted: Value, actual: Value) -> bool:
    """Whether two values differ in type or content."""
    if wanted is actual:
        return False
    if not (isinstance(wanted, tuple) and isinstance(actual, tuple)):
        return type(wanted) is not type(actual) or wanted != actual
    from deepdiff import DeepDiff  # noqa: PLC0415  (slow to import, and few changes need it)

    return bool(DeepDiff(wanted, actual))
