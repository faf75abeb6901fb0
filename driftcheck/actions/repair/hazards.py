"""Says in words what the steps of a plan do to a database in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from driftcheck.databases.plan import Hazard, Plan, PlanStep
from driftcheck.judging.repair_result import StepHazard
from driftcheck.pipeline.repairs.repair_trial import Trial, TrialInput, table_of
from driftcheck.pipeline.repairs.table_effects import BLOCKING_LOCKS, Effect, HazardKind
from driftcheck.pipeline.repairs.table_watch import StepEffects
from driftcheck.schema import Address

Estimates = Mapping[Address, int | None]

_LOSSES = frozenset(
    (
        HazardKind.COLUMN_DROPPED,
        HazardKind.TABLE_DROPPED,
        HazardKind.ROWS_REMOVED,
        HazardKind.NARROWER_TYPE,
    )
)


def with_measured_losses(plan: Plan, trial: Trial, tried: TrialInput) -> Plan:
    """Return a plan whose steps have the hazards that were seen when the plan was tried.

    Args:
        plan: The plan.
        trial: The result of trying it.
        tried: The schemas before and after the plan.
    """
    steps = (
        _with_measured(step, trial.effects.get(index), tried)
        for index, step in enumerate(plan.steps)
    )
    return replace(plan, steps=tuple(steps))


def _with_measured(step: PlanStep, effects: StepEffects | None, tried: TrialInput) -> PlanStep:
    if effects is None:
        return step
    hazards = {*step.hazards} - {Hazard.LOCK, Hazard.REWRITE}
    hazards |= {Hazard.LOCK} if effects.locks else set()
    for _, (kind, address, _) in effects.effects:
        if kind is HazardKind.REWRITE:
            hazards.add(Hazard.REWRITE)
        elif kind is HazardKind.NARROWER_TYPE and _is_kept_or_refused(step, address, tried):
            continue
        elif kind in _LOSSES and address in tried.actual.objects:  # else a materialized view
            hazards.add(Hazard.DATA_LOSS)
    return replace(step, hazards=frozenset(hazards))


def _is_kept_or_refused(step: PlanStep, address: Address, tried: TrialInput) -> bool:
    """Whether a new type takes the text of each value or refuses it, as an enum does.

    Built-in types can cut a text: a date takes the text of a timestamp.
    """
    column = tried.wanted.objects.get(address)
    is_own = column is not None and "." in str(column.attributes.get("type"))
    return is_own and "::text::" in step.statement


@dataclass(frozen=True)
class StepFacts:
    """What is known of a step besides its statement.

    Attributes:
        effects: What the step did when it was tried; ``None`` if it was not tried.
        depends: The message of the server if it refused the step because of generated rows.
        is_unique: Whether the object of the step allows no equal rows.
        is_first: Whether no earlier step is about the same object.
        table: The table of the object.
    """

    effects: StepEffects | None
    depends: str
    is_unique: bool
    is_first: bool
    table: Address


def hazards_of(step: PlanStep, facts: StepFacts, estimates: Estimates) -> Iterator[StepHazard]:
    """Yield the hazards of a step, the worst first.

    Args:
        step: The step.
        facts: What else is known of it.
        estimates: The number of rows of each table.
    """
    effects = facts.effects
    if Hazard.DATA_LOSS in step.hazards:
        yield _loss(step, effects, estimates)
    if facts.depends:
        text = f"depends on the rows: with generated rows, the server says: {facts.depends}"
        yield StepHazard("rows", text)
    elif effects is not None and Hazard.DATA_LOSS not in step.hazards:
        yield from _refusals(effects)
    if effects is None:
        yield from _assumed(step) if facts.is_first else ()
    else:
        if Hazard.SCAN in step.hazards:
            yield _scan(step, facts, estimates)
        for table, effect in effects.effects:
            yield from _work(table, effect, estimates, is_unique=facts.is_unique)
        for table, lock in effects.locks.items():
            yield _lock(step, table, lock, estimates)
    if Hazard.NOT_IN_TRANSACTION in step.hazards:
        yield StepHazard("not in a transaction", "cannot run in a transaction")


def _scan(step: PlanStep, facts: StepFacts, estimates: Estimates) -> StepHazard:
    """The hazard of a step that reads every row and blocks nobody."""
    fails = ""
    if facts.is_unique:
        fails = ", and fails if two rows are equal"
    elif step.address.kind != "index":
        fails = f", and fails if one violates {step.address.name}"
    size = _in_rows(facts.table, estimates)
    text = f"reads every row of {facts.table}{size} while other sessions read and write{fails}"
    return StepHazard("scan", text, facts.table, estimates.get(facts.table))


def _refusals(effects: StepEffects) -> Iterator[StepHazard]:
    """Yield the new types that refuse values instead of cutting them, such as enums."""
    for _, (kind, address, _) in effects.effects:
        if kind is HazardKind.NARROWER_TYPE:
            text = f"fails if a row has a value in {address} that the new type does not have"
            yield StepHazard("rows", text, table_of(address))


def _loss(step: PlanStep, effects: StepEffects | None, estimates: Estimates) -> StepHazard:
    for _, (kind, address, change) in effects.effects if effects is not None else ():
        if kind is HazardKind.NARROWER_TYPE:
            text = f"may lose data: {address} changes from {change}, and some values may not fit"
            return StepHazard("data loss", text, table_of(address))
    table = table_of(step.address)
    rows = estimates.get(table) if table in estimates else None
    what = "the values of" if step.address.kind == "column" else "what is in"
    text = f"loses data: {what} {step.address}"
    if step.address.kind == "table":
        text = f"loses data: the rows of {step.address}"
    return StepHazard("data loss", f"{text}{_in_rows(table, estimates)}", table, rows)


def _work(
    table: Address, effect: Effect, estimates: Estimates, *, is_unique: bool
) -> Iterator[StepHazard]:
    """Yield what takes long on a table with many rows."""
    kind, address, _ = effect
    rows = estimates.get(table)
    if kind is HazardKind.REWRITE:
        text = f"rewrites {table}{_in_rows(table, estimates)}"
        yield StepHazard("rewrite", text, table, rows)
        return
    fails = {
        HazardKind.INDEX_BUILD: ", and fails if two rows are equal" if is_unique else "",
        HazardKind.NOT_NULL: f", and fails if {address.name} has a NULL",
        HazardKind.CONSTRAINT: f", and fails if one violates {address.name}",
    }
    if kind in fails:
        text = f"reads every row of {table}{_in_rows(table, estimates)}{fails[kind]}"
        yield StepHazard("scan", text, table, rows)


def _lock(step: PlanStep, table: Address, lock: str, estimates: Estimates) -> StepHazard:
    mode, blocked = BLOCKING_LOCKS[lock]
    end = "until the step ends" if step.is_separate else "until COMMIT"
    text = f"blocks {blocked} of {table}{_in_rows(table, estimates)} {end} ({mode})"
    return StepHazard("lock", text, table, estimates.get(table), mode)


def _assumed(step: PlanStep) -> Iterator[StepHazard]:
    """Yield the hazards of a step that was not tried, from its text."""
    if Hazard.REWRITE in step.hazards:
        yield StepHazard("rewrite", "may rewrite the table")
    if Hazard.LOCK in step.hazards:
        yield StepHazard("lock", "takes a lock that blocks other sessions")


def _in_rows(table: Address, estimates: Estimates) -> str:
    """The size of a table, to be put after its name."""
    if table not in estimates:
        return ""
    rows = estimates[table]
    if rows is None:
        return " (number of rows unknown)"
    if not rows:
        return " (no rows)"
    return f" (about {rows:,} {'row' if rows == 1 else 'rows'})"
