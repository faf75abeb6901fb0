"""Compares the schemas of a walk's states with each other and with a live schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from driftcheck.pipeline.selection import within
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.walk import Applied, State, Walk


class WalkedSchemas:
    """The schemas of a walk's states, limited to the selected schemas.

    Args:
        walk: The walk.
        selected: The names of the schemas to compare; empty for all.
    """

    def __init__(self, walk: Walk, selected: Collection[str]) -> None:
        self._walk = walk
        self._selected = selected
        self._known: dict[Applied, Snapshot] = {}

    def of(self, state: State) -> Snapshot:
        """Return the schema of a state."""
        if state.applied not in self._known:
            self._known[state.applied] = within(self._walk.snapshot(state), self._selected)
        return self._known[state.applied]

    def alike(self, state: State, others: Iterable[State]) -> Iterator[State]:
        """Yield those of other states that have the same schema as a state."""
        return (other for other in others if not self.between(state, other))

    def between(self, before: State, after: State) -> dict[Address, SchemaObject | None]:
        """Return the objects that differ between two states, as they are in the second one."""
        wanted = self.of(after)
        return {each: wanted.objects.get(each) for each in differing(self.of(before), wanted)}


def most_alike(
    start: State, states: Iterable[State], live: Snapshot, schemas: WalkedSchemas
) -> State:
    """Return the state with the most differences from ``start`` that live has all of.

    Live also has a difference of a state after ``start`` if its object is as a later one of the
    states has made it.

    Args:
        start: The state that is returned if live has all differences of no other one.
        states: The other states. Of several that are equally good, the first one is returned.
        live: The live schema.
        schemas: The schemas of the states.
    """
    states = [*states]

    def has(state: State, address: Address, wanted: SchemaObject | None) -> bool:
        if is_equal(wanted, live, address):
            return True
        if is_alike(schemas.of(start), live, address):
            return False
        is_later = start.applied < state.applied
        later = (other for other in states if is_later and other.applied > state.applied)
        return any(is_alike(schemas.of(other), live, address) for other in later)

    best, most = start, 0
    for state in states:
        differences = schemas.between(start, state)
        found = len(differences)
        if found > most and all(has(state, at, each) for at, each in differences.items()):
            best, most = state, found
    return best


def with_objects(snapshot: Snapshot, objects: Mapping[Address, SchemaObject | None]) -> Snapshot:
    """Return a snapshot with some objects replaced; ``None`` removes the object."""
    changed = {**snapshot.objects, **objects}
    kept = {address: each for address, each in changed.items() if each is not None}
    return replace(snapshot, objects=kept)


def differing(left: Snapshot, right: Snapshot) -> list[Address]:
    """Return the addresses at which two schemas differ."""
    addresses = dict.fromkeys((*left.objects, *right.objects))
    return [address for address in addresses if not is_alike(left, right, address)]


def is_alike(left: Snapshot, right: Snapshot, address: Address) -> bool:
    """Whether two schemas have the same object at an address, or none."""
    return is_equal(left.objects.get(address), right, address)


def is_equal(wanted: SchemaObject | None, actual: Snapshot, address: Address) -> bool:
    """Whether a schema has an object at an address; ``None`` stands for no object."""
    found = actual.objects.get(address)
    if wanted is None or found is None:
        return wanted is found
    return wanted is found or (wanted.has_attributes_of(found) and wanted.part_of == found.part_of)
