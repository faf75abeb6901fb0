"""Compares two snapshots: two schemas in, changes out. Knows no kind of object and no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from driftcheck.schema import Address, SchemaObject, Snapshot, Value


class ChangeType(StrEnum):
    """How two snapshots fail to hold an object alike."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute, or one place inside it, that two objects do not hold alike."""

    attribute: str
    wanted: Value
    actual: Value


@dataclass(frozen=True, slots=True)
class Change:
    """One object that two snapshots do not hold alike.

    Attributes:
        type: Missing in the actual snapshot, extra there, changed or renamed.
        wanted: The object as the one side has it; ``None`` where it is extra.
        actual: The object as the other side has it; ``None`` where it is missing.
        differences: What differs inside, for one that is changed (or renamed and changed).
        parts: The changes that come with this one: the columns of a missing table.
    """

    type: ChangeType
    wanted: SchemaObject | None
    actual: SchemaObject | None
    differences: tuple[Difference, ...] = ()
    parts: tuple[Change, ...] = ()

    @property
    def thing(self) -> SchemaObject:
        """The object as wanted or, where it is extra, as it is."""
        thing = self.wanted or self.actual
        assert thing is not None  # noqa: S101  (a change has at least one side)
        return thing

    @property
    def address(self) -> Address:
        """What the object is called on the wanted side or, where it is extra, on the actual."""
        return self.thing.address


def compare(wanted: Snapshot, actual: Snapshot, *, same_lineage: bool) -> list[Change]:
    """Compare two snapshots, parts folded into the wholes that they come and go with.

    Args:
        wanted: The schema as it should be.
        actual: The schema as it is.
        same_lineage: Whether the same statements made both, so that the numbers the server
            gave to columns are evidence for renames.
    """
    pairs = _matched_by_name(wanted, actual)
    pairs |= _renamed_wholes(wanted, actual, pairs)
    pairs |= _renamed_parts(wanted, actual, pairs, same_lineage=same_lineage)
    return _fold(list(_changes(wanted, actual, pairs)))


Pairs: TypeAlias = dict[Address, Address]
"""Which object of the wanted side is which of the actual one."""

KeyOf: TypeAlias = Callable[[SchemaObject], Hashable]


def _matched_by_name(wanted: Snapshot, actual: Snapshot) -> Pairs:
    return {address: address for address in wanted.objects if address in actual.objects}


def _renamed_wholes(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Pairs:
    """Pair wholes that differ in nothing but their name, together with their parts."""
    renamed: Pairs = {}
    missing = _by_content(wanted, (a for a in wanted.parts if a not in pairs))
    extra = _by_content(actual, (a for a in actual.parts if a not in wanted.objects))
    for content, lefts in missing.items():
        rights = extra.get(content, [])
        if len(lefts) == len(rights) == 1:
            left, right = lefts[0], rights[0]
            renamed[left] = right
            theirs = {_relative(part): part.address for part in actual.parts[right]}
            ours = ((part, theirs.get(_relative(part))) for part in wanted.parts[left])
            renamed |= {part.address: other for part, other in ours if other is not None}
    return renamed


def _by_content(snapshot: Snapshot, wholes: Iterable[Address]) -> Mapping[Hashable, list[Address]]:
    found: dict[Hashable, list[Address]] = defaultdict(list)
    for address in wholes:
        thing = snapshot.objects.get(address)
        if thing is not None:
            parts = frozenset((_relative(part), _frozen(part)) for part in snapshot.parts[address])
            found[address.kind, address.schema, _frozen(thing), parts].append(address)
    return found


def _relative(part: SchemaObject) -> tuple[str, str, str | None]:
    """What a part is called within its whole; nothing, where its name does not count."""
    address = part.address
    return address.kind, "" if part.renamable else address.name, address.arguments


def _frozen(thing: SchemaObject) -> Hashable:
    return tuple(sorted(thing.attributes.items()))


def _renamed_parts(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, *, same_lineage: bool
) -> Pairs:
    """Pair parts of the same whole by their content or, of one lineage, by their number."""
    renamed: Pairs = {}
    taken = set(pairs.values())
    missing = [t for t in wanted.objects.values() if t.part_of and t.address not in pairs]
    wholes = dict.fromkeys(t.part_of for t in missing if t.part_of in pairs)
    for whole in filter(None, wholes):
        lefts = [t for t in missing if t.part_of == whole]
        rights = [t for t in actual.parts.get(pairs[whole], ()) if t.address not in taken]
        renamed |= _one_to_one(lefts, rights, _content_key)
        if same_lineage and _numbers_agree(wanted.parts[whole], actual, pairs):
            renamed |= _one_to_one(lefts, rights, _number_key)
    return renamed


def _content_key(thing: SchemaObject) -> Hashable:
    return (thing.address.kind, _frozen(thing)) if thing.renamable else None


def _number_key(thing: SchemaObject) -> Hashable:
    return None if thing.number is None else (thing.address.kind, thing.number)


def _one_to_one(lefts: list[SchemaObject], rights: list[SchemaObject], key: KeyOf) -> Pairs:
    """Pair what has the same key, where just one on each side has it."""
    by_key: dict[Hashable, tuple[list[Address], list[Address]]] = defaultdict(lambda: ([], []))
    for side, things in enumerate((lefts, rights)):
        for thing in things:
            by_key[key(thing)][side].append(thing.address)
    by_key.pop(None, None)
    return {ls[0]: rs[0] for ls, rs in by_key.values() if len(ls) == len(rs) == 1}


def _numbers_agree(parts: Iterable[SchemaObject], actual: Snapshot, pairs: Pairs) -> bool:
    """Whether the numbers can be trusted: a table restored from a dump has new ones."""
    return all(
        actual.objects[pairs[part.address]].number == part.number
        for part in parts
        if part.address in pairs
    )


def _changes(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Iterator[Change]:
    for address, thing in wanted.objects.items():
        other = pairs.get(address)
        if other is None:
            yield Change(ChangeType.MISSING, thing, None)
            continue
        found = actual.objects[other]
        same = thing.attributes == found.attributes
        if other != address and not _renamed_with_whole(thing, found):
            differences = () if same else differences_between(thing, found)
            yield Change(ChangeType.RENAMED, thing, found, differences)
        elif not same:
            yield Change(ChangeType.CHANGED, thing, found, differences_between(thing, found))
    taken = set(pairs.values())
    for address, thing in actual.objects.items():
        if address not in taken:
            yield Change(ChangeType.EXTRA, None, thing)


def _renamed_with_whole(thing: SchemaObject, found: SchemaObject) -> bool:
    """Whether a part only has another address because its whole was renamed."""
    return thing.part_of != found.part_of and thing.address.name == found.address.name


def _fold(changes: list[Change]) -> list[Change]:
    """Fold what is missing or extra into the whole that is missing or extra with it."""
    folding = (ChangeType.MISSING, ChangeType.EXTRA)
    whole_by_key = {(c.type, c.address): c for c in changes if c.type in folding}
    parts: dict[tuple[ChangeType, Address], list[Change]] = defaultdict(list)
    tops = []
    for change in changes:
        whole = change.thing.part_of
        key = (change.type, whole) if whole is not None else None
        if key in whole_by_key:
            parts[key].append(change)
        else:
            tops.append(change)
    return [_with_parts(change, parts) for change in tops]


def _with_parts(change: Change, parts: Mapping[tuple[ChangeType, Address], list[Change]]) -> Change:
    own = parts.get((change.type, change.address), ())
    if not own:
        return change
    folded = tuple(_with_parts(part, parts) for part in own)
    return Change(change.type, change.wanted, change.actual, change.differences, folded)


def differences_between(wanted: SchemaObject, actual: SchemaObject) -> tuple[Difference, ...]:
    """What differs inside two objects that are not equal."""
    from deepdiff import DeepDiff  # noqa: PLC0415  (half a second, and equal schemas need none)

    found = DeepDiff(dict(wanted.attributes), dict(actual.attributes), view="tree")
    levels = (level for group in found.values() for level in group)
    differences = (
        Difference(_attribute(level.path(output_format="list")), _side(level.t1), _side(level.t2))
        for level in levels
    )
    return tuple(sorted(differences, key=lambda difference: difference.attribute))


def _attribute(path: list[str | int]) -> str:
    """A path as people write it: ``values[2]``."""
    first, *rest = path
    return str(first) + "".join(f"[{step}]" for step in rest)


def _side(value: object) -> Value:
    """DeepDiff marks what is on one side only with a value of its own."""
    return value if isinstance(value, (str, int, bool, tuple)) else None
