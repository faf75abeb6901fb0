"""Plans the statements that change one schema to another, in an order in which they can run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan_nodes import NodeKind, PlanNode
from driftcheck.databases.plan_order import nodes_of
from driftcheck.databases.plan_scope import ObjectChange, PlanScope, Selection
from driftcheck.databases.plan_selection import select
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.schema import Address, SchemaObject, Snapshot

__all__ = [
    "Hazard",
    "ManualStep",
    "ObjectChange",
    "Plan",
    "PlanStep",
    "build",
    "plan",
    "plan_in",
]


class Hazard(StrEnum):
    """What a statement does to a database in use, besides the change itself."""

    DATA_LOSS = "data loss"
    REWRITE = "rewrite"
    LOCK = "lock"
    NOT_IN_TRANSACTION = "not in a transaction"
    SCAN = "scan"


@dataclass(frozen=True)
class PlanStep:
    """One statement of a plan.

    Attributes:
        statement: SQL without a closing semicolon.
        address: The object that the statement creates, changes or drops.
        finding: The number of the finding that the statement belongs to; ``None`` if it belongs
            to none, such as a view that is dropped and created again.
        hazards: What the statement does to a database in use.
        is_separate: Whether the statement runs after the transaction of the others is committed,
            in a transaction of its own or, with the hazard for that, outside of one.
        cleanup: A statement that removes what the step leaves if it fails, before it is run again;
            empty if it leaves nothing.
    """

    statement: str
    address: Address
    finding: int | None = None
    hazards: frozenset[Hazard] = frozenset()
    is_separate: bool = False
    cleanup: str = ""


@dataclass(frozen=True)
class ManualStep:
    """An instruction for a change that cannot be written as SQL.

    Attributes:
        text: The instruction, in sentences.
        address: The object that it is about.
        finding: The number of the finding that it belongs to.
    """

    text: str
    address: Address
    finding: int | None = None


@dataclass(frozen=True)
class Plan:
    """Statements in the order in which they can run.

    Attributes:
        steps: The statements. Those that run separately are the last ones.
        by_hand: Instructions for the changes that cannot be written as SQL.
        findings: The numbers of the findings that the plan repairs.
    """

    steps: tuple[PlanStep, ...] = ()
    by_hand: tuple[ManualStep, ...] = ()
    findings: frozenset[int] = frozenset()

    @property
    def transaction(self) -> tuple[PlanStep, ...]:
        """The steps that run together, in one transaction."""
        return tuple(step for step in self.steps if not step.is_separate)

    @property
    def separate(self) -> tuple[PlanStep, ...]:
        """The steps that run one by one, after the transaction."""
        return tuple(step for step in self.steps if step.is_separate)

    @property
    def manual_steps(self) -> tuple[str, ...]:
        """The texts of the instructions."""
        return tuple(step.text for step in self.by_hand)

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements, without closing semicolons."""
        return tuple(step.statement for step in self.steps)

    @property
    def loses_data(self) -> bool:
        """Whether the plan drops objects that hold rows or values."""
        return any(Hazard.DATA_LOSS in step.hazards for step in self.steps)

    @property
    def script(self) -> str:
        """The statements as a script."""
        return "\n".join(f"{statement};" for statement in self.statements)


def plan(
    changes: Iterable[ObjectChange],
    catalog: Catalog,
    current: Snapshot | None = None,
    target: Snapshot | None = None,
    rows: RowFacts = NO_ROWS,
) -> Plan:
    """Plan all changes together.

    Objects that depend on an object which is dropped are dropped before it. If they stay in the
    schema, they are created again, with their owners, privileges and comments.

    Args:
        changes: The changes to make.
        catalog: The catalog of the database.
        current: The schema before the changes. Without it, no dependencies are known, and the
            statements are ordered by the kinds of the objects.
        target: The schema that the changes lead to.
        rows: Which tables of the current schema have rows.
    """
    several = list(changes)
    scope = PlanScope(several, SchemaState(current), catalog, target, rows)
    return plan_in(scope, several)


def plan_in(scope: PlanScope, wanted: Sequence[ObjectChange]) -> Plan:
    """Plan some of the changes of a scope, with those that they require.

    Args:
        scope: All changes, and the schema as it is before the plan. Afterwards, the scope has the
            schema as it is after the plan.
        wanted: The changes to make, unless an earlier plan of the scope has made them.
    """
    selection = select(scope, wanted)
    steps: list[PlanStep] = []
    by_hand: list[ManualStep] = []
    renamed = {t.address for c, t in selection.alters.values() if c.address != t.address}
    for node in nodes_of(selection, scope):
        steps += _steps(node, scope.catalog)
        if node.manual_step:
            by_hand.append(ManualStep(node.manual_step, node.address, node.finding))
            scope.left_to_a_person.add(node.address)
        is_left = bool(node.manual_step) and not node.statements
        if is_left and (node.address in selection.creates or node.address in renamed):
            scope.named_by_a_person.add(node.address)
    findings = frozenset(c.finding for c in selection.changes if c.finding is not None)
    scope.apply(selection)
    checked = _without_checks(steps, selection, scope)
    return Plan(tuple(checked), tuple(by_hand), findings)


def _steps(node: PlanNode, catalog: Catalog) -> list[PlanStep]:
    is_lost = node.kind is NodeKind.DROP and catalog.kind(node.address.kind).holds_data
    return [
        PlanStep(statement, node.address, node.finding, _hazards(statement, is_lost=is_lost))
        for statement in node.statements
    ]


_REWRITES = re.compile(
    r"ALTER TABLE .* (ALTER COLUMN .* TYPE |SET (UN)?LOGGED|SET ACCESS METHOD|SET TABLESPACE)"
    r"|ALTER TABLE .* ADD COLUMN .* (STORED|IDENTITY|DEFAULT nextval)",
    re.DOTALL,
)
_LOCKS = re.compile(r"(ALTER|DROP|REINDEX|CREATE (UNIQUE )?INDEX|CREATE (CONSTRAINT )?TRIGGER)\b")


def _hazards(statement: str, *, is_lost: bool) -> frozenset[Hazard]:
    found = {Hazard.DATA_LOSS} if is_lost else set()
    if _REWRITES.match(statement):
        found.add(Hazard.REWRITE)
    if _LOCKS.match(statement):
        found.add(Hazard.LOCK)
    if " CONCURRENTLY " in statement:
        found.add(Hazard.NOT_IN_TRANSACTION)
    return frozenset(found)


def _without_checks(
    steps: list[PlanStep], selection: Selection, scope: PlanScope
) -> list[PlanStep]:
    """The steps with the settings of ``Kind.checked_by`` turned off, if they need that.

    They need it if a routine is created, and objects of other kinds too, by this plan or by another
    one, or if a routine is replaced and not the only change.
    """
    checked = {
        step.address: setting
        for step in steps
        if step.statement.startswith("CREATE")
        and (setting := scope.catalog.kind(step.address.kind).checked_by) is not None
    }
    if scope.are_in_order(checked, selection):
        return steps
    settings = {setting: address for address, setting in checked.items()}
    off = (PlanStep(f"SET {setting} = off", at) for setting, at in settings.items())
    return [*off, *steps, *(PlanStep(f"RESET {setting}", at) for setting, at in settings.items())]


def build(snapshot: Snapshot, catalog: Catalog, existing: Snapshot | None = None) -> Plan:
    """Plan the creation of a whole schema in an empty database.

    Args:
        snapshot: The schema to create.
        catalog: The catalog of its database.
        existing: The objects of an empty database, such as the schema ``public``.
    """
    current: Mapping[Address, SchemaObject] = existing.objects if existing is not None else {}
    changes = [
        ObjectChange(current.get(address), obj)
        for address, obj in snapshot.objects.items()
        if address not in current or current[address].attributes != obj.attributes
    ]
    return plan(changes, catalog, existing, snapshot)
