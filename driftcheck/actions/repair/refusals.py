"""Decides whether ``--apply`` may run a plan, before the user is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.databases.plan import Hazard
from driftcheck.errors import RepairError, UsageError

ALLOWABLE = (Hazard.DATA_LOSS,)
"""The hazards of which a step runs only if the user allows them by name."""
_SHOWN = 10
"""How many statements a message shows."""


def option_name(hazard: Hazard) -> str:
    """Return the name of a hazard as the option ``--allow`` takes it."""
    return hazard.value.replace(" ", "-")


def require_applicable(plans: Sequence[RepairPlan], allowed: Collection[str]) -> None:
    """Require that every plan may be run.

    Args:
        plans: The plans of all databases.
        allowed: The hazards that the user allows, as ``option_name`` names them.

    Raises:
        RepairError: A plan is not proved.
        UsageError: A step has a hazard that is not allowed, or all has to be done by hand.
    """
    for plan in plans:
        _require_statements(plan)
        _require_proof(plan)
    for plan in plans:
        _require_allowed(plan, allowed)


def _require_proof(plan: RepairPlan) -> None:
    if plan.is_proved:
        return
    proof = plan.proof
    left = (str(address) for address in proof.left if address not in plan.remaining)
    raise RepairError(
        f"the plan for {plan.location} is not proved, so it is not run",
        details=_listed([*filter(None, (proof.not_tried,)), *proof.refused.values(), *left]),
        hint="Nothing was changed. Choose the findings of a plan that can be proved with --only "
        "ADDRESS, or run the statements yourself after you have tried them on a copy.",
    )


def _require_allowed(plan: RepairPlan, allowed: Collection[str]) -> None:
    for hazard in ALLOWABLE:
        name = option_name(hazard)
        steps = [step.statement for step in plan.plan.steps if hazard in step.hazards]
        if steps and name not in allowed:
            raise UsageError(
                f"the plan for {plan.location} has statements with the hazard {hazard}",
                details=_listed(f"{statement};" for statement in steps),
                hint=f"Nothing was changed. Allow them with --allow {name}, or choose other "
                "findings with --only ADDRESS.",
            )


def _require_statements(plan: RepairPlan) -> None:
    if not plan.plan.steps:
        raise UsageError(
            f"the repair of {plan.location} has to be done by hand",
            details=_listed(f"{step.address}: {step.text}" for step in plan.plan.by_hand),
            hint="Nothing was changed. Do this, then run driftcheck repair again.",
        )


def _listed(texts: Iterable[str]) -> str:
    several = list(texts)
    more = len(several) - _SHOWN
    return "\n".join([*several[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
