"""The schema that a plan starts from: objects, and which of them depend on which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from driftcheck.schema import Address, SchemaObject, Snapshot


class SchemaState:
    """The objects of a schema with their dependencies, changed in memory as plans change them.

    Attributes:
        objects: Every object, by its address.
    """

    def __init__(self) -> None:
        self.objects: dict[Address, SchemaObject] = {}
        self._explicit: dict[Address, tuple[Address, ...]] = {}
        self._dependents: dict[Address, dict[Address, None]] = {}
        self._parts: dict[Address, dict[Address, None]] = {}

    @classmethod
    def of(cls, snapshot: Snapshot | None) -> Self:
        """The state of a schema as it was read; an empty one without a snapshot."""
        state = cls()
        if snapshot is not None:
            for address, obj in snapshot.objects.items():
                state.put(obj, snapshot.dependencies.get(address, ()))
        return state

    def put(self, obj: SchemaObject, explicit: tuple[Address, ...] = ()) -> None:
        """Add an object, or replace the object of its address.

        Args:
            obj: The object.
            explicit: The objects that it depends on according to the server's records.
        """
        self.remove(obj.address)
        self.objects[obj.address] = obj
        self._explicit[obj.address] = explicit
        if obj.part_of is not None:
            self._parts.setdefault(obj.part_of, {})[obj.address] = None
        for dependency in dependencies_of(obj, explicit):
            self._dependents.setdefault(dependency, {})[obj.address] = None

    def remove(self, address: Address) -> None:
        """Remove an object, if there is one of this address."""
        obj = self.objects.pop(address, None)
        if obj is None:
            return
        explicit = self._explicit.pop(address)
        if obj.part_of is not None:
            del self._parts[obj.part_of][address]
        for dependency in dependencies_of(obj, explicit):
            self._dependents[dependency].pop(address, None)

    def explicit(self, address: Address) -> tuple[Address, ...]:
        """The objects that an object depends on according to the server's records."""
        return self._explicit.get(address, ())

    def dependents(self, address: Address) -> list[Address]:
        """The objects that depend on an object."""
        return list(self._dependents.get(address, ()))

    def parts(self, address: Address) -> Iterator[SchemaObject]:
        """The parts of an object at every depth, each after its parent object."""
        for part in list(self._parts.get(address, ())):
            yield self.objects[part]
            yield from self.parts(part)


def dependencies_of(obj: SchemaObject, explicit: tuple[Address, ...]) -> Iterator[Address]:
    """The objects that an object depends on.

    Args:
        obj: The object.
        explicit: The objects that it depends on according to the server's records.
    """
    found = {**dict.fromkeys(explicit), **dict.fromkeys(obj.stands_on)}
    if obj.part_of is not None:
        found[obj.part_of] = None
    if obj.inherited_from is not None:
        found[obj.inherited_from] = None
    if obj.address.schema:
        found[Address("schema", "", (obj.address.schema,))] = None
    found.pop(obj.address, None)
    yield from found
