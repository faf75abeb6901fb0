"""Matches the objects of two snapshots: which wanted object is which actual object.

Knows no kind of object and no database.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot

Pairs: TypeAlias = dict[Address, Address]
"""The address of the actual object for the address of each wanted object that has a match."""

Parts: TypeAlias = tuple[SchemaObject, ...]
Key: TypeAlias = Callable[[SchemaObject], Hashable]
Normalize: TypeAlias = Callable[[Hashable], Hashable]


def match(
    wanted: Snapshot, actual: Snapshot, *, same_lineage: bool, known: Pairs | None = None
) -> Pairs:
    """Match the objects of two snapshots by name, by content, by number or by subject.

    Args:
        wanted: The schema as it should be.
        actual: The schema as it is.
        same_lineage: Whether the same statements made both schemas; see ``compare``.
        known: Objects that are known to be the same under two names. A pair does not count if
            one of its objects does not exist, or also matches another one by name.
    """
    pairs = {address: address for address in wanted.objects if address in actual.objects}
    pairs |= _match_known(wanted, actual, known or {})
    if not same_lineage:
        pairs = _rematch_by_content(wanted, actual, pairs)
    pairs |= _match_renamed_parents(wanted, actual, pairs, same_lineage=same_lineage)
    pairs |= _match_renamed_parts(wanted, actual, pairs, same_lineage=same_lineage)
    return pairs


# --- known from elsewhere -----------------------------------------------------------------------


def _match_known(wanted: Snapshot, actual: Snapshot, known: Pairs) -> Pairs:
    """Match the objects that are known to be renamed, and their parts of the same name."""
    pairs: Pairs = {}
    for left, right in known.items():
        exist = left in wanted.objects and right in actual.objects
        if exist and left not in actual.objects and right not in wanted.objects:
            pairs[left] = right
            pairs |= _parts_of_the_same_name(wanted, actual, left, right)
    return pairs


# --- the same name, but not the same content ----------------------------------------------------


def _rematch_by_content(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Pairs:
    """Match by content the parts that have the same name but different content.

    Example: the server numbers unnamed foreign keys in the order in which they were created, and
    the models and the migrations created them in different orders::

        wanted                                    actual
        a_fkey   FOREIGN KEY (a) REFERENCES x     a_fkey   FOREIGN KEY (a) REFERENCES y
        a_fkey1  FOREIGN KEY (a) REFERENCES y     a_fkey1  FOREIGN KEY (a) REFERENCES x

    By name, both foreign keys differ. The result pairs ``a_fkey`` with ``a_fkey1`` and ``a_fkey1``
    with ``a_fkey``, so that none is reported as changed. A pair by name that lost one of its
    objects to a pair by content is dissolved; its other object is matched by later steps.
    """
    certain = _pairs_without_doubt(wanted, actual, pairs)
    matched = set(certain.values())
    by_content: Pairs = {}
    for parent in _parents(wanted, (address for address in pairs if address not in certain)):
        if parent in pairs:
            left = [part for part in wanted.parts[parent] if part.address not in certain]
            others = actual.parts.get(pairs[parent], ())
            right = [part for part in others if part.address not in matched]
            by_content |= _one_to_one(left, right, _content_key)
    taken = set(by_content.values())
    by_name = {
        address: other
        for address, other in pairs.items()
        if address not in by_content and other not in taken
    }
    return by_name | by_content


def _pairs_without_doubt(wanted: Snapshot, actual: Snapshot, pairs: Pairs) -> Pairs:
    """Return the pairs that are identified by name, or have the same content."""
    return {
        address: other
        for address, other in pairs.items()
        if not wanted.objects[address].renamable
        or wanted.objects[address].attributes == actual.objects[other].attributes
    }


def _parents(snapshot: Snapshot, addresses: Iterable[Address]) -> Iterable[Address]:
    """Return the parent objects of some objects, each one once."""
    parents = (snapshot.objects[address].part_of for address in addresses)
    return dict.fromkeys(parent for parent in parents if parent is not None)


# --- parent objects with another name or schema -------------------------------------------------


def _match_renamed_parents(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, *, same_lineage: bool
) -> Pairs:
    """Match parent objects that differ only in their name or only in their schema, and their parts.

    The first pass looks for another name in the same schema, the second for the same name in
    another schema.
    """
    renamed: Pairs = {}
    parts_content = _numbered_content if same_lineage else _content
    passes = (
        (_all_but_name, _unchanged),
        (_all_but_schema, partial(_without_schemas, wanted, actual)),
    )
    for place, make_normalize in passes:
        taken = set(renamed.values())
        missing = [a for a in wanted.objects if a not in pairs and a not in renamed]
        extra = [a for a in actual.objects if a not in wanted.objects and a not in taken]
        if not missing or not extra:
            break
        normalize = make_normalize()
        left_by_content = _by_content(wanted, missing, place, parts_content, normalize)
        right_by_content = _by_content(actual, extra, place, parts_content, normalize)
        for content, lefts in left_by_content.items():
            rights = right_by_content.get(content, [])
            if len(lefts) == len(rights) == 1:
                renamed[lefts[0]] = rights[0]
                renamed |= _parts_of_the_same_name(wanted, actual, lefts[0], rights[0])
    if same_lineage:
        renamed |= _match_by_moved_parts(wanted, actual, pairs, renamed)
    return renamed


def _match_by_moved_parts(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, renamed: Pairs
) -> Pairs:
    """Match parent objects that were renamed and altered, by a part that kept its own name.

    An index or a sequence is not named within its table, and it stays with the table.
    """
    matched = {*renamed.values()}
    found: dict[Address, set[Address]] = defaultdict(set)
    for address in pairs:
        old, new = wanted.objects[address].part_of, actual.objects[pairs[address]].part_of
        if old is not None and new is not None and old != new:
            is_free = old not in pairs and old not in renamed and new not in wanted.objects
            if is_free and new not in matched and old.kind == new.kind:
                found[old].add(new)
    partners = Counter(new for news in found.values() for new in news)
    by_parts: Pairs = {}
    for old, news in found.items():
        new = next(iter(news))
        if len(news) == partners[new] == 1:
            by_parts[old] = new
            by_parts |= _parts_of_the_same_name(wanted, actual, old, new)
    return by_parts


def _all_but_name(address: Address) -> Hashable:
    return address.kind, address.schema, address.path[:-1], address.arguments


def _all_but_schema(address: Address) -> Hashable:
    return address.kind, address.path, address.arguments


def _unchanged() -> Normalize:
    """Return a function that compares the content of objects as it is."""
    return lambda content: content


def _without_schemas(wanted: Snapshot, actual: Snapshot) -> Normalize:
    """Return a function that removes the names of schemas from the content of an object.

    A table's own sequence moves to the new schema together with the table, so the default of the
    column that uses the sequence has another text.
    """
    schemas = {address.schema for side in (wanted, actual) for address in side.objects} - {""}
    names = "|".join(re.escape(quote_identifier(schema)) for schema in schemas)
    qualified = re.compile(rf"(?<![\w\"])(?:{names})\.")

    def normalize(content: Hashable) -> Hashable:
        if isinstance(content, str):
            return qualified.sub("", content)
        if isinstance(content, (tuple, frozenset)):
            return type(content)(map(normalize, content))
        return content

    return normalize


def _by_content(
    snapshot: Snapshot,
    addresses: Iterable[Address],
    place: Callable[[Address], Hashable],
    parts_content: Callable[[Parts], Hashable],
    normalize: Normalize,
) -> Mapping[Hashable, list[Address]]:
    """Group the objects that can be recognized by content: by their place and their content."""
    groups: dict[Hashable, list[Address]] = defaultdict(list)
    for address in addresses:
        schema_object, parts = snapshot.objects[address], snapshot.parts.get(address, ())
        own = _frozen(schema_object)
        if schema_object.recognizable and schema_object.part_of is None:
            groups[place(address), normalize(own)].append(address)
        elif parts:
            groups[place(address), normalize((own, parts_content(parts)))].append(address)
    return groups


def _parts_of_the_same_name(
    wanted: Snapshot, actual: Snapshot, left: Address, right: Address
) -> Pairs:
    """Match the parts of a renamed parent object that have the same name within it."""
    by_name = {_name_within_parent(part): part.address for part in actual.parts.get(right, ())}
    matches = (
        (part.address, by_name.get(_name_within_parent(part)))
        for part in wanted.parts.get(left, ())
    )
    return {address: other for address, other in matches if other is not None}


def _content(parts: Iterable[SchemaObject]) -> Hashable:
    return frozenset(
        (part.address.kind if part.renamable else _name_within_parent(part), _frozen(part))
        for part in parts
    )


def _numbered_content(parts: Parts) -> Hashable:
    """Return the content of the numbered parts only, if there are any, or of the named ones.

    The definition of another part, such as a trigger, may contain the name of the parent object.
    """
    numbered = [part for part in parts if part.number is not None]
    named = [part for part in parts if not part.renamable]  # an index may be dropped as well
    return frozenset((part.number, _content([part])) for part in numbered) or _content(
        named or parts
    )


def _name_within_parent(part: SchemaObject) -> tuple[str, str, str | None]:
    return part.address.kind, part.address.name, part.address.arguments


# --- parts with another name --------------------------------------------------------------------


def _match_renamed_parts(
    wanted: Snapshot, actual: Snapshot, pairs: Pairs, *, same_lineage: bool
) -> Pairs:
    """Match the remaining parts of each matched parent object by content, number or subject.

    - By content, always: an index ``ix_old`` that is ``btree (age)`` is the index ``ix_new`` that
      is ``btree (age)``.
    - By number, in the same lineage: column 3 ``name`` is column 3 ``surname``, provided that the
      columns which have the same name on both sides have the same number, too.
    - By number and content, in the same lineage, in a table that was restored from a dump.
    - By subject, in different lineages: an index on ``age`` of the models takes the place of
      another index on ``age`` of the migrations.

    Each match needs exactly one candidate on each side.
    """
    renamed: Pairs = {}
    matched = set(pairs.values())
    for parent, left in _unmatched_parts(wanted, pairs).items():
        right = [p for p in actual.parts.get(pairs[parent], ()) if p.address not in matched]
        by_content = _one_to_one(left, right, _content_key)
        renamed |= by_content
        if not same_lineage:
            renamed |= _match_by_subject(left, right, by_content)
        elif _numbers_agree(wanted.parts[parent], actual, pairs):
            renamed |= _one_to_one(left, right, _number_key)
        else:
            renamed |= _match_in_restored_table(wanted.parts[parent], right, actual, pairs)
    return renamed


def _unmatched_parts(wanted: Snapshot, pairs: Pairs) -> Mapping[Address, list[SchemaObject]]:
    """Return the parts without a match by their parent object, which has one."""
    unmatched: dict[Address, list[SchemaObject]] = defaultdict(list)
    for part in wanted.objects.values():
        parent = part.part_of
        if parent is not None and parent in pairs and part.address not in pairs:
            unmatched[parent].append(part)
    return unmatched


def _match_by_subject(
    left: list[SchemaObject], right: list[SchemaObject], by_content: Pairs
) -> Pairs:
    """Match by subject the parts that were not matched by content."""
    matched = set(by_content.values())
    return _one_to_one(
        [part for part in left if part.address not in by_content],
        [part for part in right if part.address not in matched],
        _subject_key,
    )


def _numbers_agree(parts: Iterable[SchemaObject], actual: Snapshot, pairs: Pairs) -> bool:
    """Whether the numbers are evidence: a restore gives the columns of a table new numbers."""
    return all(
        actual.objects[pairs[part.address]].number == part.number
        for part in parts
        if part.address in pairs
    )


def _match_in_restored_table(
    parts: Parts, right: list[SchemaObject], actual: Snapshot, pairs: Pairs
) -> Pairs:
    """Match by number and content the columns of a table that was restored from a dump.

    A dump leaves out dropped columns, so that the restored table has columns 1, 2, 3 for 1, 3, 4.
    The numbers are evidence if this holds for each column with the same name on both sides. A
    column that was added after the restore has a higher number than every restored column.
    """
    numbers = sorted(part.number for part in parts if part.number is not None)
    new_numbers = {number: new for new, number in enumerate(numbers, start=1)}
    restored = [
        replace(part, number=new_numbers[part.number]) for part in parts if part.number is not None
    ]
    if not _numbers_agree(restored, actual, pairs):
        return {}
    left = [part for part in restored if part.address not in pairs]
    return _one_to_one(left, right, _number_and_content_key)


# --- keys ---------------------------------------------------------------------------------------


def _one_to_one(left: list[SchemaObject], right: list[SchemaObject], key: Key) -> Pairs:
    """Match the objects whose key exactly one object on each side has; the key None is no key."""
    groups: dict[Hashable, tuple[list[Address], list[Address]]] = defaultdict(lambda: ([], []))
    for side, objects in enumerate((left, right)):
        for schema_object in objects:
            groups[key(schema_object)][side].append(schema_object.address)
    groups.pop(None, None)
    return {
        lefts[0]: rights[0] for lefts, rights in groups.values() if len(lefts) == len(rights) == 1
    }


def _content_key(schema_object: SchemaObject) -> Hashable:
    if not (schema_object.renamable or schema_object.recognizable):
        return None
    address = schema_object.address
    return address.kind, address.arguments, _frozen(schema_object)


def _number_key(schema_object: SchemaObject) -> Hashable:
    number = schema_object.number
    return None if number is None else (schema_object.address.kind, number)


def _number_and_content_key(schema_object: SchemaObject) -> Hashable:
    number = _number_key(schema_object)
    return None if number is None else (number, _frozen(schema_object))


def _subject_key(schema_object: SchemaObject) -> Hashable:
    return schema_object.subject


def _frozen(schema_object: SchemaObject) -> Hashable:
    return tuple(sorted(schema_object.attributes.items()))
