"""What --apply refuses before it asks, and the hazards that a user can allow."""

from dataclasses import replace

import pytest
from sqlalchemy.engine import make_url

from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.actions.repair.refusals import ALLOWABLE, option_name, require_applicable
from driftcheck.cli import applying
from driftcheck.databases.plan import ManualStep, Plan, PlanStep
from driftcheck.errors import UsageError
from driftcheck.pipeline.repairs.plan_proof import Proof
from driftcheck.schema import Address, Snapshot

TABLE = Address("table", "public", ("students",))
SCHEMA = Snapshot({}, "postgresql", "18", "public")


def plan(*steps):
    by_hand = (ManualStep("Decide the values.", TABLE),)
    return RepairPlan(
        name="school",
        location="postgresql:///school",
        url=make_url("postgresql:///school"),
        findings=(),
        plan=Plan(steps, by_hand),
        wanted=SCHEMA,
        live=SCHEMA,
        actual=SCHEMA,
        reader=None,
        stamped={},
        proof=Proof(),
    )


def test_hazards_that_can_be_allowed():
    assert tuple(map(option_name, ALLOWABLE)) == applying._HAZARDS


def test_a_plan_without_statements_is_refused():
    require_applicable([plan(PlanStep("SELECT 1", TABLE))], ())
    with pytest.raises(UsageError, match="has to be done by hand") as error:
        require_applicable([plan()], ())
    assert "Decide the values." in error.value.details
    untried = replace(plan(), proof=Proof(not_tried="there is no statement to try"))
    with pytest.raises(UsageError, match="has to be done by hand"):
        require_applicable([untried], ())
