"""Undoes changes, or makes them again elsewhere: the statements that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import Plan, PlanStep, plan
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.schema import Address, SchemaObject


def undo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the actual schema into the wanted one."""
    steps = [step for c in _each(changes) for step in _steps(c, c.actual, c.wanted)]
    return plan(steps, catalog)


def redo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the wanted schema into the actual one: the same change made again."""
    backwards = reversed([*_each(changes)])  # changes are told in the order that undoes them
    steps = [step for c in backwards for step in _steps(c, c.wanted, c.actual)]
    return plan(steps, catalog)


def _each(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes, and those that a change brought which do not come and go with its object."""
    for change in changes:
        yield change
        if change.type is ChangeType.CHANGED:
            yield from _each(change.parts)


def _steps(
    change: Change, current: SchemaObject | None, target: SchemaObject | None
) -> Iterator[PlanStep]:
    if current is None or target is None or change.type is not ChangeType.CHANGED:
        if current is not None and target is not None:
            current = _within(current, target.part_of)
        yield PlanStep(current, target, tuple(_parts(change, wanted=target is change.wanted)))
    elif _is_another(current, target):
        yield PlanStep(current, None)
        yield PlanStep(None, target)
    else:  # by then its whole may have another name
        wanted, actual = change.standing
        standing = actual if current is change.actual else wanted
        yield PlanStep(replace(current, address=target.address), target, existing_parts=standing)


def _is_another(current: SchemaObject, target: SchemaObject) -> bool:
    """Whether one stands in the other's place, instead of being the same one altered."""
    one, other = current.address, target.address
    return (one.kind, one.name) != (other.kind, other.name)


def _within(thing: SchemaObject, whole: Address | None) -> SchemaObject:
    """An object as it is called once its whole has the name that it shall have."""
    former, address = thing.part_of, thing.address
    if former is None or whole is None or former == whole:
        return thing
    if address.schema == former.schema:
        address = address._replace(schema=whole.schema)
    if address.path[:-1] == former.path:
        address = address._replace(path=(*whole.path, address.name))
    return replace(thing, address=address, part_of=whole)


def _parts(change: Change, *, wanted: bool) -> Iterator[SchemaObject]:
    for part in change.parts if wanted else reversed(change.parts):
        thing = part.wanted if wanted else part.actual
        if thing is not None:
            yield thing
        yield from _parts(part, wanted=wanted)
