"""Chooses between the plans that repair a database, by trying them.

The first plan that leads to the wanted schema is taken: one that blocks other sessions for a short
time, the same plan in one transaction, and one that also changes what the others have left. The
server can leave something that no comparison shows beforehand: a view follows a table that is
renamed back, although it named another table before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from driftcheck.chain import Gap
from driftcheck.databases.plan import Plan
from driftcheck.databases.plan import plan as make_plan
from driftcheck.databases.plan_selection import with_privileges
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.judging.comparison import compare
from driftcheck.judging.judge import Judged, addresses_of, objects_of
from driftcheck.judging.printed_expressions import reworded
from driftcheck.pipeline.repairs.change_plan import object_changes
from driftcheck.pipeline.repairs.plan_proof import Proof
from driftcheck.pipeline.repairs.repair_trial import Trial, TrialInput
from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class Variants:
    """The plans for one database.

    Attributes:
        found: The drift; the steps of plans refer to it by number.
        estimates: The number of rows of each table.
        attempt: Tries a plan.
    """

    found: Sequence[Judged]
    estimates: Mapping[Address, int | None]
    attempt: Callable[[TrialInput], Trial]

    def choose(self, tried: TrialInput) -> tuple[Plan, Trial]:
        """Return the best plan and its trial.

        Args:
            tried: The plan as it was made, and what it is tried with.
        """
        plan, trial = self._gentle_or_plain(tried)
        if self._is_proved(plan, trial) or trial.after is None or not trial.proof.left:
            return plan, trial
        extended = _extended(tried, trial, trial.after)
        if extended == tried.plan:
            return plan, trial
        second = self._gentle_or_plain(replace(tried, plan=extended))
        return second if self._is_proved(*second) else (plan, trial)

    def _gentle_or_plain(self, tried: TrialInput) -> tuple[Plan, Trial]:
        system = database_for(tried.actual.dialect)
        gentle = system.gentle(tried.plan, tried.actual, tried.wanted, self.estimates)
        trial = self.attempt(replace(tried, plan=gentle))
        if gentle == tried.plan or trial.proof.not_tried or self._is_proved(gentle, trial):
            return gentle, trial
        plain = self.attempt(tried)
        return (tried.plan, plain) if self._is_proved(tried.plan, plain) else (gentle, trial)

    def _is_proved(self, plan: Plan, trial: Trial) -> bool:
        """Whether a plan leads to the wanted schema, except for its manual steps."""
        left = {*trial.proof.left} - remaining(plan, self.found, trial.proof)
        return replace(trial.proof, left=tuple(left)).holds


def _extended(tried: TrialInput, trial: Trial, after: Snapshot) -> Plan:
    """Return a plan with further steps, which change what the plan has left in the copy."""
    wanted = reworded(tried.wanted, trial.replacements)
    left = {*trial.proof.left}
    objects = {
        address: with_privileges(obj, tried.actual.objects.get(address, obj))
        for address, obj in after.objects.items()
    }
    changes = (
        change
        for change in compare(wanted, after, same_lineage=True)
        if not left.isdisjoint(addresses_of(change))
    )
    again = make_plan(
        object_changes(changes, undone=True),
        catalog_for(wanted.dialect),
        replace(after, objects=objects),
        wanted,
    )
    return replace(
        tried.plan,
        steps=(*tried.plan.steps, *again.steps),
        by_hand=(*tried.plan.by_hand, *again.by_hand),
    )


def remaining(plan: Plan, found: Sequence[Judged], proof: Proof) -> frozenset[Address]:
    """Return the objects that a proof has left, and that manual steps are about.

    Args:
        plan: The plan.
        found: The drift; the steps refer to it by number.
        proof: The proof of the plan.
    """
    numbers = {step.finding for step in plan.by_hand if step.finding is not None}
    changes = [change for number in numbers for change in found[number].changes[Gap.DRIFT]]
    manual = {obj.address for obj in objects_of(changes)}
    manual |= {step.address for step in plan.by_hand}
    return frozenset(manual & {*proof.left})
