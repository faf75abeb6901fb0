"""Cuts parts from a snapshot: what some of its objects need, or what changes of them can concern.

A snapshot does not contain all dependencies of its objects. Every name in the definition of an
object is taken for the name of objects that it depends on, so a part may contain more than is
needed, and not less.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.plan_names import names_held
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_NAME = re.compile(r"[^\W\d][\w$]*|[-+*/<>=~!@#%^&|`?]+")
_QUOTED_NAME = re.compile(r'"((?:[^"]|"")+)"')
_METADATA = ("comment", "comments", "owner", "grants")
"""The last words of the names of attributes that a definition does not depend on."""
_IN_EVERY_PART = frozenset(("schema", "extension", "language"))


def cut(snapshot: Snapshot, wanted: Iterable[Address], catalog: Catalog) -> Snapshot:
    """Return the part of a snapshot that is needed to create some of its objects.

    Comments, owners and privileges are left out.

    Args:
        snapshot: The whole schema.
        wanted: The addresses of the objects to create.
        catalog: The catalog of the database.
    """
    search = _Search(snapshot, catalog)
    search.add(wanted)
    while search.add(search.implicit()):
        pass
    objects = {
        address: _without_metadata(obj)
        for address, obj in snapshot.objects.items()
        if address in search.found
    }
    return replace(snapshot, objects=objects, remarks=(), not_compared={})


def concerned(
    snapshot: Snapshot, changed: Iterable[Address], texts: Iterable[Value], catalog: Catalog
) -> Snapshot | None:
    """Return the part of a snapshot that changes of some objects can concern: see ``Parts``.

    Args:
        snapshot: The whole schema.
        changed: The addresses of the objects; other addresses are ignored.
        texts: Other SQL, or values of attributes, in which names of the schema can occur.
        catalog: The catalog of the database.

    Returns:
        ``None`` if the part is not known.
    """
    return Parts(snapshot, catalog).concerned(changed, texts)


class Parts:
    """Cuts several parts from one snapshot, each with what changes of some objects can concern.

    A statement about the objects has the same effect on this part as on the whole schema. The part
    has the tables of the objects, what depends on them, and what all of these depend on. A table
    that others only refer to is without its foreign keys, so that these do not lead on.

    Args:
        snapshot: The whole schema.
        catalog: The catalog of the database.
    """

    def __init__(self, snapshot: Snapshot, catalog: Catalog) -> None:
        self._snapshot = snapshot
        self._catalog = catalog

    def concerned(self, changed: Iterable[Address], texts: Iterable[Value]) -> Snapshot | None:
        """Return the part that changes of some objects can concern; see ``concerned``."""
        snapshot, catalog = self._snapshot, self._catalog
        kinds = {kind.name for kind in catalog.kinds if kind.affects_all_others}
        has_others = any(address.kind in kinds for address in snapshot.objects)
        if not catalog.knows_dependencies or snapshot.not_compared or has_others:
            return None
        search = _Search(snapshot, catalog, whole_tables=True)
        in_every_part = (a for a in snapshot.objects if a.kind in _IN_EVERY_PART)
        search.add((*self._affected(changed), *in_every_part))
        search.add_named(texts)
        while search.add(search.implicit()):
            pass
        return snapshot.only(lambda obj: obj.address in search.found)

    def _affected(self, changed: Iterable[Address]) -> set[Address]:
        """Return objects with everything that depends on them, at any distance.

        If a part of a table depends on a changed object, the whole table is affected, unless
        nothing depends on the part.
        """
        snapshot, dependents = self._snapshot, self._dependents
        ends = {kind.name for kind in self._catalog.kinds if kind.is_needed_by_none}
        affected: set[Address] = set()
        waiting = [snapshot.objects[address] for address in changed if address in snapshot.objects]
        while waiting:
            obj = waiting.pop()
            if obj.address in affected:
                continue
            affected.add(obj.address)
            waiting += dependents.get(obj.address, ())
            if obj.part_of is None:
                waiting += dependents.get(obj.address.name, ())
            whole = None if obj.part_of is None else snapshot.objects.get(obj.part_of)
            if whole is not None and obj.address.kind not in ends:
                waiting.append(whole)
        return affected

    @cached_property
    def _dependents(self) -> Mapping[str | Address, list[SchemaObject]]:
        """What depends on a name or on an object: its parts, and what contains its name."""
        dependents: dict[str | Address, list[SchemaObject]] = {}
        names = _NamesOfObjects()
        for obj in self._snapshot.objects.values():
            for key in (*names.of(obj), *obj.stands_on, obj.inherited_from, obj.part_of):
                if key is not None:
                    dependents.setdefault(key, []).append(obj)
        return dependents


class _Search:
    """A search for the objects that other objects depend on.

    Attributes:
        found: The addresses that were found.
    """

    def __init__(self, snapshot: Snapshot, catalog: Catalog, *, whole_tables: bool = False) -> None:
        self.found: set[Address] = set()
        self._snapshot = snapshot
        self._kinds_of_parts = {
            kind.name
            for kind in catalog.kinds
            if kind.queries_depend_on_part or (whole_tables and not kind.is_needed_by_none)
        }
        implicit = {kind.name for kind in catalog.kinds if kind.is_used_implicitly}
        self._implicit = [a for a in snapshot.objects if a.kind in implicit]
        self._by_name: dict[str, list[Address]] = defaultdict(list)
        for address, obj in snapshot.objects.items():
            if len(address.path) == 1 or (whole_tables and obj.part_of is None):
                self._by_name[address.name].append(address)

    def add(self, wanted: Iterable[Address]) -> bool:
        """Add objects, and the objects that they depend on.

        Returns:
            Whether any of the objects is new.
        """
        before = len(self.found)
        waiting = [*wanted]
        while waiting:
            obj = self._snapshot.objects.get(waiting.pop())
            if obj is not None and obj.address not in self.found:
                self.found.add(obj.address)
                waiting += self._needed_by(obj)
        return len(self.found) > before

    def add_named(self, texts: Iterable[Value]) -> None:
        """Add the objects whose names occur in SQL, and the objects that they depend on."""
        names = {name for text in texts for name in names_in(text)}
        for obj in self._snapshot.objects.values():
            # An index can have the name of a constraint of another table.
            held = {key[-1] for key in names_held(obj) if key[0] in ("relation", "type")}
            if not names.isdisjoint(held) or (
                len(obj.address.path) == 1 and obj.address.name in names
            ):
                self.add((obj.address,))

    def implicit(self) -> Iterator[Address]:
        """Yield the objects that expressions can use without naming them.

        These are casts and operators of the types that were found, and all extensions.
        """
        for address in self._implicit:
            types = (
                other
                for name in names_in((address.arguments, *address.path))
                for other in self._by_name.get(name, ())
                if other.kind != "schema"
            )
            if address.kind == "extension" or not self.found.isdisjoint(types):
                yield address

    def _needed_by(self, obj: SchemaObject) -> Iterator[Address]:
        address = obj.address
        if address.schema:
            yield Address("schema", "", (address.schema,))
        for other in (obj.part_of, obj.inherited_from, *obj.stands_on):
            if other is not None:
                yield other
        for part in self._snapshot.parts.get(address, ()):
            if part.address.kind in self._kinds_of_parts:
                yield part.address
        for name in _names(obj):
            yield from self._by_name.get(name, ())


class _NamesOfObjects:
    """Finds the names in the definitions of the objects of one snapshot.

    Objects with equal attributes have the same mapping of them, so it is searched once, and is
    recognized by its identity. The snapshot holds it meanwhile.
    """

    def __init__(self) -> None:
        self._in_attributes: dict[int, set[str]] = {}
        self._in_words: dict[str, set[str]] = {}

    def of(self, obj: SchemaObject) -> set[str]:
        """Return every name in an object's definition, with words that may be names."""
        address = obj.address
        found = self._in_attributes.get(id(obj.attributes))
        if found is None:
            found = self._in_attributes[id(obj.attributes)] = names_in(_definition(obj))
        path = address.path if obj.part_of is None else address.path[:-1]  # of a cast: its types
        words = path if address.arguments is None else (*path, address.arguments)
        return found.union(*map(self._in_word, words))

    def _in_word(self, word: str) -> set[str]:
        found = self._in_words.get(word)
        if found is None:
            found = self._in_words[word] = names_in(word)
        return found


def _names(obj: SchemaObject) -> set[str]:
    """Return every name in an object's definition, and words and operators that may be names."""
    return _NamesOfObjects().of(obj)


def _definition(obj: SchemaObject) -> tuple[Value, ...]:
    return tuple(
        value
        for attribute, value in obj.attributes.items()
        if attribute.rpartition("_")[2] not in _METADATA
    )


def names_in(value: Value) -> set[str]:
    """Return every name in a text, or in the texts of a list, with words that may be names."""
    names: set[str] = set()
    for text in _texts(value):
        names.update(_NAME.findall(text))
        names.update(name.replace('""', '"') for name in _QUOTED_NAME.findall(text))
    return names


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for element in value:
            yield from _texts(element)


def _without_metadata(obj: SchemaObject) -> SchemaObject:
    attributes = {name: value for name, value in obj.attributes.items() if name not in PRIVILEGES}
    if "comment" in attributes:
        attributes["comment"] = None
    return replace(obj, attributes=attributes)
