"""Finds the revisions that have run on a live database, wholly or in part, but are not recorded.

A difference between stamped and live is not drift if a revision that the stamp does not include
makes the same difference. The schema after every revision is taken from a walk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.causes.walked_schemas import (
    WalkedSchemas,
    differing,
    is_alike,
    is_equal,
    most_alike,
    with_objects,
)
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.walk import State, Step, Walk


@dataclass(frozen=True)
class PartialRun:
    """A revision of which some changes are in the live database, and others are not.

    Attributes:
        revision: The identifier of the revision.
        present: Its changes that are in the live database.
        missing: Its changes that are not, or not completely.
        unfinished: Its changes that failed and left an object that is not valid.
    """

    revision: str
    present: tuple[Change, ...]
    missing: tuple[Change, ...]
    unfinished: tuple[Change, ...] = ()


@dataclass(frozen=True)
class LiveAhead:
    """The revisions that have run on a live database and are not recorded.

    Attributes:
        completed: The heads of the latest state of which the live database has all changes. Empty
            if no unrecorded revision has run completely.
        alike: The heads of the later states with the same schema as this state.
        changes: The changes from the stamped schema to this state.
        partial: The later revisions that have run in part.
        before_partial: The schema of this state.
        reached: The schema of this state, with those changes of partial revisions that the live
            database has.
        finished: The schema of this state after the only partial revision. ``None`` if there is
            none, if there are several, or if another revision has to run before it.
        heads_when_finished: The heads of the history after this revision.
    """

    completed: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...]
    changes: tuple[Change, ...]
    partial: tuple[PartialRun, ...]
    before_partial: Snapshot
    reached: Snapshot
    finished: Snapshot | None
    heads_when_finished: tuple[str, ...]


def find_live_ahead(
    walk: Walk,
    recorded: Collection[str],
    stamped: Snapshot,
    live: Snapshot,
    selected: Collection[str],
) -> LiveAhead | None:
    """Find the revisions that have run on a live database and are not recorded.

    Args:
        walk: The walk, which passes the stamped state.
        recorded: The revisions in the version tables.
        stamped: The schema at these revisions.
        live: The live schema.
        selected: The names of the schemas to compare; empty for all.

    Returns:
        ``None`` if no later revision explains a difference between stamped and live.
    """
    states, applied = [*walk.states()], walk.ancestry(recorded)
    start = next((state for state in states if state.applied == applied), None)
    if start is None:
        return None
    schemas = WalkedSchemas(walk, selected)
    later = [state for state in states if state.applied > applied]
    later.sort(key=lambda each: len(each.applied))
    state = most_alike(start, later, live, schemas)
    steps = [*_partial_steps(walk, state, live, schemas)]
    if state is start and not steps:
        return None
    completed = schemas.between(start, state)
    before = with_objects(stamped, completed)
    present = {address: each for step in steps for address, each in _present(step, live, schemas)}
    reached = with_objects(before, present)
    is_next = _is_next(steps, state, walk)
    others = (other for other in later if other.applied > state.applied)
    return LiveAhead(
        walk.heads_of(state.applied) if state is not start else (),
        tuple(walk.heads_of(other.applied) for other in schemas.alike(state, others)),
        tuple(compare(stamped, before, same_lineage=True)),
        tuple(_partial_run(step, live, schemas) for step in steps),
        before,
        reached,
        with_objects(reached, schemas.between(steps[0].before, steps[0].after))
        if is_next
        else None,
        walk.heads_of(state.applied | {step.revision.identifier for step in steps}),
    )


def _present(
    step: Step, live: Snapshot, schemas: WalkedSchemas
) -> Iterator[tuple[Address, SchemaObject | None]]:
    """Yield the objects that a revision changes and that live has as they are after it.

    An index whose creation failed is in live too, as one that is not valid.
    """
    for address, wanted in schemas.between(step.before, step.after).items():
        if is_equal(wanted, live, address):
            yield address, wanted
        elif _is_unfinished(wanted, live, address):
            yield address, live.objects[address]


def _partial_steps(
    walk: Walk, state: State, live: Snapshot, schemas: WalkedSchemas
) -> Iterator[Step]:
    """Yield the later revisions that explain differences between a state and live."""
    unexplained = set(differing(schemas.of(state), live))
    for step in walk.steps:
        if step.revision.identifier not in state.applied:
            explained = unexplained & {address for address, _ in _present(step, live, schemas)}
            if explained:
                unexplained -= explained
                yield step


def _partial_run(step: Step, live: Snapshot, schemas: WalkedSchemas) -> PartialRun:
    before, after = schemas.of(step.before), schemas.of(step.after)
    present: list[Change] = []
    missing: list[Change] = []
    unfinished: list[Change] = []
    remaining = compare(before, after, same_lineage=True)
    while remaining:
        change = remaining.pop(0)
        if not _has_run(replace(change, parts=()), after, live):
            is_left = _is_unfinished(change.actual, live, change.address)
            (unfinished if is_left else missing).append(change)
            continue
        run = tuple(part for part in change.parts if _has_run(part, after, live))
        present.append(replace(change, parts=run))
        remaining += (part for part in change.parts if part not in run)
    found = map(tuple, (present, missing, unfinished))
    return PartialRun(step.revision.identifier, *found)


def _is_unfinished(wanted: SchemaObject | None, live: Snapshot, address: Address) -> bool:
    """Whether live has an object that differs only in that the server has not completed it."""
    found = live.objects.get(address)
    if wanted is None or found is None or wanted.part_of != found.part_of:
        return False
    facts = wanted.attributes.items()
    changed = {name for name, value in facts if found.attributes.get(name) != value}
    return changed == {"valid"} and not found.attributes["valid"]


def _has_run(change: Change, after: Snapshot, live: Snapshot) -> bool:
    """Whether live has the objects of a change and of its parts as they are after a revision."""
    return all(is_alike(after, live, each.address) for each in objects_of([change]))


def _is_next(found: Sequence[Step], state: State, walk: Walk) -> bool:
    """Whether exactly one revision has run in part, and nothing has to run before it."""
    if len(found) != 1:
        return False
    identifier = found[0].revision.identifier
    return walk.ancestry([identifier]) <= state.applied | {identifier}
