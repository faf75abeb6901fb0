"""Finds the revisions that the stamp of a live database records and that have not run on it.

All of their changes are then missing from the live schema. If only some of them are missing, this
is drift: somebody changed the database by hand.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from driftcheck.judging.comparison import Change, compare
from driftcheck.pipeline.causes.walked_schemas import WalkedSchemas, most_alike, with_objects
from driftcheck.schema import Snapshot
from driftcheck.sources.walk import Walk

_FEWEST_CHANGES = 2
"""How many changes have to be missing. Somebody may have undone a single one by hand."""


@dataclass(frozen=True)
class LiveBehind:
    """The revisions that a stamp records and that have not run.

    Attributes:
        heads: The heads of the latest earlier state whose schema the live database has.
        alike: The heads of the states before it with the same schema.
        not_run: The revisions of the stamp that this state does not include, in the order in which
            they run.
        changes: The changes that these revisions make.
        reached: The schema of the state.
        is_whole: Whether the live database has exactly this schema, without other drift.
    """

    heads: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...]
    not_run: tuple[str, ...]
    changes: tuple[Change, ...]
    reached: Snapshot
    is_whole: bool


def find_live_behind(
    walk: Walk,
    recorded: Collection[str],
    stamped: Snapshot,
    live: Snapshot,
    selected: Collection[str],
) -> LiveBehind | None:
    """Find the revisions that a stamp records and that have not run.

    Args:
        walk: The walk, which passes the stamped state.
        recorded: The revisions in the version tables.
        stamped: The schema at these revisions.
        live: The live schema.
        selected: The names of the schemas to compare; empty for all.

    Returns:
        ``None`` if no earlier state explains the difference between stamped and live, or if the
        difference is a single change.
    """
    states, applied = [*walk.states()], walk.ancestry(recorded)
    start = next((state for state in states if state.applied == applied), None)
    if start is None:
        return None
    schemas = WalkedSchemas(walk, selected)
    earlier = [state for state in states if state.applied < applied]
    earlier.sort(key=lambda each: len(each.applied), reverse=True)
    state = most_alike(start, earlier, live, schemas)
    if state is start:
        return None
    reached = with_objects(stamped, schemas.between(start, state))
    changes = compare(reached, stamped, same_lineage=True)
    if len(changes) < _FEWEST_CHANGES:
        return None
    is_whole = not compare(reached, live, same_lineage=True)
    order = (step.revision.identifier for step in walk.steps)
    others = (other for other in earlier if other.applied < state.applied)
    return LiveBehind(
        walk.heads_of(state.applied),
        tuple(walk.heads_of(other.applied) for other in schemas.alike(state, others)),
        tuple(revision for revision in order if revision in applied - state.applied),
        tuple(changes),
        reached,
        is_whole,
    )
