"""Makes sure that objects which a plan creates again have their owners and privileges again.

The proof of a plan cannot show it, because the role of the copy has no right to change them.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.plan import PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import RepairError
from driftcheck.schema import Address, SchemaObject, Value

_NAMED = 10


def require_privileges(plan: RepairPlan, connection: Any) -> None:
    """Require the owners and privileges that objects had before the plan.

    Args:
        plan: The plan, whose statements have run.
        connection: The DB-API connection on which they have run.

    Raises:
        RepairError: An object has another owner or other privileges.
    """
    kept = {step.address for step in plan.plan.steps if _exists_before_and_after(plan, step)}
    if not kept:
        return
    catalog = catalog_for(plan.url.get_backend_name())
    changed = [
        str(obj.address)
        for obj in catalog.objects(connection, Scope(grants=True, owners=True))
        if obj.address in kept and not _expected(plan, obj.address) <= _privileges(obj)
    ]
    if changed:
        raise RepairError(
            "objects that are created again would have another owner or other privileges: "
            + ", ".join(changed[:_NAMED]),
            hint="Run the plan as the owner of these objects, or as a superuser.",
        )


def _exists_before_and_after(plan: RepairPlan, step: PlanStep) -> bool:
    return step.address in plan.actual.objects and step.address in plan.wanted.objects


def _expected(plan: RepairPlan, address: Address) -> AbstractSet[tuple[str, Value]]:
    """The privileges that the migrations give if they are compared; else those before the plan."""
    before, after = plan.actual.objects[address], plan.wanted.objects[address]
    return {**dict(_privileges(before)), **dict(_privileges(after))}.items()


def _privileges(obj: SchemaObject) -> AbstractSet[tuple[str, Value]]:
    return {(name, obj.attributes[name]) for name in PRIVILEGES if name in obj.attributes}
