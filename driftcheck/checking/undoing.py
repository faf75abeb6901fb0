"""Undoes changes, or makes them again elsewhere: the statements that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.catalog.base import Catalog
from driftcheck.catalog.plan import Plan, Step, plan
from driftcheck.comparison import Change, ChangeType
from driftcheck.schema import SchemaObject


def undo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the actual schema into the wanted one."""
    return plan([_step(c, c.actual, c.wanted) for c in _each(changes)], catalog)


def redo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the wanted schema into the actual one: the same change made again."""
    backwards = reversed([*_each(changes)])  # changes are told in the order that undoes them
    return plan([_step(c, c.wanted, c.actual) for c in backwards], catalog)


def _each(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes, and those that a change brought which do not come and go with its object."""
    for change in changes:
        yield change
        if change.type is ChangeType.CHANGED:
            yield from _each(change.parts)


def _step(change: Change, current: SchemaObject | None, target: SchemaObject | None) -> Step:
    if change.type is not ChangeType.CHANGED:
        return Step(current, target, tuple(_parts(change, wanted=target is change.wanted)))
    if current is not None and target is not None:  # by then its whole may have another name
        current = replace(current, address=target.address)
    return Step(current, target)


def _parts(change: Change, *, wanted: bool) -> Iterator[SchemaObject]:
    for part in change.parts if wanted else reversed(change.parts):
        thing = part.wanted if wanted else part.actual
        if thing is not None:
            yield thing
        yield from _parts(part, wanted=wanted)
