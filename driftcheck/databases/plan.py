"""Plans the statements that change one schema to another, in an order in which they can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from driftcheck.databases.catalog import CannotBeWritten, Catalog
from driftcheck.schema import Address, SchemaObject, Snapshot


@dataclass(frozen=True)
class Plan:
    """Statements in the order in which they can run.

    Attributes:
        statements: SQL without closing semicolons.
        manual_steps: Instructions for the changes that cannot be written as DDL.
        loses_data: Whether the plan drops objects that hold rows or values.
    """

    statements: tuple[str, ...] = ()
    manual_steps: tuple[str, ...] = ()
    loses_data: bool = False

    @property
    def script(self) -> str:
        """The statements as a script, with the manual steps as comments."""
        lines = [f"{statement};" for statement in self.statements]
        return "\n".join([*lines, *(f"-- by hand: {step}" for step in self.manual_steps)])


@dataclass(frozen=True)
class PlanStep:
    """The change of one object from its current state to its target state.

    Attributes:
        current: The current object; ``None`` if it has to be created.
        target: The target object; ``None`` if it has to be dropped.
        parts: The parts of the target at every depth, to be created with it.
        existing_parts: The current parts of the object. They are dropped and created again with it.
    """

    current: SchemaObject | None
    target: SchemaObject | None
    parts: tuple[SchemaObject, ...] = ()
    existing_parts: tuple[SchemaObject, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether the current and the target object differ."""
        if self.current is None or self.target is None:
            return True
        return self.current.attributes != self.target.attributes

    @property
    def kind(self) -> str:
        """The name of the object's kind."""
        obj = self.target or self.current
        assert obj is not None  # noqa: S101  (every step has at least one)
        return obj.address.kind


def plan(steps: list[PlanStep], catalog: Catalog) -> Plan:
    """Put the statements of all steps in order.

    Tables are first detached from the parents that they lose. Then objects are dropped in
    reverse build order, and created or altered in build order. At last tables are attached to their
    new parents. Steps of the same kind keep the order given.
    """
    order = {kind.name: position for position, kind in enumerate(catalog.kinds)}
    drops = [step for step in steps if step.target is None]
    others = [part for step in steps if step.target is not None for part in _split(step, catalog)]
    others = [*_with_recreated_parts(others, drops, catalog)]
    drops.sort(key=lambda step: -order[step.kind])
    others.sort(key=lambda step: order[step.kind])
    detaching: list[str] = []
    statements: list[str] = []
    attaching: list[str] = []
    manual_steps: list[str] = []
    for step in (*drops, *others):
        kind, current, target = catalog.kind(step.kind), step.current, step.target
        try:
            statements += _statements(step, catalog)
            detaching += kind.detach(current, target) if current is not None else []
            attaching += kind.attach(current, target) if target is not None else []
        except CannotBeWritten as reason:
            manual_steps.append(str(reason))
    loses_data = any(catalog.kind(step.kind).holds_data for step in drops)
    ordered = (*detaching, *statements, *attaching)
    return Plan(_without_checks(ordered, others, catalog), tuple(manual_steps), loses_data)


def _with_recreated_parts(
    others: list[PlanStep], drops: list[PlanStep], catalog: Catalog
) -> Iterator[PlanStep]:
    """The steps, and steps that create again the parts of each object that is created again."""
    recreated = {
        step.target.address: step
        for step in others
        if step.target is not None and _is_recreated(step, catalog)
    }
    planned = {
        obj.address for step in (*others, *drops) for obj in (step.current, step.target) if obj
    }
    for step in others:
        is_dropped = step.target is not None and step.target.part_of in recreated
        yield replace(step, current=None) if is_dropped else step
    for step in recreated.values():
        for part in step.existing_parts:
            if part.address not in planned:
                yield PlanStep(None, part)


def _is_recreated(step: PlanStep, catalog: Catalog) -> bool:
    """Whether a step drops its object and creates it again."""
    current, target = step.current, step.target
    if current is None or target is None or current.address != target.address:
        return False
    return catalog.kind(step.kind).is_recreated(current, target)


def _without_checks(
    statements: tuple[str, ...], steps: list[PlanStep], catalog: Catalog
) -> tuple[str, ...]:
    """The statements with the settings of ``Kind.checked_by`` turned off, if they need that."""
    kinds = {step.kind for step in steps if step.current is None}
    settings = {catalog.kind(kind).checked_by for kind in kinds} - {None}
    if len(kinds) < 2 or not settings:  # noqa: PLR2004  (objects of one kind are in order already)
        return statements
    off = (f"SET {setting} = off" for setting in settings)
    return (*off, *statements, *(f"RESET {setting}" for setting in settings))


def _split(step: PlanStep, catalog: Catalog) -> Iterator[PlanStep]:
    """A step for the target with the parts that it absorbs, and one for each other part."""
    objects = {obj.address: obj for obj in (step.target, *step.parts) if obj is not None}
    absorbed: dict[Address, list[SchemaObject]] = {}
    separate: list[SchemaObject] = []
    current_of: dict[Address, SchemaObject | None] = {}
    for part in step.parts:
        parent = objects.get(part.part_of) if part.part_of is not None else None
        if parent is None:
            separate.append(part)
            current_of[part.address] = _inherited(part, objects)
        elif part.address.kind in catalog.kind(parent.address.kind).absorbs:
            absorbed.setdefault(parent.address, []).append(part)
        elif not catalog.kind(parent.address.kind).creates_part(parent, part):
            separate.append(part)
    if step.target is not None:
        yield replace(step, parts=tuple(absorbed.get(step.target.address, ())))
    for part in separate:
        yield PlanStep(current_of.get(part.address), part, tuple(absorbed.get(part.address, ())))


def _inherited(part: SchemaObject, objects: Mapping[Address, SchemaObject]) -> SchemaObject | None:
    """The state of a part after its table has inherited it; ``None`` if nothing is inherited."""
    source = objects.get(part.inherited_from) if part.inherited_from is not None else None
    return None if source is None else replace(part, attributes=source.attributes)


def _statements(step: PlanStep, catalog: Catalog) -> list[str]:
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


def build(snapshot: Snapshot, catalog: Catalog, existing: Snapshot | None = None) -> Plan:
    """Plan the creation of a whole schema in an empty database.

    Args:
        snapshot: The schema to create.
        catalog: The catalog of its database.
        existing: The objects of an empty database, such as the schema ``public``.
    """
    current = existing.objects if existing is not None else {}
    roots = [obj for obj in snapshot.objects.values() if obj.part_of not in snapshot.objects]
    steps = [
        PlanStep(current.get(root.address), root, _descendants(root, snapshot)) for root in roots
    ]
    return plan([step for step in steps if step.is_needed], catalog)


def _descendants(parent: SchemaObject, snapshot: Snapshot) -> tuple[SchemaObject, ...]:
    parts = snapshot.parts.get(parent.address, ())
    return tuple(obj for part in parts for obj in (part, *_descendants(part, snapshot)))
