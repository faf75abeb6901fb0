"""Finds the states of a walk that a live schema matches exactly, or comes nearest to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import objects_of
from driftcheck.judging.printed_expressions import Rewording, reworded
from driftcheck.pipeline.selection import within
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.walk import State, Walk

_COMPARED = 8
"""The number of schemas that are compared in full, after a ranking by the number of differences."""


@dataclass(frozen=True)
class NearestState:
    """The state that is nearest to a live schema.

    Attributes:
        states: The states with this schema, in the order of the walk: several revisions can leave
            the same schema.
        changes: The differences of the live schema; empty for an exact match.
        snapshot: The schema of the states.
        tried: The number of states that were compared.
    """

    states: tuple[State, ...]
    changes: tuple[Change, ...]
    snapshot: Snapshot
    tried: int


@dataclass(frozen=True)
class _Candidate:
    """A state, and its distance from the live schema.

    Attributes:
        state: The state.
        position: Its position on the walk.
        distance: The number of differing objects, first without, then with those that are missing
            or extra together with their table.
    """

    state: State
    position: int
    distance: tuple[int, int]


_EXACT = (0, 0)


def nearest_state(
    walk: Walk,
    live: Snapshot,
    schemas: Collection[str],
    preferred: Callable[[State], bool],
    replacements: Rewording | None = None,
) -> NearestState:
    """Compare a live schema with every state of a walk.

    The nearest state has the fewest changes as reports count them: a missing or extra table is one
    change, including its columns and indexes. But each part of an extra table counts if a revision
    that the stamp records creates the table: this revision has run, and a few changes of the table
    must not outweigh that. Among equally near states, the preferred state wins, then the state with
    the fewest differing objects, then the latest.

    Args:
        walk: The walk.
        live: The live schema.
        schemas: The names of the schemas to compare; empty for all.
        preferred: Says whether the live database is stamped with a state.
        replacements: The texts of the live schema's expressions, by the equal texts of the states.
    """

    def schema_of(state: State) -> Snapshot:
        return reworded(within(walk.snapshot(state), schemas), replacements or {})

    recorded = next(filter(preferred, walk.states()), None)

    def created_since(state: State) -> Collection[Address]:
        """The objects of the stamped state, for a state without one of its revisions."""
        if recorded is None or state.applied >= recorded.applied:
            return ()
        return schema_of(recorded).objects.keys()

    candidates = [
        _Candidate(state, position, _distance(schema_of(state), live, created_since(state)))
        for position, state in enumerate(walk.states())
    ]
    ranked = sorted(candidates, key=lambda item: _rank(item, item.distance[0], preferred))
    if any(candidate.distance == _EXACT for candidate in candidates):
        ranked = [candidate for candidate in ranked if candidate.distance == _EXACT]
    results = []
    for group in _by_schema(ranked, schema_of):
        snapshot = schema_of(group[0].state)
        changes = tuple(compare(snapshot, live, same_lineage=True))
        states = tuple(item.state for item in sorted(group, key=attrgetter("position")))
        created = created_since(group[0].state)
        count = sum(_weight(change, created) for change in changes)
        rank = min(_rank(candidate, count, preferred) for candidate in group)
        results.append((rank, NearestState(states, changes, snapshot, len(candidates))))
    return min(results, key=itemgetter(0))[1]


def _rank(
    candidate: _Candidate, changes: int, preferred: Callable[[State], bool]
) -> tuple[int, bool, int, int]:
    """The sort key of a candidate; the lowest is the nearest."""
    return changes, not preferred(candidate.state), candidate.distance[1], -candidate.position


def _weight(change: Change, created: Collection[Address]) -> int:
    """The number of changes that a change counts as."""
    if change.type is ChangeType.EXTRA and change.address in created:
        return len([*objects_of([change])])
    return 1


def _distance(
    state: Snapshot, live: Snapshot, created: Collection[Address] = ()
) -> tuple[int, int]:
    counted = objects = 0
    for snapshot, other in ((state, live), (live, state)):
        for address, item in snapshot.objects.items():
            counterpart = other.objects.get(address)
            if counterpart is None:
                objects += 1
                is_single = item.part_of is None or item.part_of in other.objects
                counted += is_single or (snapshot is live and item.part_of in created)
            elif snapshot is state and not _is_equal(item, counterpart):
                objects += 1
                counted += 1
    return counted, objects


def _is_equal(item: SchemaObject, other: SchemaObject) -> bool:
    if item is other:
        return True
    return item.has_attributes_of(other) and item.part_of == other.part_of


def _by_schema(
    ranked: Iterable[_Candidate], schema_of: Callable[[State], Snapshot]
) -> Iterator[Sequence[_Candidate]]:
    """Group the nearest candidates by their schema."""
    groups: list[tuple[Snapshot, list[_Candidate]]] = []
    for candidate in ranked:
        snapshot = schema_of(candidate.state)
        for schema, group in groups:
            same_distance = candidate.distance == group[0].distance
            if same_distance and _distance(snapshot, schema) == _EXACT:
                group.append(candidate)
                break
        else:
            if len(groups) == _COMPARED:
                break
            groups.append((snapshot, [candidate]))
    return (group for _, group in groups)
