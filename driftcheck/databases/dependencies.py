"""Cuts from a snapshot the part that is needed to create some of its objects."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_NAME = re.compile(r"[^\W\d][\w$]*|[-+*/<>=~!@#%^&|`?]+")
_QUOTED_NAME = re.compile(r'"((?:[^"]|"")+)"')
_METADATA = ("comment", "comments", "owner", "grants")
"""The last words of the names of attributes that a definition does not depend on."""
_LEFT_OUT = frozenset(("owner", "grants", "column_grants", "identity_grants"))


def cut(snapshot: Snapshot, wanted: Iterable[Address], catalog: Catalog) -> Snapshot:
    """Return the part of a snapshot that is needed to create some of its objects.

    A snapshot does not contain the dependencies of its objects. Every name in the definition of an
    object is taken for the name of objects that it depends on, so the result may contain more than
    is needed. Comments, owners and privileges are left out.

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


class _Search:
    """A search for the objects that other objects depend on.

    Attributes:
        found: The addresses that were found.
    """

    def __init__(self, snapshot: Snapshot, catalog: Catalog) -> None:
        self.found: set[Address] = set()
        self._snapshot = snapshot
        self._queried = {kind.name for kind in catalog.kinds if kind.queries_depend_on_part}
        implicit = {kind.name for kind in catalog.kinds if kind.is_used_implicitly}
        self._implicit = [a for a in snapshot.objects if a.kind in implicit]
        self._by_name: dict[str, list[Address]] = defaultdict(list)
        for address in snapshot.objects:
            if len(address.path) == 1:
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

    def implicit(self) -> Iterator[Address]:
        """Yield the objects that expressions can use without naming them.

        These are casts and operators of the types that were found, and all extensions.
        """
        for address in self._implicit:
            types = (
                other
                for name in _names_in((address.arguments, *address.path))
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
            if part.address.kind in self._queried:
                yield part.address
        for name in _names(obj):
            yield from self._by_name.get(name, ())


def _names(obj: SchemaObject) -> set[str]:
    """Return every name in an object's definition, and words and operators that may be names."""
    definition = (
        value
        for attribute, value in obj.attributes.items()
        if attribute.rpartition("_")[2] not in _METADATA
    )
    address = obj.address
    return _names_in((*definition, address.arguments, *address.path[:-1]))


def _names_in(value: Value) -> set[str]:
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
    attributes = {name: value for name, value in obj.attributes.items() if name not in _LEFT_OUT}
    if "comment" in attributes:
        attributes["comment"] = None
    return replace(obj, attributes=attributes)
