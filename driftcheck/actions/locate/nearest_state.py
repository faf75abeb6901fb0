"""Finds the states of a walk that a live schema fits: exactly, or best."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from driftcheck.judging.comparison import Change, compare
from driftcheck.pipeline.schema_filter import within
from driftcheck.schema import SchemaObject, Snapshot
from driftcheck.sources.walk import State, Walk

_COMPARED = 8
"""So many of the states that come nearest by a quick count are compared in full."""


@dataclass(frozen=True)
class Fit:
    """Where a live schema fits.

    Attributes:
        states: The states that are alike and fit equally well, in the order of the walk: revisions
            that leave the same schema.
        changes: What differs from these; nothing where they fit exactly.
        snapshot: The schema of these.
        tried: How many states were tried.
    """

    states: tuple[State, ...]
    changes: tuple[Change, ...]
    snapshot: Snapshot
    tried: int


@dataclass(frozen=True)
class _Trial:
    """A state that was held against live, and how far it is from it.

    Attributes:
        state: The state.
        place: Where it comes on the walk.
        distance: How many objects are missing, extra or different, those not counted that come or
            go with their whole; and how many with these.
    """

    state: State
    place: int
    distance: tuple[int, int]


def fit(
    walk: Walk, live: Snapshot, schemas: Collection[str], preferred: Callable[[State], bool]
) -> Fit:
    """Hold a live schema against every state of a walk.

    The best is the one with the fewest changes, as reports count them: a table that is missing or
    extra is one change, with all that is a part of it. Of several that are as good, it is the
    preferred one, then the one that differs in the fewest objects, then the latest.

    Args:
        walk: The walk.
        live: The live schema.
        schemas: The schemas to look at; none for all.
        preferred: Whether a state is where the live database says it is.
    """
    trials = [
        _Trial(state, place, _distance(_snapshot(walk, state, schemas), live))
        for place, state in enumerate(walk.states())
    ]
    nearest = sorted(trials, key=lambda one: _rank(one, one.distance[0], preferred))
    if (0, 0) in {one.distance for one in trials}:
        nearest = [one for one in nearest if one.distance == (0, 0)]
    found = []
    for group in _alike(walk, nearest, schemas):
        snapshot = _snapshot(walk, group[0].state, schemas)
        changes = tuple(compare(snapshot, live, same_lineage=True))
        states = tuple(one.state for one in sorted(group, key=attrgetter("place")))
        rank = min(_rank(one, len(changes), preferred) for one in group)
        found.append((rank, Fit(states, changes, snapshot, len(trials))))
    return min(found, key=itemgetter(0))[1]


def _rank(
    trial: _Trial, changes: int, preferred: Callable[[State], bool]
) -> tuple[int, bool, int, int]:
    """What makes one state better than another, in this order; the least is the best."""
    return changes, not preferred(trial.state), trial.distance[1], -trial.place


def _snapshot(walk: Walk, state: State, schemas: Collection[str]) -> Snapshot:
    return within(walk.snapshot(state), schemas)


def _distance(state: Snapshot, live: Snapshot) -> tuple[int, int]:
    counted = objects = 0
    for one, other in ((state, live), (live, state)):
        for address, thing in one.objects.items():
            there = other.objects.get(address)
            if there is None:
                objects += 1
                counted += thing.part_of is None or thing.part_of in other.objects
            elif one is state and not _is_same(thing, there):
                objects += 1
                counted += 1
    return counted, objects


def _is_same(one: SchemaObject, other: SchemaObject) -> bool:
    return one is other or (one.attributes == other.attributes and one.part_of == other.part_of)


def _alike(
    walk: Walk, trials: Iterable[_Trial], schemas: Collection[str]
) -> Iterator[Sequence[_Trial]]:
    """The nearest states, those together that have the same schema."""
    groups: list[tuple[Snapshot, list[_Trial]]] = []
    for trial in trials:
        snapshot = _snapshot(walk, trial.state, schemas)
        for first, group in groups:
            if trial.distance == group[0].distance and _distance(snapshot, first) == (0, 0):
                group.append(trial)
                break
        else:
            if len(groups) == _COMPARED:
                break
            groups.append((snapshot, [trial]))
    return (group for _, group in groups)
