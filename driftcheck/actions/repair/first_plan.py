"""Plans the repair of the drift between two schemas, before anything is tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from driftcheck.actions.repair.target import target_of
from driftcheck.chain import Gap
from driftcheck.databases.database import Database
from driftcheck.databases.plan import plan_in
from driftcheck.databases.plan_scope import PlanScope
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.registry import database_for
from driftcheck.databases.row_facts import RowFacts
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.repairs.change_plan import object_changes
from driftcheck.pipeline.repairs.repair import RepairBasis
from driftcheck.pipeline.repairs.repair_trial import TrialInput
from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class Drift:
    """The drift of a database.

    Attributes:
        basis: The wanted and the actual schema, and what is known of the rows.
        live: The actual schema as it was compared, without owners and privileges.
        judged: All findings about changes.
        found: Those that can be repaired.
    """

    basis: RepairBasis
    live: Snapshot
    judged: Sequence[Judged]
    found: Sequence[Judged]


def first_plan(
    drift: Drift, selected: Collection[int] | None = None, empty: Collection[Address] = ()
) -> TrialInput | None:
    """Plan the repair, with what the plan is tried with.

    Args:
        drift: The drift.
        selected: The identities of the findings that were asked for; ``None`` for all.
        empty: The tables that are empty in the live database.

    Returns:
        ``None`` if there is nothing to repair.
    """
    basis, found = drift.basis, drift.found
    wanted, actual = basis.wanted, basis.actual
    if wanted is None or actual is None:
        return None
    groups = [
        [*object_changes(each.changes[Gap.DRIFT], undone=True, finding=number)]
        for number, each in enumerate(found)
    ]
    asked = [
        change
        for each, group in zip(found, groups, strict=True)
        if selected is None or id(each) in selected
        for change in group
    ]
    if not asked:
        return None
    every = [change for group in groups for change in group]
    rows = _row_facts(basis.rows, wanted, database_for(actual.dialect))
    plan = plan_in(PlanScope(every, SchemaState(actual), basis.catalog, wanted, rows), asked)
    repaired = [each for number, each in enumerate(found) if number in plan.findings]
    others = [each for each in drift.judged if each not in repaired]
    target = target_of(wanted, drift.live, repaired, others)
    changes = (change for each in repaired for change in each.changes[Gap.DRIFT])
    return TrialInput(plan, target, actual, empty, dict(_renames(changes)))


def _row_facts(rows: RowFacts, wanted: Snapshot, system: Database) -> RowFacts:
    """Return the facts about rows with which a repair is planned.

    Whether a nullable column has a NULL is not known. If the steps have no effect when one of them
    fails, the plan may find that out: SET NOT NULL is refused then. A default fills the rows first.
    """
    if not system.has_transactional_ddl:
        return rows
    filled = (
        column
        for column in rows.columns
        if column in wanted.objects and wanted.objects[column].attributes.get("default") is not None
    )
    return replace(rows, columns=frozenset(filled))


def _renames(changes: Iterable[Change]) -> Iterator[tuple[Address, Address]]:
    for change in changes:
        if change.wanted is not None and change.actual is not None:
            yield change.actual.address, change.wanted.address
        yield from _renames(change.parts)
