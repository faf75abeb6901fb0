"""Undoes changes, or makes them again elsewhere: the statements that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.catalog.base import Catalog
from driftcheck.catalog.plan import Plan, Step, plan
from driftcheck.comparison import Change
from driftcheck.schema import SchemaObject


def undo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the actual schema into the wanted one."""
    return plan([Step(c.actual, c.wanted, _wanted_parts(c)) for c in changes], catalog)


def redo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the wanted schema into the actual one: the same change made again."""
    return plan([Step(c.wanted, c.actual, _actual_parts(c)) for c in changes], catalog)


def _wanted_parts(change: Change) -> tuple[SchemaObject, ...]:
    return tuple(part.wanted for part in _all_parts(change) if part.wanted is not None)


def _actual_parts(change: Change) -> tuple[SchemaObject, ...]:
    return tuple(part.actual for part in _all_parts(change) if part.actual is not None)


def _all_parts(change: Change) -> Iterator[Change]:
    for part in change.parts:
        yield part
        yield from _all_parts(part)
