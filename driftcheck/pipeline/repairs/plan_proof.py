"""Proves plans: runs them on a copy of the schema that they were made for, and reads the result.

The copy is a restricted shadow database, because the schema comes from a live database. Its role
can neither give objects to other roles nor grant what it does not have, so statements about owners
and privileges are not part of the proof, and neither are kinds that such a shadow never has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.dependencies import Parts
from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.row_filling import fill
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.errors import DriftcheckError
from driftcheck.judging.comparison import compare
from driftcheck.judging.findings import Severity
from driftcheck.judging.judge import addresses_of, judge
from driftcheck.judging.printed_expressions import Rewording, reworded
from driftcheck.pipeline.printed_expressions import decide
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
        left: The objects that still differ from the wanted schema after the plan.
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


@dataclass(frozen=True)
class Copy:
    """The copy of a schema in which plans were run.

    Attributes:
        original: The schema, without owners and privileges.
        before: The copy before the plans.
        after: The copy after them.
    """

    original: Snapshot
    before: Snapshot
    after: Snapshot


def refusals(plans: Sequence[Plan], actual: Snapshot, shadow: ShadowDatabase) -> Proof:
    """Run plans one after the other on a copy of a schema. The result is not compared.

    Args:
        plans: The plans, in the order in which they are run.
        actual: The schema that the plans were made for.
        shadow: An empty restricted shadow database, in which the copy is built.
    """
    try:
        build_untrusted(replace(actual, objects=bare(actual)), shadow)
    except DriftcheckError as error:
        return Proof(not_tried=str(error))
    return _run(plans, actual, shadow)


def prove(
    plan: Plan,
    schemas: tuple[Snapshot, Snapshot],
    shadow: ShadowDatabase,
    maker: Callable[[], ShadowMaker] | None,
    rows: int = 0,
) -> Proof:
    """Run a plan on a copy of a schema, and compare the result.

    Args:
        plan: The plan.
        schemas: The schema that the plan leads to, and the schema that it was made for.
        shadow: An empty restricted shadow database, in which the copy is built.
        maker: See ``left_over``.
        rows: The number of generated rows in each table.
    """
    wanted, actual = schemas
    original = replace(actual, objects=bare(actual))
    try:
        build_untrusted(original, shadow)
        before = read_restricted(shadow, Scope())
        if rows:
            fill(shadow.url, (), rows)
    except DriftcheckError as error:
        return Proof(not_tried=str(error))
    proof = _run([plan], actual, shadow)
    if not proof.holds:
        return proof
    copy = Copy(original, before, read_restricted(shadow, Scope()))
    left, _ = left_over(plan, wanted, copy, maker)
    return Proof(left=tuple(sorted(left)))


def _run(plans: Sequence[Plan], actual: Snapshot, shadow: ShadowDatabase) -> Proof:
    refused: dict[int, str] = {}
    for number, plan in enumerate(plans):
        statements = [step.statement for step in plan.steps if runs_on_copies(step, actual)]
        failures = run_untrusted(shadow, statements)
        if failures and lacks_rights(failures[0].message):
            return Proof(not_tried=failures[0].message)
        if failures:
            refused[number] = failures[0].message
    return Proof(refused)


def left_over(
    plan: Plan, wanted: Snapshot, copy: Copy, maker: Callable[[], ShadowMaker] | None
) -> tuple[set[Address], Rewording]:
    """Return the objects that a plan has not changed as it should.

    A schema that was written and read again can read differently. Objects that differed before the
    plan for this reason are left out, unless the plan is about them.

    Args:
        plan: The plan.
        wanted: The schema that the plan leads to.
        copy: The copy in which it was run.
        maker: Returns what makes shadows in which the server decides whether expressions are equal;
            ``None`` if only equal texts are equal.

    Returns:
        The objects, and the texts that the server prints after the plan for equal expressions.
        Other expressions have another text in the copy only, which was created from printed text.
    """
    wanted = replace(wanted, objects=bare(wanted))
    copied = _differing(copy.original, copy.before) - {step.address for step in plan.steps}
    left = drifted(wanted, copy.after) - copied
    if not left or maker is None:
        return left, {}
    changes = compare(wanted, copy.after, same_lineage=True)
    decision = decide(changes, (wanted, copy.after), catalog_for(wanted.dialect), maker)
    made = {key: text for key, text in decision.replacements.items() if key[0] not in copied}
    return drifted(reworded(wanted, made), copy.after) - copied, made


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


def _differing(wanted: Snapshot, actual: Snapshot) -> set[Address]:
    """The objects that differ between two schemas."""
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
    left_out = (k.name for k in kinds if k.left_out_of_copies or k.is_stored_code)
    return frozenset(("default privileges", *left_out))


def _bare_attributes(obj: SchemaObject) -> dict[str, Value]:
    attributes = {n: v for n, v in obj.attributes.items() if n not in PRIVILEGES}
    if attributes.get("valid") is False and not attributes.get("only"):
        attributes["valid"] = True
    return attributes


def _is_left_out(address: Address, snapshot: Snapshot) -> bool:
    """Whether a restricted shadow never has objects of this kind."""
    kind = catalog_for(snapshot.dialect).kind(address.kind)
    return kind.left_out_of_copies or kind.is_stored_code
