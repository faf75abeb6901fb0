"""The schema that a plan starts from: objects, and which of them depend on which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftcheck.schema import Address, SchemaObject, Snapshot, dependencies_of


class SchemaState:
    """The objects of a schema with their dependencies, changed in memory as plans change them.

    The snapshot knows what depends on each of its objects. The state has its own copy for the
    addresses where a plan has changed this, so that many plans can start from one large schema.

    Args:
        snapshot: The schema as it was read; none for an empty state.

    Attributes:
        objects: Every object, by its address.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.objects: dict[Address, SchemaObject] = dict(snapshot.objects) if snapshot else {}
        self._explicit = dict(snapshot.dependencies) if snapshot else {}
        self._snapshot = snapshot
        self._dependents: dict[Address, dict[Address, None]] = {}
        self._parts: dict[Address, dict[Address, None]] = {}

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
            self._own_parts(obj.part_of)[obj.address] = None
        for dependency in dependencies_of(obj, explicit):
            self._own_dependents(dependency)[obj.address] = None

    def remove(self, address: Address) -> None:
        """Remove an object, if there is one of this address."""
        obj = self.objects.pop(address, None)
        if obj is None:
            return
        explicit = self._explicit.pop(address, ())
        if obj.part_of is not None:
            del self._own_parts(obj.part_of)[address]
        for dependency in dependencies_of(obj, explicit):
            self._own_dependents(dependency).pop(address, None)

    def explicit(self, address: Address) -> tuple[Address, ...]:
        """The objects that an object depends on according to the server's records."""
        return self._explicit.get(address, ()) if address in self.objects else ()

    def dependents(self, address: Address) -> list[Address]:
        """The objects that depend on an object."""
        changed = self._dependents.get(address)
        return [*(self._dependents_read(address) if changed is None else changed)]

    def parts(self, address: Address) -> Iterator[SchemaObject]:
        """The parts of an object at every depth, each after its parent object."""
        changed = self._parts.get(address)
        for part in [*(self._parts_read(address) if changed is None else changed)]:
            yield self.objects[part]
            yield from self.parts(part)

    def _own_dependents(self, address: Address) -> dict[Address, None]:
        if address not in self._dependents:
            self._dependents[address] = dict.fromkeys(self._dependents_read(address))
        return self._dependents[address]

    def _own_parts(self, address: Address) -> dict[Address, None]:
        if address not in self._parts:
            self._parts[address] = dict.fromkeys(self._parts_read(address))
        return self._parts[address]

    def _dependents_read(self, address: Address) -> tuple[Address, ...]:
        return self._snapshot.dependents.get(address, ()) if self._snapshot else ()

    def _parts_read(self, address: Address) -> Iterator[Address]:
        parts: Mapping[Address, tuple[SchemaObject, ...]]
        parts = self._snapshot.parts if self._snapshot else {}
        return (part.address for part in parts.get(address, ()))
