"""Makes what a report shows of the repair of one database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from driftcheck.actions.repair.hazards import StepFacts, hazards_of
from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.chain import Gap
from driftcheck.databases.plan import Hazard
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.repair_result import DatabaseRepair, ResultManualStep, ResultStep
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.pipeline.check import CheckedDatabase
from driftcheck.pipeline.faults.version_tables import is_of_another_project
from driftcheck.pipeline.repairs.repair_trial import Trial, table_of
from driftcheck.schema import Address, SchemaObject

_SHOWN = 5
"""How many addresses a sentence names."""


def database_repair(
    report: DatabaseReport,
    whole: Report,
    made: tuple[RepairPlan, Trial] | None,
    database: CheckedDatabase,
    selected: Collection[int] | None,
) -> DatabaseRepair:
    """Return what a report shows of the repair of a database.

    Args:
        report: The report of the check, without ignored findings.
        whole: The report of the project.
        made: The plan, and the result of trying it; ``None`` if there is nothing to repair.
        database: The checked database.
        selected: The identities of the findings that were asked for; ``None`` for all.
    """
    system = database_for(report.dialect)
    repair = DatabaseRepair(
        name=report.name,
        location=report.location,
        dialect=report.dialect,
        server_version=report.server_version,
        stamped=report.stamped,
        faults=tuple(f for f in report.findings if not f.gaps and whole.fails(f)),
        notes=(*_not_repaired(report, database),),
        is_atomic=system.has_transactional_ddl,
        client_settings=system.client_settings,
    )
    if made is None:
        return repair
    return _planned(repair, *made, database, selected)


def _planned(
    repair: DatabaseRepair,
    planned: RepairPlan,
    trial: Trial,
    database: CheckedDatabase,
    selected: Collection[int] | None,
) -> DatabaseRepair:
    """Complete the repair of a database by its plan."""
    findings, plan = planned.findings, planned.plan
    for_client = database_for(repair.dialect).for_client
    taken = _taken_along(planned, database, selected)
    steps = (
        ResultStep(
            step.statement,
            step.address,
            for_client(step.statement),
            None if step.finding is None else findings[step.finding],
            tuple(hazards_of(step, _facts(planned, trial, index), planned.estimates)),
            step.is_separate,
            Hazard.NOT_IN_TRANSACTION not in step.hazards,
        )
        for index, step in enumerate(plan.steps)
    )
    manual_steps = (
        ResultManualStep(
            step.text, step.address, None if step.finding is None else findings[step.finding]
        )
        for step in plan.by_hand
    )
    return replace(
        repair,
        findings=tuple(findings[number] for number in sorted(plan.findings)),
        steps=tuple(steps),
        manual_steps=tuple(manual_steps),
        not_restored=tuple(_not_restored(planned, database)),
        is_proved=planned.is_proved,
        proof=tuple(_proof(planned, trial)),
        notes=(*taken, *repair.notes),
    )


def _facts(planned: RepairPlan, trial: Trial, index: int) -> StepFacts:
    """What is known of a step of a plan besides its statement."""
    steps = planned.plan.steps
    address = steps[index].address
    return StepFacts(
        trial.effects.get(index),
        trial.depending.get(index, ""),
        _is_unique(planned.wanted.objects.get(address)),
        all(address != each.address for each in steps[:index]),
        table_of(address, planned.wanted, planned.actual),
    )


def _is_unique(obj: SchemaObject | None) -> bool:
    """Whether a key or an index allows no equal rows."""
    if obj is None:
        return False
    keys = ("primary key", "unique constraint", "exclusion constraint")
    return obj.address.kind in keys or bool(obj.attributes.get("unique"))


def _not_repaired(report: DatabaseReport, database: CheckedDatabase) -> Iterator[str]:
    """Yield what is found and not repaired."""
    ignored = [each for each in report.ignored if Gap.DRIFT in each.finding.gaps]
    if ignored:
        count = len(ignored)
        yield f"{count} ignored {'findings are' if count > 1 else 'finding is'} not repaired."
    for each in database.judged:
        if is_of_another_project(each, database.basis.actual):
            yield (
                f"{each.finding.address} is not dropped: it looks like Alembic's version table of "
                "another project."
            )
        elif each.finding.verdict is Verdict.HAND_APPLIED:
            yield (
                f"The models declare {each.finding.address} as it is in this database. To keep it, "
                "write the migration for it, and leave it out of the repair with --only."
            )


def _taken_along(
    planned: RepairPlan, database: CheckedDatabase, selected: Collection[int] | None
) -> Iterator[str]:
    """Yield the findings that were not asked for, and without which the others stay."""
    if selected is None:
        return
    asked = {
        (each.finding.rule, each.finding.address)
        for each in database.judged
        if id(each) in selected
    }
    for number in sorted(planned.plan.findings):
        finding = planned.findings[number]
        if (finding.rule, finding.address) not in asked:
            yield f"{finding.address} is repaired too: another repair needs it."


def _not_restored(planned: RepairPlan, database: CheckedDatabase) -> Iterator[str]:
    """Yield what does not come back with an object that is created again."""
    catalog = database.basis.catalog
    for number in sorted(planned.plan.findings):
        finding = planned.findings[number]
        for each in database.judged:
            if (each.finding.rule, each.finding.address) != (finding.rule, finding.address):
                continue
            for change in each.changes[Gap.DRIFT]:
                if change.actual is None and catalog.kind(change.address.kind).holds_data:
                    yield from _lost_with(change.wanted, finding, planned)


def _lost_with(
    missing: SchemaObject | None, finding: Finding, planned: RepairPlan
) -> Iterator[str]:
    """Yield what the database has lost with a missing table or column, and what rows get."""
    if missing is None:
        return
    address, facts = missing.address, missing.attributes
    if address.kind == "table":
        yield f"The rows of {address} do not come back."
    elif address.kind == "sequence":
        yield f"{address} starts again: its last value is not known."
    elif address.kind == "column" and not facts.get("generated"):
        if finding.evidence is None or not finding.evidence.never_existed:
            yield f"The values of {address} do not come back. {_filled_with(missing, planned)}"
        elif planned.estimates.get(missing.part_of or address) != 0:
            yield _filled_with(missing, planned)


def _filled_with(column: SchemaObject, planned: RepairPlan) -> str:
    """What the existing rows have in a new column."""
    facts = column.attributes
    table = column.part_of or column.address
    if planned.estimates.get(table) == 0:
        return f"{table} has no rows."
    if facts.get("identity"):
        return "Every row gets a number."
    if facts.get("default") is not None:
        return f"Every row gets the default {facts['default']}."
    if facts.get("nullable"):
        return "Every row gets NULL."
    return "The column must have values, so somebody has to decide them: see the manual step."


def _proof(planned: RepairPlan, trial: Trial) -> Iterator[str]:
    """Yield how the plan was tried, or why it is not proved."""
    proof = planned.proof
    if proof.not_tried:
        yield f"Not proved: {proof.not_tried.rstrip('.')}."
        return
    if proof.refused:
        step = trial.refused_step
        number = "A step" if step is None else f"Step {step + 1}"
        yield f"Not proved: {number} fails on a copy of the schema: {proof.refused[0]}."
        return
    unexpected = [address for address in proof.left if address not in planned.remaining]
    if unexpected:
        yield f"Not proved: after the plan, these still differ: {_listed(unexpected)}."
    if proof.lost:
        yield f"Not proved: rows or values are lost in {_listed(proof.lost)}."
    if unexpected or proof.lost:
        return
    rows = ", with generated rows," if trial.has_rows else ""
    if trial.effects:
        yield f"Proved: the plan was run on a copy of the schema{rows} and the result was compared."
    if planned.remaining:
        yield f"Only the manual steps are left: {_listed(sorted(planned.remaining))}."
    if trial.depending:
        numbers = ", ".join(str(index + 1) for index in sorted(trial.depending))
        steps = "Steps" if len(trial.depending) > 1 else "Step"
        yield f"{steps} {numbers} ran on an empty table, because the generated rows do not fit."
    skipped = [index + 1 for index in range(len(planned.plan.steps)) if index not in trial.effects]
    if skipped:
        numbers = ", ".join(map(str, skipped))
        why = catalog_for(planned.actual.dialect).why_not_on_copies
        yield f"Not run on the copy, {why}: step {numbers}."


def _listed(addresses: Collection[Address]) -> str:
    shown = [str(address) for address in addresses][:_SHOWN]
    more = len(addresses) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
