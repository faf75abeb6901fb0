"""Compares two snapshots: two schemas in, changes out. Knows no kind of object and no database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

Parts: TypeAlias = tuple[SchemaObject, ...]


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
        differences: What differs inside, for one that is changed (or renamed and changed). One
            that is changed has another name, too, where it stands in the other's place.
        parts: The changes that come with this one: the columns of a missing table, the same change
            of the columns that inherit, the indexes that a table got when it became a partition.
        standing: Of one that is changed, everything that is a part of it, as wanted and as it is:
            it goes where the object itself has to be made again.
    """

    type: ChangeType
    wanted: SchemaObject | None
    actual: SchemaObject | None
    differences: tuple[Difference, ...] = ()
    parts: tuple[Change, ...] = ()
    standing: tuple[Parts, Parts] = field(default=((), ()), compare=False, repr=False)

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
            gave to columns are evidence for renames. Where each side was written on its own,
            a name says little, and what is about the same stands in the other's place; where
            a name was given to both, that one went and another came are two facts.
    """
    pairs = _matched_by_name(wanted, actual)
    if not same_lineage:
        pairs = _content_over_names(wanted, actual, pairs)
    pairs |= _renamed_wholes(wanted, actual, pairs, same_lineage=same_lineage)
    pairs |= _renamed_parts(wanted, actual, pairs, same_lineage=same_lineage)
    return _fold(list(_changes(wanted, actual, pairs)))


Pairs: TypeAlias = dict[Address, Address]
"""Which object of the wanted side is which of the actual one."""

KeyOf: TypeAlias = Callable[[SchemaObject], Hashable]


def _matched_by_name(wanted: Snapshot, actual: Snapshot) -> Pairs:
    return {address: address for address in wanted.objects if address in actual.objects}


def _content_over_names(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Pairs:
    """The pairs, but by content where the names that each side gave on its own say otherwise.

    A server counts the foreign keys of a column: which of them is the first is a matter of order.
    """
    unlike = {
        address
        for address, other in pairs.items()
        if wanted.objects[address].renamable
        and wanted.objects[address].attributes != actual.objects[other].attributes
    }
    settled = {other for address, other in pairs.items() if address not in unlike}
    found: Pairs = {}
    for whole in {wanted.objects[address].part_of for address in unlike}:
        if whole is not None and whole in pairs:
            ours = wanted.parts[whole]
            lefts = [t for t in ours if t.address in unlike or t.address not in pairs]
            theirs = actual.parts.get(pairs[whole], ())
            rights = [t for t in theirs if t.address not in settled]
            found |= _one_to_one(lefts, rights, _content_key)
    taken = set(found.values())
    kept = {a: other for a, other in pairs.items() if a not in found and other not in taken}
    return kept | found


def _renamed_wholes(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, *, same_lineage: bool
) -> Pairs:
    """Pair wholes that differ in nothing but their name, or their schema, with their parts."""
    renamed: Pairs = {}
    parts_content = _numbered_content if same_lineage else _content
    for place, said_alike in _WAYS_TO_RENAME:
        taken = set(renamed.values())
        missing = [a for a in wanted.objects if a not in pairs and a not in renamed]
        extra = [a for a in actual.objects if a not in wanted.objects and a not in taken]
        if not missing or not extra:
            break
        alike = said_alike(wanted, actual)
        lefts = _grouped(wanted, missing, place, parts_content, alike)
        rights = _grouped(actual, extra, place, parts_content, alike)
        for said, (left, *others) in lefts.items():
            right, *more = rights.get(said, [None])
            if right is not None and not others and not more:
                renamed[left] = right
                renamed |= _like_parts(wanted, actual, left, right)
    return renamed


def _like_parts(wanted: Snapshot, actual: Snapshot, left: Address, right: Address) -> Pairs:
    """Pair the parts of a renamed whole that are called the same within it."""
    theirs = {_relative(part): part.address for part in actual.parts.get(right, ())}
    ours = ((part, theirs.get(_relative(part))) for part in wanted.parts.get(left, ()))
    return {part.address: other for part, other in ours if other is not None}


def _grouped(
    snapshot: Snapshot,
    addresses: Iterable[Address],
    place: Callable[[Address], Hashable],
    parts_content: Callable[[tuple[SchemaObject, ...]], Hashable],
    alike: Callable[[Hashable], Hashable],
) -> Mapping[Hashable, list[Address]]:
    """The wholes that can be known again by what they say, by where they are and what that is."""
    found: dict[Hashable, list[Address]] = defaultdict(list)
    for address in addresses:
        thing, parts = snapshot.objects[address], snapshot.parts.get(address, ())
        if thing.recognizable and thing.part_of is None:
            found[place(address), alike(_frozen(thing))].append(address)
        elif parts:
            found[place(address), alike((_frozen(thing), parts_content(parts)))].append(address)
    return found


def _word_for_word(_wanted: Snapshot, _actual: Snapshot) -> Callable[[Hashable], Hashable]:
    """What is said must be the same."""
    return lambda said: said


def _whatever_schema(wanted: Snapshot, actual: Snapshot) -> Callable[[Hashable], Hashable]:
    """What is said must be the same but for schemas: a table's own sequence moves along with it."""
    schemas = {address.schema for side in (wanted, actual) for address in side.objects} - {""}
    names = "|".join(re.escape(quote_identifier(schema)) for schema in schemas)
    qualified = re.compile(rf"(?<![\w\"])(?:{names})\.")

    def alike(said: Hashable) -> Hashable:
        if isinstance(said, str):
            return qualified.sub("", said)
        return type(said)(map(alike, said)) if isinstance(said, (tuple, frozenset)) else said

    return alike


_WAYS_TO_RENAME: tuple[tuple[Callable[[Address], Hashable], Any], ...] = (
    (lambda a: (a.kind, a.schema, a.path[:-1], a.arguments), _word_for_word),
    (lambda a: (a.kind, a.path, a.arguments), _whatever_schema),
)
"""What the addresses must have alike, and how what is said: another name, another schema."""


def _content(parts: Iterable[SchemaObject]) -> Hashable:
    return frozenset(
        (part.address.kind if part.renamable else _relative(part), _frozen(part)) for part in parts
    )


def _numbered_content(parts: tuple[SchemaObject, ...]) -> Hashable:
    """What numbers are evidence for; the other parts, a trigger, may speak of the whole's name."""
    numbered = [part for part in parts if part.number is not None]
    return frozenset((part.number, _content([part])) for part in numbered) or _content(parts)


def _relative(part: SchemaObject) -> tuple[str, str, str | None]:
    """What a part is called within its whole."""
    return part.address.kind, part.address.name, part.address.arguments


def _frozen(thing: SchemaObject) -> Hashable:
    return tuple(sorted(thing.attributes.items()))


def _renamed_parts(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, *, same_lineage: bool
) -> Pairs:
    """Pair parts of the same whole: by their content; by their number or else their subject."""
    renamed: Pairs = {}
    taken = set(pairs.values())
    missing = [t for t in wanted.objects.values() if t.part_of and t.address not in pairs]
    wholes = dict.fromkeys(t.part_of for t in missing if t.part_of in pairs)
    for whole in filter(None, wholes):
        lefts = [t for t in missing if t.part_of == whole]
        rights = [t for t in actual.parts.get(pairs[whole], ()) if t.address not in taken]
        alike = _one_to_one(lefts, rights, _content_key)
        renamed |= alike
        if not same_lineage:
            lefts = [t for t in lefts if t.address not in alike]
            rights = [t for t in rights if t.address not in alike.values()]
            renamed |= _one_to_one(lefts, rights, _subject_key)
        elif _numbers_agree(wanted.parts[whole], actual, pairs):
            renamed |= _one_to_one(lefts, rights, _number_key)
    return renamed


def _content_key(thing: SchemaObject) -> Hashable:
    known = thing.renamable or thing.recognizable
    return (thing.address.kind, thing.address.arguments, _frozen(thing)) if known else None


def _number_key(thing: SchemaObject) -> Hashable:
    return None if thing.number is None else (thing.address.kind, thing.number)


def _subject_key(thing: SchemaObject) -> Hashable:
    return thing.subject


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
        same = thing.attributes == found.attributes and not _moved(thing, found, pairs)
        renamed = other != address and not _renamed_with_whole(thing, found)
        if renamed and (same or not thing.renamable):
            yield Change(ChangeType.RENAMED, thing, found, _differences(thing, found, pairs))
        elif not same:
            standing = wanted.parts.get(address, ()), actual.parts.get(other, ())
            differences = _differences(thing, found, pairs)
            yield Change(ChangeType.CHANGED, thing, found, differences, standing=standing)
    taken = set(pairs.values())
    for address, thing in reversed([*actual.objects.items()]):  # what stands on another goes first
        if address not in taken:
            yield Change(ChangeType.EXTRA, None, thing)


def _renamed_with_whole(thing: SchemaObject, found: SchemaObject) -> bool:
    """Whether a part only has another address because its whole was renamed."""
    return thing.part_of != found.part_of and thing.address.name == found.address.name


def _moved(thing: SchemaObject, found: SchemaObject, pairs: Pairs) -> bool:
    """Whether what is called the same is a part of something else."""
    whole = thing.part_of
    return (whole if whole is None else pairs.get(whole, whole)) != found.part_of


def _differences(thing: SchemaObject, found: SchemaObject, pairs: Pairs) -> tuple[Difference, ...]:
    if thing.address.kind != found.address.kind:
        return (Difference("kind", thing.address.kind, found.address.kind),)
    differences: tuple[Difference, ...] = ()
    if thing.attributes != found.attributes:
        differences = differences_between(thing, found)
    if _moved(thing, found, pairs):
        sides = (None if whole is None else whole.sql for whole in (thing.part_of, found.part_of))
        differences = (*differences, Difference("part_of", *sides))
    return differences


def _fold(changes: list[Change]) -> list[Change]:
    """Fold changes into the one that they come with."""
    by_key = {(change.type, change.address): change for change in changes}
    parts: dict[tuple[ChangeType, Address], list[Change]] = defaultdict(list)
    tops = []
    for change in changes:
        led_by = _led_by(change, by_key)
        if led_by is None:
            tops.append(change)
        else:
            parts[led_by.type, led_by.address].append(change)
    return [_with_parts(change, parts) for change in tops]


def _led_by(change: Change, by_key: Mapping[tuple[ChangeType, Address], Change]) -> Change | None:
    """The change that a change comes with.

    What is missing or extra comes with its whole, or with what it stands on or is inherited from;
    or with a whole that has changed, for that was made to inherit. What is changed or renamed
    alike comes with what it is inherited from.
    """
    whole, parent = change.thing.part_of, change.thing.inherited_from
    one_sided = change.type in (ChangeType.MISSING, ChangeType.EXTRA)
    if one_sided and whole is not None and (change.type, whole) in by_key:
        return by_key[change.type, whole]
    ground = (by_key.get((change.type, on)) for on in change.thing.stands_on if one_sided)
    leader = next(filter(None, ground), None)
    if leader is not None:
        return leader
    if parent is None:
        return None
    leader = by_key.get((change.type, parent))
    if leader is not None and leader.differences == change.differences:
        return leader
    came = change.type is ChangeType.EXTRA and whole is not None
    return by_key.get((ChangeType.CHANGED, whole)) if came and whole is not None else None


def _with_parts(change: Change, parts: Mapping[tuple[ChangeType, Address], list[Change]]) -> Change:
    own = parts.get((change.type, change.address), ())
    if not own:
        return change
    folded = tuple(_with_parts(part, parts) for part in own)
    return replace(change, parts=folded)


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
