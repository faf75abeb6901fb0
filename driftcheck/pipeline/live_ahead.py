"""Finds the revisions that have run on a live database, wholly or in part, but are not recorded.

A difference between stamped and live is not drift if a revision that the stamp does not include
makes the same difference. The schema after every revision is taken from a walk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.selection import within
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.walk import Applied, State, Step, Walk


@dataclass(frozen=True)
class PartialRun:
    """A revision of which some changes are in the live database, and others are not.

    Attributes:
        revision: The identifier of the revision.
        present: Its changes that are in the live database.
        missing: Its changes that are not, or not completely.
    """

    revision: str
    present: tuple[Change, ...]
    missing: tuple[Change, ...]


@dataclass(frozen=True)
class LiveAhead:
    """The revisions that have run on a live database and are not recorded.

    Attributes:
        state: The latest state of which the live database has all changes. The stamped state, if
            no revision has run completely.
        alike: The later states with the same schema as this state.
        changes: The changes from the stamped schema to this state.
        partial: The revisions after this state that have run in part.
        before_partial: The schema of this state.
        reached: The schema of this state with the changes of partial revisions that are present.
        finished: The schema of this state after the only partial revision. ``None`` if there are
            several, or if another revision has to run before it.
    """

    state: State
    alike: tuple[State, ...]
    changes: tuple[Change, ...]
    partial: tuple[PartialRun, ...]
    before_partial: Snapshot
    reached: Snapshot
    finished: Snapshot | None


def find_live_ahead(
    walk: Walk, stamped: Applied, live: Snapshot, schemas: Collection[str]
) -> LiveAhead | None:
    """Find the revisions that have run on a live database and are not recorded.

    Args:
        walk: The walk, which passes the stamped state.
        stamped: The revisions that have run according to the stamp.
        live: The live schema.
        schemas: The names of the schemas to compare; empty for all.

    Returns:
        ``None`` if no later revision explains a difference between stamped and live.
    """
    states = [*walk.states()]
    start = next((state for state in states if state.applied == stamped), None)
    if start is None:
        return None
    schema = _Schemas(walk, schemas)
    later = [state for state in states if state.applied > stamped]
    state = _completed_state(start, later, live, schema)
    here = schema.of(state)
    found = [*_partial_steps(walk, state, live, schema)]
    if state is start and not found:
        return None
    reached = here
    for step in found:
        reached = _with_present(reached, step, live, schema)
    finished = _after(reached, found[0], schema) if _is_next(found, state, walk) else None
    return LiveAhead(
        state,
        tuple(s for s in later if s.applied > state.applied and not _differing(here, schema.of(s))),
        tuple(compare(schema.of(start), here, same_lineage=True)),
        tuple(_partial_run(step, live, schema) for step in found),
        here,
        reached,
        finished,
    )


class _Schemas:
    """The schemas of a walk's states, limited to the selected schemas."""

    def __init__(self, walk: Walk, schemas: Collection[str]) -> None:
        self._walk = walk
        self._schemas = schemas
        self._known: dict[Applied, Snapshot] = {}

    def of(self, state: State) -> Snapshot:
        """Return the schema of a state."""
        if state.applied not in self._known:
            self._known[state.applied] = within(self._walk.snapshot(state), self._schemas)
        return self._known[state.applied]

    def changed_by(self, step: Step) -> Mapping[Address, SchemaObject | None]:
        """Return the objects that a revision changes, as they are after it."""
        before, after = self.of(step.before), self.of(step.after)
        return {address: after.objects.get(address) for address in _differing(before, after)}


def _completed_state(
    start: State, later: Sequence[State], live: Snapshot, schema: _Schemas
) -> State:
    """Return the state with the most differences from ``start`` that live has all of."""
    best, most = start, 0
    for state in sorted(later, key=lambda each: len(each.applied)):
        snapshot = schema.of(state)
        differing = _differing(schema.of(start), snapshot)
        if len(differing) > most and all(_is_alike(snapshot, live, each) for each in differing):
            best, most = state, len(differing)
    return best


def _partial_steps(
    walk: Walk, state: State, live: Snapshot, schema: _Schemas
) -> Iterator[Step]:
    """Yield the later revisions that explain differences between a state and live."""
    here = schema.of(state)
    unexplained = set(_differing(here, live))
    for step in walk.steps:
        if step.revision.identifier not in state.applied:
            after = schema.changed_by(step)
            explained = {
                each for each in unexplained & after.keys() if _equal(after[each], live, each)
            }
            if explained:
                unexplained -= explained
                yield step


def _with_present(reached: Snapshot, step: Step, live: Snapshot, schema: _Schemas) -> Snapshot:
    present = {
        address: wanted
        for address, wanted in schema.changed_by(step).items()
        if _equal(wanted, live, address)
    }
    return _changed(reached, present)


def _after(reached: Snapshot, step: Step, schema: _Schemas) -> Snapshot:
    return _changed(reached, schema.changed_by(step))


def _changed(snapshot: Snapshot, objects: Mapping[Address, SchemaObject | None]) -> Snapshot:
    """Return a snapshot with some objects replaced; ``None`` removes the object."""
    changed = {**snapshot.objects, **objects}
    kept = {address: each for address, each in changed.items() if each is not None}
    return replace(snapshot, objects=kept)


def _partial_run(step: Step, live: Snapshot, schema: _Schemas) -> PartialRun:
    present, missing = [], []
    before, after = schema.of(step.before), schema.of(step.after)
    for change in compare(before, after, same_lineage=True):
        addresses = {each.address for each in objects_of([change])}
        is_present = all(_is_alike(after, live, each) for each in addresses)
        (present if is_present else missing).append(change)
    return PartialRun(step.revision.identifier, tuple(present), tuple(missing))


def _is_next(found: Sequence[Step], state: State, walk: Walk) -> bool:
    """Whether exactly one revision has run in part, and nothing has to run before it."""
    if len(found) != 1:
        return False
    identifier = found[0].revision.identifier
    return walk.ancestry([identifier]) <= state.applied | {identifier}


def _differing(left: Snapshot, right: Snapshot) -> list[Address]:
    addresses = dict.fromkeys((*left.objects, *right.objects))
    return [address for address in addresses if not _is_alike(left, right, address)]


def _is_alike(left: Snapshot, right: Snapshot, address: Address) -> bool:
    return _equal(left.objects.get(address), right, address)


def _equal(wanted: SchemaObject | None, actual: Snapshot, address: Address) -> bool:
    found = actual.objects.get(address)
    if wanted is None or found is None:
        return wanted is found
    return wanted is found or (
        wanted.attributes == found.attributes and wanted.part_of == found.part_of
    )
