"""The steps of a migration: what it does to one object after the other, in an order that runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.plan import ObjectChange, Plan, plan_in
from driftcheck.databases.plan_scope import PlanScope
from driftcheck.databases.plan_state import SchemaState
from driftcheck.schema import Address, SchemaObject, Snapshot


class Verb(StrEnum):
    """What a step does to its object."""

    CREATE = "create"
    DROP = "drop"
    RENAME = "rename"
    ALTER = "alter"


@dataclass(frozen=True)
class Step:
    """One step of a migration.

    Attributes:
        verb: What the step does.
        before: The object before the migration; ``None`` if it does not exist then.
        after: The object after the migration; ``None`` if it does not exist then.
        statements: The step in SQL; empty if the database cannot do it in one statement, such as a
            change of a column on SQLite.
    """

    verb: Verb
    before: SchemaObject | None
    after: SchemaObject | None
    statements: tuple[str, ...] = ()

    @property
    def obj(self) -> SchemaObject:
        """The object that the step creates, or the object as it is before the step."""
        found = self.after if self.verb is Verb.CREATE else self.before
        found = found or self.after or self.before
        assert found is not None  # noqa: S101  (a step has at least one side)
        return found

    @property
    def address(self) -> Address:
        """The name of this object."""
        return self.obj.address


_DROPS = re.compile(
    r"DROP |ALTER TABLE .* DROP (COLUMN|CONSTRAINT|INDEX|KEY|PRIMARY KEY|FOREIGN KEY)\b", re.DOTALL
)
_CREATES = re.compile(
    r"CREATE |ALTER TABLE .*? ADD (COLUMN|CONSTRAINT|INDEX|KEY|UNIQUE|PRIMARY|FOREIGN|CHECK)\b",
    re.DOTALL,
)
_RENAMES = re.compile(
    r"ALTER .* RENAME (COLUMN .* |CONSTRAINT .* |INDEX .* )?TO |ALTER .* SET SCHEMA ", re.DOTALL
)


def steps_between(
    groups: Sequence[Sequence[ObjectChange]],
    catalog: Catalog,
    before: Snapshot,
    after: Snapshot,
    *,
    one_by_one: bool = False,
) -> list[Step]:
    """Return the steps of a migration from one schema to another.

    Args:
        groups: The changes of single objects, in groups that belong together.
        catalog: The catalog of the database.
        before: The schema before the migration.
        after: The schema after the migration.
        one_by_one: Whether the groups are planned one after the other, and not all together.
    """
    changes = [change for group in groups for change in group]
    scope = PlanScope(changes, SchemaState(before), catalog, after)
    plans = [plan_in(scope, group) for group in (groups if one_by_one else [changes])]
    if any(each.manual_steps for each in plans):
        return [*_without_plan(changes, catalog, after)]
    return [*_without_parts_of_dropped(_of_plans(plans, changes, before, after))]


def _without_parts_of_dropped(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps without the drop of parts that disappear with their table.

    A plan that knows no dependencies drops them first. Foreign keys are dropped in any case: a
    table that others refer to cannot be dropped.
    """
    found = [*steps]
    dropped = {step.address for step in found if step.verb is Verb.DROP}
    for step in found:
        is_part = step.verb is Verb.DROP and step.obj.part_of in dropped
        if not is_part or step.address.kind == "foreign key":
            yield step


def _of_plans(
    plans: Sequence[Plan], changes: Sequence[ObjectChange], before: Snapshot, after: Snapshot
) -> Iterator[Step]:
    """Yield the steps of plans. Statements that do the same to one object are one step."""
    pairs = _pairs(changes)
    steps = (step for each in plans for step in each.steps)
    marked = ((step.address, _verb(step.statement), step.statement) for step in steps)
    for (address, verb), group in groupby(marked, key=lambda each: each[:2]):
        former, later = pairs.get(
            address, (before.objects.get(address), after.objects.get(address))
        )
        statements = tuple(statement for *_, statement in group)
        if former is None and later is None:
            former = SchemaObject(address, {})
        yield Step(verb, former, later, statements)


def _pairs(
    changes: Iterable[ObjectChange],
) -> dict[Address, tuple[SchemaObject | None, SchemaObject | None]]:
    """Return both sides of each object that is renamed or altered, by both of its addresses."""
    pairs: dict[Address, tuple[SchemaObject | None, SchemaObject | None]] = {}
    for change in changes:
        if change.current is not None and change.target is not None:
            for side in (change.current, change.target):
                pairs[side.address] = change.current, change.target
    return pairs


def _verb(statement: str) -> Verb:
    for pattern, verb in ((_CREATES, Verb.CREATE), (_DROPS, Verb.DROP), (_RENAMES, Verb.RENAME)):
        if pattern.match(statement):
            return verb
    return Verb.ALTER


def _without_plan(
    changes: Sequence[ObjectChange], catalog: Catalog, after: Snapshot
) -> Iterator[Step]:
    """Yield a step for each change, where the database cannot make all of them by statements.

    What stands on columns is dropped first and created last, and columns are dropped at the end.
    """
    steps = (
        _step_of(change, catalog, after)
        for change in changes
        if change.leader is None or not _is_made_with_parent(change, catalog)
    )
    yield from sorted(steps, key=lambda step: _phase(step, catalog))


def _phase(step: Step, catalog: Catalog) -> int:
    holds_data = catalog.kind(step.address.kind).holds_data
    if step.verb is Verb.DROP:
        return 3 if holds_data else 0
    return 2 if step.verb is Verb.CREATE and not holds_data else 1


def _is_made_with_parent(change: ObjectChange, catalog: Catalog) -> bool:
    """Whether an object is created or dropped together with the object that it is a part of."""
    obj = change.target or change.current
    assert obj is not None  # noqa: S101  (a change has at least one side)
    dropped_with_table = change.target is None and change.leader and change.leader.kind == "table"
    return bool(dropped_with_table) or _is_absorbed(obj, catalog)


def _is_absorbed(part: SchemaObject, catalog: Catalog) -> bool:
    parent = part.part_of
    return parent is not None and part.address.kind in catalog.kind(parent.kind).absorbs


def _step_of(change: ObjectChange, catalog: Catalog, after: Snapshot) -> Step:
    current, target = change.current, change.target
    if current is None:
        assert target is not None  # noqa: S101  (a change has at least one side)
        parts = [
            part for part in after.parts.get(target.address, ()) if _is_absorbed(part, catalog)
        ]
        kind = catalog.kind(target.address.kind)
        return Step(Verb.CREATE, None, target, _written(lambda: kind.create(target, parts)))
    kind = catalog.kind(current.address.kind)
    if target is None:
        return Step(Verb.DROP, current, None, _written(lambda: kind.drop(current)))
    verb = Verb.RENAME if current.address != target.address else Verb.ALTER
    return Step(verb, current, target, _written(lambda: kind.alter(current, target)))


def _written(write: Callable[[], list[str]]) -> tuple[str, ...]:
    try:
        return tuple(write())
    except CannotBeWritten:
        return ()
