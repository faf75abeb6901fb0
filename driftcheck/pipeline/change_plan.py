"""Plans the statements that undo changes, or that make the same changes in another database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import Plan, PlanStep, plan
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.schema import Address, SchemaObject


def undo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan the statements that turn the actual schema into the wanted one."""
    steps = [
        step
        for change in _unfolded(changes)
        for step in _steps(change, change.actual, change.wanted)
    ]
    return plan(steps, catalog)


def redo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan the statements that turn the wanted schema into the actual one.

    Changes are listed in the order that undoes them, so they are made in reverse order.
    """
    backwards = reversed([*_unfolded(changes)])
    steps = [step for change in backwards for step in _steps(change, change.wanted, change.actual)]
    return plan(steps, catalog)


def _unfolded(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes, and the changes folded into those of type CHANGED.

    The parts of a missing, extra or renamed object are created, dropped or renamed with it.
    """
    for change in changes:
        yield change
        if change.type is ChangeType.CHANGED:
            yield from _unfolded(change.parts)


def _steps(
    change: Change, current: SchemaObject | None, target: SchemaObject | None
) -> Iterator[PlanStep]:
    if current is None or target is None or change.type is not ChangeType.CHANGED:
        if current is not None and target is not None:
            current = _within(current, target.part_of)
        yield PlanStep(current, target, tuple(_parts(change, wanted=target is change.wanted)))
    elif _is_replaced(current, target):
        yield PlanStep(current, None)
        yield PlanStep(None, target)
    else:  # the parent object may have been renamed by an earlier step
        wanted, actual = change.standing
        standing = actual if current is change.actual else wanted
        yield PlanStep(replace(current, address=target.address), target, existing_parts=standing)


def _is_replaced(current: SchemaObject, target: SchemaObject) -> bool:
    """Whether the target replaces the current object instead of being the same object altered."""
    old, new = current.address, target.address
    return (old.kind, old.name) != (new.kind, new.name)


def _within(part: SchemaObject, parent: Address | None) -> SchemaObject:
    """Return a part with the address that it has after its parent object was renamed."""
    former, address = part.part_of, part.address
    if former is None or parent is None or former == parent:
        return part
    if address.schema == former.schema:
        address = address._replace(schema=parent.schema)
    if address.path[:-1] == former.path:
        address = address._replace(path=(*parent.path, address.name))
    return replace(part, address=address, part_of=parent)


def _parts(change: Change, *, wanted: bool) -> Iterator[SchemaObject]:
    """Yield the parts folded into a change, of one side, in the order in which to create them."""
    for part in change.parts if wanted else reversed(change.parts):
        schema_object = part.wanted if wanted else part.actual
        if schema_object is not None:
            yield schema_object
        yield from _parts(part, wanted=wanted)
