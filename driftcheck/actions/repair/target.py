"""Says which schema a plan leads to if it does not repair everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from driftcheck.chain import Gap
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import Judged, addresses_of, objects_of
from driftcheck.schema import Address, SchemaObject, Snapshot


def target_of(
    stamped: Snapshot, live: Snapshot, repaired: Sequence[Judged], kept: Iterable[Judged]
) -> Snapshot:
    """Return the schema of the migrations, with what is not repaired as it is in live.

    What differs and belongs to no finding follows from a renamed object. It is as in live if a
    rename is not repaired.

    Args:
        stamped: The schema that the migrations build.
        live: The live schema.
        repaired: The findings that the plan repairs.
        kept: All other findings about drift.
    """
    changes = [c for each in repaired for c in each.changes[Gap.DRIFT]]
    done = {obj.address for obj in objects_of(changes)}
    others = [c for each in kept for c in each.changes.get(Gap.DRIFT, ())]
    known = {obj.address for obj in objects_of(others)}
    keeps_renames = any(change.type is ChangeType.RENAMED for change in others)
    objects = dict(stamped.objects)
    for change in compare(stamped, live, same_lineage=True):
        addresses = {*addresses_of(change)}
        if not addresses & done and (addresses & known or keeps_renames):
            _keep(change, objects, stamped, live)
    return replace(stamped, objects=objects)


def _keep(
    change: Change, objects: dict[Address, SchemaObject], stamped: Snapshot, live: Snapshot
) -> None:
    """Undo a change in the objects of the target: the object is as in live."""
    is_whole = change.type is not ChangeType.CHANGED
    if change.wanted is not None:
        for obj in (change.wanted, *(_parts(stamped, change.wanted.address) if is_whole else ())):
            objects.pop(obj.address, None)
    if change.actual is not None:
        for obj in (change.actual, *(_parts(live, change.actual.address) if is_whole else ())):
            objects[obj.address] = obj
    for part in change.parts:
        _keep(part, objects, stamped, live)


def _parts(snapshot: Snapshot, address: Address) -> Iterable[SchemaObject]:
    """The parts of an object at every depth."""
    for part in snapshot.parts.get(address, ()):
        yield part
        yield from _parts(snapshot, part.address)
