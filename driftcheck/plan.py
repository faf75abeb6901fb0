"""Turns changes into the statements that undo them, or that make them again elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from driftcheck.catalog.base import CannotBeWritten, Catalog
from driftcheck.comparison import Change
from driftcheck.schema import Address, SchemaObject, Snapshot


@dataclass(frozen=True)
class Plan:
    """Statements in the order in which they can run.

    Attributes:
        statements: Without closing semicolons.
        by_hand: What cannot be written as DDL: what a person would do.
        loses_data: Whether rows or values are lost.
    """

    statements: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    loses_data: bool = False

    @property
    def script(self) -> str:
        """The statements as a script, what must be done by hand as comments in it."""
        lines = [f"{statement};" for statement in self.statements]
        return "\n".join([*lines, *(f"-- by hand: {words}" for words in self.by_hand)])


@dataclass(frozen=True)
class _Step:
    """One object on its way from what it is to what it shall be."""

    current: SchemaObject | None
    target: SchemaObject | None
    parts: tuple[SchemaObject, ...] = ()

    @property
    def kind(self) -> str:
        thing = self.target or self.current
        assert thing is not None  # noqa: S101  (a step is made from a change)
        return thing.address.kind


def undo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the actual schema into the wanted one."""
    return _plan([_Step(c.actual, c.wanted, _wanted_parts(c)) for c in changes], catalog)


def redo(changes: Iterable[Change], catalog: Catalog) -> Plan:
    """Plan what turns the wanted schema into the actual one: the same change made again."""
    return _plan([_Step(c.wanted, c.actual, _actual_parts(c)) for c in changes], catalog)


def _wanted_parts(change: Change) -> tuple[SchemaObject, ...]:
    return tuple(part.wanted for part in _all_parts(change) if part.wanted is not None)


def _actual_parts(change: Change) -> tuple[SchemaObject, ...]:
    return tuple(part.actual for part in _all_parts(change) if part.actual is not None)


def _all_parts(change: Change) -> Iterator[Change]:
    for part in change.parts:
        yield part
        yield from _all_parts(part)


def _plan(steps: list[_Step], catalog: Catalog) -> Plan:
    """What goes, goes first and in reverse build order; what comes, comes in build order."""
    order = {kind.name: place for place, kind in enumerate(catalog.kinds)}
    gone = [step for step in steps if step.target is None]
    rest = [made for step in steps if step.target is not None for made in _unfolded(step, catalog)]
    gone.sort(key=lambda step: -order[step.kind])
    rest.sort(key=lambda step: order[step.kind])
    statements: list[str] = []
    by_hand: list[str] = []
    for step in (*gone, *rest):
        try:
            statements += _statements(step, catalog)
        except CannotBeWritten as reason:
            by_hand.append(str(reason))
    loses = any(catalog.kind(step.kind).holds_data for step in gone)
    return Plan(tuple(statements), tuple(by_hand), loses)


def _unfolded(step: _Step, catalog: Catalog) -> Iterator[_Step]:
    """A whole with the parts that its kind makes along with it, then every other part."""
    absorbed: dict[Address, list[SchemaObject]] = {}
    others = []
    for part in step.parts:
        whole = part.part_of
        if whole is not None and part.address.kind in catalog.kind(whole.kind).absorbs:
            absorbed.setdefault(whole, []).append(part)
        else:
            others.append(part)
    if step.target is not None:
        yield _Step(step.current, step.target, tuple(absorbed.get(step.target.address, ())))
    for part in others:
        yield _Step(None, part, tuple(absorbed.get(part.address, ())))


def _statements(step: _Step, catalog: Catalog) -> list[str]:
    kind = catalog.kind(step.kind)
    current, target = step.current, step.target
    if target is None:
        return [] if current is None else kind.drop(current)
    if current is None:
        return kind.create(target, step.parts)
    if current.address == target.address:
        return kind.alter(current, target)
    renamed = kind.rename(current, target)
    if current.attributes == target.attributes:
        return renamed
    moved = SchemaObject(target.address, current.attributes, target.part_of, target.number)
    return [*renamed, *kind.alter(moved, target)]


def build(snapshot: Snapshot, catalog: Catalog) -> Plan:
    """Plan what makes a whole schema on an empty database."""
    wholes = [t for t in snapshot.objects.values() if t.part_of not in snapshot.objects]
    return _plan([_Step(None, whole, _descendants(whole, snapshot)) for whole in wholes], catalog)


def _descendants(whole: SchemaObject, snapshot: Snapshot) -> tuple[SchemaObject, ...]:
    parts = snapshot.parts.get(whole.address, ())
    return tuple(thing for part in parts for thing in (part, *_descendants(part, snapshot)))
