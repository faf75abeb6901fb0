"""Finds out which changes of the models somebody has already made in the live database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from driftcheck.chain import Side
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.equivalence import meaningful
from driftcheck.judging.findings import Verdict
from driftcheck.schema import Address, SchemaObject, Snapshot


def renamed_on_both_sides(
    drift: Iterable[Change], models: Snapshot, head: Snapshot
) -> dict[Address, Address]:
    """Return the addresses in head, by those in models, of what the models and live both renamed.

    Between models and head, a table with another name looks like one table that is missing and one
    that is extra. In the live database, the rename can be recognized.

    Args:
        drift: The changes of the live database.
        models: The models.
        head: The schema of the head.
    """
    renames = (
        (change.actual.address, change.wanted.address)
        for change in drift
        if change.type is ChangeType.RENAMED and change.wanted and change.actual
    )
    return {
        new: old
        for new, old in renames
        if new in models.objects and old not in models.objects and old in head.objects
    }


def verdict_on(
    drift: Change, pending: Sequence[Change], snapshots: Mapping[Side, Snapshot]
) -> Verdict:
    """Decide whether a change of the live database is drift, hand-applied or a conflict.

    Args:
        drift: The change.
        pending: The pending changes of the same object.
        snapshots: The snapshots of every side that was read.
    """
    if not pending:
        return Verdict.DRIFT
    models, live = snapshots[Side.MODELS], snapshots[Side.LIVE]
    # The parts of an object that was only renamed have findings of their own.
    with_parts = not any(_is_same_rename(drift, change) for change in pending)
    addresses = {side.address for side in (drift.wanted, drift.actual) if side is not None}
    if all(_is_alike(address, models, live, with_parts=with_parts) for address in addresses):
        return Verdict.HAND_APPLIED
    return Verdict.CONFLICT


def applied_with_renames(
    pending: Iterable[Change],
    renames: Sequence[Change],
    consequences: Iterable[Change],
    snapshots: Mapping[Side, Snapshot],
) -> dict[Address, list[Change]]:
    """Find the pending changes that only follow from a rename of the models and of live.

    Example: the models and live both have the enum ``mood`` under the name ``feeling``. So the
    type of each column that uses it has another name than in the migrations.

    Args:
        pending: The pending changes.
        renames: The hand-applied renames, as changes of the live database.
        consequences: The changes of the live database that only follow from its renames.
        snapshots: The snapshots of every side that was read.

    Returns:
        The pending changes, by the address of the rename.
    """
    found: dict[Address, list[Change]] = {}
    if not renames:
        return found
    changes, live = list(pending), snapshots[Side.LIVE]
    for followed in (change.actual for change in consequences if change.actual is not None):
        needed = live.needed_by(followed.address)
        names = ((rename, rename.actual) for rename in renames)
        leader = next((r for r, new in names if new and new.address in needed), renames[0])
        applied = [*_applied_to(followed, changes, snapshots)]
        if applied:
            found.setdefault(leader.address, []).extend(applied)
    return found


def _applied_to(
    followed: SchemaObject, pending: Sequence[Change], snapshots: Mapping[Side, Snapshot]
) -> Iterator[Change]:
    """Yield the pending changes that lead to an object as it is in live.

    An index or a sequence can have another name in the models: its name has no meaning.
    """
    models, live = snapshots[Side.MODELS], snapshots[Side.LIVE]
    own = [change for change in pending if change.address == followed.address]
    if all(change.type is ChangeType.EXTRA for change in own):
        created = [
            change
            for change in pending
            if change.type is ChangeType.MISSING and _has_other_name(change.wanted, followed)
        ]
        yield from (*own, *created) if own and created else ()
    elif _is_alike(followed.address, models, live, with_parts=False):
        yield from own


def _has_other_name(declared: SchemaObject | None, existing: SchemaObject) -> bool:
    """Whether two objects differ in nothing but a name that has no meaning."""
    if declared is None or not declared.renamable or declared.part_of != existing.part_of:
        return False
    same_kind = declared.address.kind == existing.address.kind
    return same_kind and declared.has_attributes_of(existing)


def _is_same_rename(drift: Change, pending: Change) -> bool:
    """Whether a pending change is the rename that was made in the live database."""
    sides = drift.wanted, drift.actual, pending.wanted, pending.actual
    old, new, declared, migrated = (side and side.address for side in sides)
    is_renamed = drift.type is pending.type is ChangeType.RENAMED
    return is_renamed and (old, new) == (migrated, declared)


def _is_alike(address: Address, models: Snapshot, live: Snapshot, *, with_parts: bool) -> bool:
    """Whether an object, or an object and its parts, are the same in the models and in live."""
    kinds = {a.kind for a in models.objects} | {address.kind}
    extracts = (
        _extract(snapshot, address, kinds, with_parts=with_parts) for snapshot in (models, live)
    )
    return not list(meaningful(compare(*extracts, same_lineage=False)))


def _extract(
    snapshot: Snapshot, address: Address, kinds: Collection[str], *, with_parts: bool
) -> Snapshot:
    """Return a snapshot of one object and maybe its parts, limited to some kinds."""
    parts = snapshot.parts.get(address, ()) if with_parts else ()
    candidates = [snapshot.objects.get(address), *parts]
    objects = {c.address: c for c in candidates if c is not None and c.address.kind in kinds}
    return Snapshot(objects, snapshot.dialect, snapshot.server_version, snapshot.default_schema)
