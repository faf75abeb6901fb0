"""Plans the repair of findings: of each finding by itself, and of all findings together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from driftcheck.chain import Gap
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import ManualStep, Plan, plan
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.judging.findings import RepairScript, RepairStep, Severity
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.faults.version_tables import is_of_another_project
from driftcheck.pipeline.repairs.change_plan import object_changes, undo, undo_each
from driftcheck.pipeline.repairs.plan_proof import Proof
from driftcheck.schema import Snapshot

Prove = Callable[[Sequence[Plan], Snapshot, Snapshot], Proof]
"""Runs plans on a copy of the actual schema, and compares the result with the wanted one."""

REPAIRED_GAPS = (Gap.DRIFT, Gap.DIFFERENCE)
"""The gaps in which a live database is changed to match another schema."""


@dataclass(frozen=True)
class RepairBasis:
    """What the repair of a database is planned with.

    Attributes:
        catalog: Writes changes as SQL.
        wanted: The schema as it should be; ``None`` if it is not known.
        actual: The schema as it is, with owners and privileges.
        rows: Which of its tables have rows.
        prove: Tries plans; ``None`` if they cannot be tried.
    """

    catalog: Catalog
    wanted: Snapshot | None = None
    actual: Snapshot | None = None
    rows: RowFacts = NO_ROWS
    prove: Prove | None = None


def plan_each(judged: Sequence[Judged], basis: RepairBasis) -> list[Plan]:
    """Return the plan that repairs each finding; an empty plan if there is nothing to repair.

    The plans run one after the other, in the order of the findings. SQL that the server refuses
    on a copy of the schema is not offered.
    """
    gaps = {index: gap for index, each in enumerate(judged) if (gap := repaired_gap(each, basis))}
    repaired, changes = [*gaps], [judged[index].changes[gap] for index, gap in gaps.items()]
    if basis.wanted is None or basis.actual is None:
        found = [undo(several, basis.catalog) for several in changes]
    else:
        found = undo_each(changes, basis.catalog, basis.wanted, basis.actual, basis.rows)
        found = _without_refused(found, basis.wanted, basis.actual, basis.prove)
    plans = [Plan() for _ in judged]
    for index, each in zip(repaired, found, strict=True):
        plans[index] = replace(each, findings=frozenset(repaired[n] for n in each.findings))
    return plans


def repaired_gap(judged: Judged, basis: RepairBasis) -> Gap | None:
    """Return the gap in which a finding is repaired; ``None`` for a note and for other findings."""
    if judged.finding.severity is Severity.NOTE or is_of_another_project(judged, basis.actual):
        return None
    return next((gap for gap in REPAIRED_GAPS if judged.changes.get(gap)), None)


def _without_refused(
    plans: list[Plan], wanted: Snapshot, actual: Snapshot, prove: Prove | None
) -> list[Plan]:
    if prove is None or not any(each.steps for each in plans):
        return plans
    refused = prove(plans, wanted, actual).refused
    return [
        each if number not in refused else _refused(each, refused[number])
        for number, each in enumerate(plans)
    ]


def _refused(refused: Plan, message: str) -> Plan:
    text = f"The server refuses this on a copy of the schema: {message}\n{refused.script}"
    first = refused.steps[0]
    manual_step = ManualStep(text, first.address, first.finding)
    return replace(refused, steps=(), by_hand=(*refused.by_hand, manual_step))


def repair_script(judged: Sequence[Judged], basis: RepairBasis) -> RepairScript | None:
    """Return the script that repairs all findings together; ``None`` if there is none to repair.

    An object that several findings require to be dropped and created again is dropped and created
    again once.
    """
    changes = [
        change
        for number, each in enumerate(judged)
        if (gap := repaired_gap(each, basis)) is not None
        for change in object_changes(each.changes[gap], undone=True, finding=number)
    ]
    if not changes or basis.wanted is None or basis.actual is None:
        return None
    whole = plan(changes, basis.catalog, basis.actual, basis.wanted, basis.rows)
    (whole,) = _without_refused([whole], basis.wanted, basis.actual, basis.prove)
    return RepairScript(tuple(_steps(whole, judged)), whole.manual_steps)


def _steps(whole: Plan, judged: Sequence[Judged]) -> Iterator[RepairStep]:
    for step in whole.steps:
        finding = None if step.finding is None else judged[step.finding].finding
        yield RepairStep(
            step.statement,
            step.address,
            finding.rule if finding else "",
            finding.address if finding else None,
            tuple(sorted(step.hazards)),
        )
