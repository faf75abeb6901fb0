"""Plans the statements that undo changes, or that make the same changes in another database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import ObjectChange, Plan, plan, plan_in
from driftcheck.databases.plan_scope import PlanScope, within
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.schema import Address, SchemaObject, Snapshot


def undo(
    changes: Sequence[Change],
    catalog: Catalog,
    wanted: Snapshot | None = None,
    actual: Snapshot | None = None,
    rows: RowFacts = NO_ROWS,
) -> Plan:
    """Plan the statements that turn the actual schema into the wanted one.

    Args:
        changes: The changes between the two schemas.
        catalog: The catalog of the database.
        wanted: The schema as it should be.
        actual: The schema as it is. Without the schemas, no dependencies are known.
        rows: Which tables of the actual schema have rows.
    """
    steps = [
        step
        for number, change in enumerate(changes)
        for step in object_changes([change], undone=True, finding=number)
    ]
    steps = [_after_parent(step, steps) for step in steps]
    return plan(steps, catalog, _standing(changes, actual, undone=True), wanted, rows)


def redo(
    changes: Sequence[Change],
    catalog: Catalog,
    wanted: Snapshot | None = None,
    actual: Snapshot | None = None,
    others: Sequence[Change] = (),
) -> Plan:
    """Plan the statements that turn the wanted schema into the actual one.

    Changes are listed in the order that undoes them, so they are made in reverse order. What
    depends on a dropped object is not created again if another change drops or alters it: the plan
    makes this change too.

    Args:
        changes: The changes between the two schemas.
        catalog: The catalog of the database.
        wanted: The schema as it should be.
        actual: The schema as it is. Without the schemas, no dependencies are known.
        others: Further changes between the two schemas, which other plans make.
    """
    steps = [*object_changes(changes, undone=False)]
    steps = [_after_parent(step, steps) for step in steps]
    standing = _standing(changes, wanted, undone=False)
    alone = plan(steps, catalog, standing, actual)
    own = {obj.address for step in steps for obj in (step.current, step.target) if obj is not None}
    about = {s.address for s in alone.steps} | {s.address for s in alone.by_hand}
    if not others or about <= own:
        return alone
    every = [*steps, *object_changes(others, undone=False)]
    every = [_after_parent(step, every) for step in every]
    scope = PlanScope(every, SchemaState(standing), catalog, actual)
    return plan_in(scope, every[: len(steps)])


def undo_each(
    changes: Sequence[Sequence[Change]],
    catalog: Catalog,
    wanted: Snapshot,
    actual: Snapshot,
    rows: RowFacts = NO_ROWS,
) -> list[Plan]:
    """Plan the statements that undo the changes of each finding, one finding after the other.

    Each plan runs after the plans before it. A plan also undoes the changes of later findings if
    its own changes cannot be undone without them; the plans of those findings are then empty.

    Args:
        changes: The changes of each finding.
        catalog: The catalog of the database.
        wanted: The schema as it should be.
        actual: The schema as it is.
        rows: Which tables of the actual schema have rows.
    """
    groups = [
        [*object_changes(group, undone=True, finding=number)]
        for number, group in enumerate(changes)
    ]
    every = [change for group in groups for change in group]
    scope = PlanScope(every, SchemaState(actual), catalog, wanted, rows)
    return [plan_in(scope, group) for group in groups]


def object_changes(
    changes: Iterable[Change], *, undone: bool, finding: int | None = None
) -> Iterator[ObjectChange]:
    """Convert changes to the changes of single objects.

    Args:
        changes: The changes between a wanted and an actual schema.
        undone: Whether the actual schema is turned into the wanted one, or the reverse.
        finding: The number of the finding that reports the changes.
    """
    ordered = list(changes)
    for change in ordered if undone else reversed(ordered):
        current, target = _directed(change, undone=undone)
        if _is_replaced(change):
            yield ObjectChange(current, None, finding)
            yield ObjectChange(None, target, finding)
        else:
            yield ObjectChange(current, target, finding)
        if change.type is ChangeType.CHANGED:
            yield from object_changes(change.parts, undone=undone, finding=finding)
        else:
            yield from _parts(change, undone=undone, finding=finding)


def _parts(change: Change, *, undone: bool, finding: int | None) -> Iterator[ObjectChange]:
    """Convert the changes folded into the creation, the drop or the renaming of an object."""
    leader = _leading(change, undone=undone)
    for part in change.parts if undone else reversed(change.parts):
        current, target = _directed(part, undone=undone)
        yield ObjectChange(current, target, finding, leader)
        yield from _parts(part, undone=undone, finding=finding)


def _directed(change: Change, *, undone: bool) -> tuple[SchemaObject | None, SchemaObject | None]:
    return (change.actual, change.wanted) if undone else (change.wanted, change.actual)


def _leading(change: Change, *, undone: bool) -> Address | None:
    """The address of an object on the side on which its parts exist."""
    current, target = _directed(change, undone=undone)
    obj = target or current
    return None if obj is None else obj.address


def _after_parent(step: ObjectChange, steps: Iterable[ObjectChange]) -> ObjectChange:
    """Return the renaming of a part as it is after that of its parent object, another change.

    Example: the table ``a`` is ``b`` now, and its column ``n`` is ``m``. After the first change,
    the second one is that of ``b.n`` to ``b.m``.
    """
    current, target = step.current, step.target
    if current is None or target is None or current.address.name == target.address.name:
        return step
    former, parent = current.part_of, target.part_of
    if former is None or parent is None or former == parent:
        return step
    if any(other.current and other.current.address == former for other in steps):
        return step
    renamed = within(current, replace(current, address=former), replace(current, address=parent))
    return replace(step, current=renamed)


def _is_replaced(change: Change) -> bool:
    """Whether an object replaces another one instead of being the same object altered."""
    if change.type is not ChangeType.CHANGED or change.wanted is None or change.actual is None:
        return False
    old, new = change.actual.address, change.wanted.address
    return (old.kind, old.name) != (new.kind, new.name)


def _standing(
    changes: Iterable[Change], current: Snapshot | None, *, undone: bool
) -> Snapshot | None:
    """The schema to start from; without it, what the changes know of it."""
    if current is not None:
        return current
    objects: dict[Address, SchemaObject] = {}
    for change in _each(changes):
        wanted, actual = change.standing
        for obj in (*(actual if undone else wanted), *_directed(change, undone=undone)[:1]):
            if obj is not None:
                objects[obj.address] = obj
    return Snapshot(objects, "", "", "")


def _each(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _each(change.parts)
