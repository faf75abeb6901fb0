"""Proves plans: runs them on a copy of the schema that they were made for, and reads the result.

The copy is a restricted shadow database, because the schema comes from a live database. Its role
can neither give objects to other roles nor grant what it does not have, so statements about owners
and privileges are not part of the proof, and neither are kinds that such a shadow never has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.dependencies import Parts
from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.row_filling import fill
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import DriftcheckError
from driftcheck.judging.comparison import compare
from driftcheck.judging.findings import Severity
from driftcheck.judging.judge import addresses_of, judge
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import build_untrusted, run_untrusted

_ON_PRIVILEGES = re.compile(
    r"ALTER .* OWNER TO |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES ", re.DOTALL
)


@dataclass(frozen=True)
class Proof:
    """The result of running plans on a copy of the schema that they were made for.

    Attributes:
        refused: What the server answered to the first refused statement of each plan, by the
            plan's number.
        left: The objects that still differ from the wanted schema after all plans.
        not_tried: Why the plans could not be tried; empty if they were.
        lost: The tables and columns that have lost rows or values, although the plans keep them.
    """

    refused: dict[int, str] = field(default_factory=dict)
    left: tuple[Address, ...] = ()
    not_tried: str = ""
    lost: tuple[Address, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every statement ran, and no difference is left and nothing is lost."""
        return not (self.refused or self.left or self.not_tried or self.lost)


def prove(
    plans: Sequence[Plan],
    wanted: Snapshot,
    actual: Snapshot,
    shadow: ShadowDatabase,
    rows: int = 0,
) -> Proof:
    """Run plans one after the other on a copy of a schema, and compare the result.

    Args:
        plans: The plans, in the order in which they are run.
        wanted: The schema that the plans lead to.
        actual: The schema that the plans were made for.
        shadow: An empty restricted shadow database, in which the copy is built.
        rows: The number of generated rows in each table.
    """
    scope = Scope()
    try:
        build_untrusted(replace(actual, objects=bare(actual)), shadow)
        before = read_restricted(shadow, scope)
        if rows:
            fill(shadow.url, (), rows)
    except DriftcheckError as error:
        return Proof(not_tried=str(error))
    refused: dict[int, str] = {}
    for number, plan in enumerate(plans):
        statements = [step.statement for step in plan.steps if runs_on_copies(step, wanted)]
        failures = run_untrusted(shadow, statements)
        if failures and lacks_rights(failures[0].message):
            return Proof(not_tried=failures[0].message)
        if failures:
            refused[number] = failures[0].message
    return Proof(refused, left_over(wanted, actual, before, read_restricted(shadow, scope)))


def left_over(
    wanted: Snapshot, actual: Snapshot, before: Snapshot, after: Snapshot
) -> tuple[Address, ...]:
    """Return the objects that plans have not changed as they should.

    A schema that was written and read again can read differently: what differed before the plans
    for this reason is left out.

    Args:
        wanted: The schema that the plans lead to.
        actual: The schema that the plans were made for.
        before: The copy of the actual schema before the plans.
        after: The same copy after them.
    """
    copied = differing(replace(actual, objects=bare(actual)), before)
    left = differing(replace(wanted, objects=bare(wanted)), after) - copied
    return tuple(sorted(left))


def narrowed(
    plans: Iterable[Plan], wanted: Snapshot, actual: Snapshot, parts: Parts | None = None
) -> tuple[Snapshot, Snapshot] | None:
    """Return the parts of two schemas that plans between them can concern.

    On a copy of this part, the server refuses the same statements as on a copy of the whole schema.

    Args:
        plans: The plans.
        wanted: The schema that the plans lead to.
        actual: The schema that the plans were made for.
        parts: Cuts parts from the actual schema, if it is known already.

    Returns:
        The parts of the wanted and of the actual schema; ``None`` if they are not known.
    """
    steps = [step for each in plans for step in each.steps]
    changed = (*(step.address for step in steps), *_changed(wanted, actual))
    texts = (step.statement for step in steps)
    parts = parts or Parts(actual, catalog_for(actual.dialect))
    part = parts.concerned(changed, texts)
    if part is None:
        return None
    known = part.objects.keys()
    return wanted.only(lambda obj: obj.address in known or obj.address not in actual.objects), part


def _changed(wanted: Snapshot, actual: Snapshot) -> Iterator[Address]:
    """Yield the objects of the actual schema that the wanted schema lacks, or has otherwise."""
    left_out = _left_out(actual)
    is_equal: dict[tuple[int, int], bool] = {}  # equal attributes exist once
    for address, obj in actual.objects.items():
        if address.kind in left_out:
            continue
        goal = wanted.objects.get(address)
        if goal is None:
            yield address
            continue
        pair = id(goal.attributes), id(obj.attributes)
        if pair not in is_equal:
            is_equal[pair] = _bare_attributes(goal) == _bare_attributes(obj)
        if not is_equal[pair]:
            yield address


def runs_on_copies(step: PlanStep, schema: Snapshot) -> bool:
    """Whether a step can run in a restricted shadow.

    Args:
        step: The step.
        schema: A schema of the database.
    """
    return not (_ON_PRIVILEGES.match(step.statement) or _is_left_out(step.address, schema))


def differing(wanted: Snapshot, actual: Snapshot) -> set[Address]:
    """Return the objects that differ between two schemas."""
    changes = compare(wanted, actual, same_lineage=True)
    return {address for change in changes for address in addresses_of(change)}


def drifted(wanted: Snapshot, actual: Snapshot) -> set[Address]:
    """Return the objects that differ between two schemas, without those that would be notes."""
    catalog, sides = catalog_for(wanted.dialect), {Side.STAMPED: wanted, Side.LIVE: actual}
    changes = {Gap.DRIFT: compare(wanted, actual, same_lineage=True)}
    return {
        address
        for each in judge(changes, sides, catalog.describe, catalog.note)
        if each.finding.severity is not Severity.NOTE
        for change in each.changes[Gap.DRIFT]
        for address in addresses_of(change)
    }


def bare(snapshot: Snapshot) -> dict[Address, SchemaObject]:
    """Return the objects of a schema that a copy has, without owners and privileges.

    An index whose creation has failed is valid in a copy: nothing can create it otherwise.
    """
    left_out = _left_out(snapshot)
    compared: dict[int, dict[str, Value]] = {}  # equal attributes exist once
    objects = {}
    for address, obj in snapshot.objects.items():
        if address.kind not in left_out:
            key = id(obj.attributes)
            if key not in compared:
                compared[key] = _bare_attributes(obj)
            objects[address] = replace(obj, attributes=compared[key])
    return objects


def _left_out(snapshot: Snapshot) -> frozenset[str]:
    """The kinds that are not part of a proof: a restricted shadow never has most of them."""
    kinds = catalog_for(snapshot.dialect).kinds
    return frozenset(("default privileges", *(k.name for k in kinds if k.left_out_of_copies)))


def _bare_attributes(obj: SchemaObject) -> dict[str, Value]:
    attributes = {n: v for n, v in obj.attributes.items() if n not in PRIVILEGES}
    if attributes.get("valid") is False and not attributes.get("only"):
        attributes["valid"] = True
    return attributes


def _is_left_out(address: Address, snapshot: Snapshot) -> bool:
    """Whether a restricted shadow never has objects of this kind."""
    return catalog_for(snapshot.dialect).kind(address.kind).left_out_of_copies
