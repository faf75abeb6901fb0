"""Puts the statements that lead from one schema to another in an order in which they can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from driftcheck.databases.catalog import CannotBeWritten, Catalog
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
class Step:
    """One object on its way from what it is to what it shall be.

    Attributes:
        current: As it is; ``None`` where it is not there.
        target: As it shall be; ``None`` where it shall go.
        parts: What comes with it: everything that is a part of the target, however deep.
        standing: What is a part of it now, and goes where it has to be made again.
    """

    current: SchemaObject | None
    target: SchemaObject | None
    parts: tuple[SchemaObject, ...] = ()
    standing: tuple[SchemaObject, ...] = ()

    @property
    def is_one(self) -> bool:
        """Whether there is anything to do."""
        if self.current is None or self.target is None:
            return True
        return self.current.attributes != self.target.attributes

    @property
    def kind(self) -> str:
        """The name of the object's kind."""
        thing = self.target or self.current
        assert thing is not None  # noqa: S101  (a step is made from a change)
        return thing.address.kind


def plan(steps: list[Step], catalog: Catalog) -> Plan:
    """What goes, goes first and in reverse build order; what comes, comes in build order.

    What is of one kind stays in the order given. Before all that, parts leave what they shall not
    belong to any more; after it, they join what they shall.
    """
    order = {kind.name: place for place, kind in enumerate(catalog.kinds)}
    gone = [step for step in steps if step.target is None]
    rest = [made for step in steps if step.target is not None for made in _unfolded(step, catalog)]
    rest = [*_with_what_would_go(rest, gone, catalog)]
    gone.sort(key=lambda step: -order[step.kind])
    rest.sort(key=lambda step: order[step.kind])
    leaving: list[str] = []
    statements: list[str] = []
    joining: list[str] = []
    by_hand: list[str] = []
    for step in (*gone, *rest):
        kind, current, target = catalog.kind(step.kind), step.current, step.target
        try:
            statements += _statements(step, catalog)
            leaving += kind.leave(current, target) if current is not None else []
            joining += kind.join(current, target) if target is not None else []
        except CannotBeWritten as reason:
            by_hand.append(str(reason))
    loses = any(catalog.kind(step.kind).holds_data for step in gone)
    ordered = (*leaving, *statements, *joining)
    return Plan(_unchecked(ordered, rest, catalog), tuple(by_hand), loses)


def _with_what_would_go(rest: list[Step], gone: list[Step], catalog: Catalog) -> Iterator[Step]:
    """The steps, with those that make again what goes with an object that is made again."""
    again = {one.address: step for step in rest if (one := _made_again(step, catalog)) is not None}
    known = {
        thing.address for step in (*rest, *gone) for thing in (step.current, step.target) if thing
    }
    for step in rest:
        is_gone = step.target is not None and step.target.part_of in again
        yield replace(step, current=None) if is_gone else step
    for step in again.values():
        yield from (Step(None, part) for part in step.standing if part.address not in known)


def _made_again(step: Step, catalog: Catalog) -> SchemaObject | None:
    """The object of a step, if it is dropped and made again."""
    current, target = step.current, step.target
    if current is None or target is None or current.address != target.address:
        return None
    return target if catalog.kind(step.kind).is_made_again(current, target) else None


def _unchecked(statements: tuple[str, ...], steps: list[Step], catalog: Catalog) -> tuple[str, ...]:
    """The statements, and no check for what those after them are yet to make."""
    kinds = {step.kind for step in steps if step.current is None}
    settings = {catalog.kind(kind).checked_by for kind in kinds} - {None}
    if len(kinds) < 2 or not settings:  # noqa: PLR2004  (a kind and another)
        return statements
    off = (f"SET {setting} = off" for setting in settings)
    return (*off, *statements, *(f"RESET {setting}" for setting in settings))


def _unfolded(step: Step, catalog: Catalog) -> Iterator[Step]:
    """A whole with the parts that its kind makes along with it, then every other part."""
    things = {thing.address: thing for thing in (step.target, *step.parts) if thing is not None}
    absorbed: dict[Address, list[SchemaObject]] = {}
    others = []
    for part in step.parts:
        whole = things.get(part.part_of) if part.part_of is not None else None
        if whole is None:
            others.append(Step(_brought(part, things), part))
        elif part.address.kind in catalog.kind(whole.address.kind).absorbs:
            absorbed.setdefault(whole.address, []).append(part)
        elif not catalog.kind(whole.address.kind).brings(whole, part):
            others.append(Step(None, part))
    if step.target is not None:
        yield replace(step, parts=tuple(absorbed.get(step.target.address, ())))
    for other in others:
        assert other.target is not None  # noqa: S101  (each is a part)
        yield replace(other, parts=tuple(absorbed.get(other.target.address, ())))


def _brought(part: SchemaObject, things: Mapping[Address, SchemaObject]) -> SchemaObject | None:
    """What is there of a part when that has come which it is inherited from."""
    parent = things.get(part.inherited_from) if part.inherited_from is not None else None
    return None if parent is None else replace(part, attributes=parent.attributes)


def _statements(step: Step, catalog: Catalog) -> list[str]:
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
    moved = replace(target, attributes=current.attributes)
    return [*renamed, *kind.alter(moved, target)]


def build(snapshot: Snapshot, catalog: Catalog, there: Snapshot | None = None) -> Plan:
    """Plan what makes a whole schema on an empty database.

    Args:
        snapshot: The schema.
        catalog: The catalog of its database.
        there: What even an empty database has: the schema ``public``.
    """
    present = there.objects if there is not None else {}
    wholes = [t for t in snapshot.objects.values() if t.part_of not in snapshot.objects]
    steps = [Step(present.get(t.address), t, _descendants(t, snapshot)) for t in wholes]
    return plan([step for step in steps if step.is_one], catalog)


def _descendants(whole: SchemaObject, snapshot: Snapshot) -> tuple[SchemaObject, ...]:
    parts = snapshot.parts.get(whole.address, ())
    return tuple(thing for part in parts for thing in (part, *_descendants(part, snapshot)))
