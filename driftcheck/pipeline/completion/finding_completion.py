"""Completes findings with phantom operations, remedies, origins and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from driftcheck.chain import Gap
from driftcheck.databases.plan import Plan
from driftcheck.judging.findings import (
    Evidence,
    Finding,
    Origin,
    PhantomOperation,
    Severity,
    Verdict,
)
from driftcheck.judging.judge import Judged
from driftcheck.judging.rules import DRIFT_NEVER_CREATED, DROPPED_BY_REVISION
from driftcheck.judging.templates import fill
from driftcheck.pipeline.completion.finding_context import FindingContext, Operations
from driftcheck.pipeline.completion.operation_matching import is_for, tables_in
from driftcheck.pipeline.completion.remedies import code_of, remedies_of
from driftcheck.pipeline.faults.faults import origin_of
from driftcheck.pipeline.repairs.repair import RepairBasis, plan_each
from driftcheck.schema import Address
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.operation import Operation


def complete(judged: Sequence[Judged], context: FindingContext) -> list[Finding]:
    """Complete every finding with its phantom operation, remedies, origin and evidence."""
    phantoms = _assigned(context.operations.phantoms, judged)
    repairs = plan_each(judged, context.basis or RepairBasis(context.catalog))
    drift = [change for each in judged for change in each.changes.get(Gap.DRIFT, ())]
    context = replace(context, drift=drift)
    return [
        _completed(each, phantoms[index], repairs[index], context)
        for index, each in enumerate(judged)
    ]


def _completed(
    judged: Judged, operations: Sequence[Operation], repair: Plan, context: FindingContext
) -> Finding:
    evidence = _evidence(judged, context.evidence)
    finding = _dropped_by_revision(judged.finding, context.dropped)
    if evidence is not None and evidence.never_existed:
        finding = _never_created(finding, context.made)
    phantom, not_tried = _phantom(judged, operations, context)
    return replace(
        finding,
        impact=" ".join(filter(None, (finding.impact, not_tried))),
        phantom=phantom,
        remedies=tuple(remedies_of(judged, operations, repair, context)),
        origin=_origin(finding.address, context.made),
        parent_origin=_origin(finding.part_of, context.made),
        declared=finding.address and context.declared.get(finding.address),
        blind_spot=_is_blind_spot(judged, context.operations),
        evidence=evidence,
    )


def _never_created(finding: Finding, made: Mapping[Address, MigrationSource]) -> Finding:
    """Reword the finding of a column that nobody dropped: its table was created without it."""
    if finding.address is None or finding.verdict is not Verdict.DRIFT:
        return finding
    source = made.get(finding.address)
    revision = f"revision {source.revision}" if source else "the revision"
    why = (
        f"Either {revision} was changed after it had run on this database, or the table was "
        "created in another way."
    )
    message = fill(DRIFT_NEVER_CREATED.message, kind=finding.address.kind, name=finding.address.sql)
    return replace(finding, message=message, why=why)


def _dropped_by_revision(finding: Finding, dropped: Mapping[Address, MigrationSource]) -> Finding:
    """Reword the finding of an object that the migrations create and do not have any more.

    Nobody may have meant to drop it: in batch mode, Alembic creates a table again without what it
    does not read, such as an index on an expression.
    """
    address, verdict, change = finding.address, finding.verdict, finding.change
    if address is None or verdict is None or change is None or address not in dropped:
        return finding
    rule = DROPPED_BY_REVISION.get((verdict, change))
    if rule is None:
        return finding
    source = dropped[address]
    values = {"kind": address.kind, "name": address.sql, "revision": source.revision}
    why = f"The migrations have it until {source.file}, and not afterwards."
    return replace(finding, message=fill(rule.message, **values), why=finding.why or why)


def _assigned(phantoms: Iterable[Operation], judged: Sequence[Judged]) -> list[list[Operation]]:
    """Assign each phantom operation to the drift finding that it is written for.

    That is the finding about the operation's object; else one about the same table; else the
    first.
    """
    assigned: list[list[Operation]] = [[] for _ in judged]
    drifts = [i for i, each in enumerate(judged) if Gap.DRIFT in each.finding.gaps]
    for operation in phantoms:
        exact = [i for i in drifts if is_for(operation, judged[i])]
        near = [i for i in drifts if operation.table in tables_in(judged[i])]
        for index in (exact or near or drifts)[:1]:
            assigned[index].append(operation)
    return assigned


def _phantom(
    judged: Judged, operations: Sequence[Operation], context: FindingContext
) -> tuple[PhantomOperation | None, str]:
    """The phantom operation of a finding, and a sentence on what was not tried."""
    address, reason = judged.finding.address, context.operations.not_tried
    if reason and Gap.DRIFT in judged.finding.gaps:
        return None, f"Phantom operations were not tried: {reason}."
    if not operations or address is None:
        return None, ""
    text = code_of((operation.text for operation in operations), operations)
    not_tried = ""
    for operation in operations:
        answer = context.colleague_error(operation)
        if answer.error is not None:
            return PhantomOperation(text, address, answer.error), ""
        not_tried = not_tried or answer.not_tried
    phantom = PhantomOperation(text, address, answer_known=not not_tried)
    if not not_tried:
        return phantom, ""
    return phantom, f"The operation was not tried on a database without the drift: {not_tried}."


def _origin(address: Address | None, made: Mapping[Address, MigrationSource]) -> Origin | None:
    return None if address is None else origin_of(made.get(address))


def _evidence(judged: Judged, evidence: Mapping[Address, Evidence]) -> Evidence | None:
    """Return the evidence for a change that was made in the live database itself."""
    if judged.finding.address is None or {Gap.DRIFT, Gap.DIFFERENCE}.isdisjoint(judged.changes):
        return None
    return evidence.get(judged.finding.address)


def _is_blind_spot(judged: Judged, operations: Operations) -> bool:
    """Whether the models changed and autogenerate does not detect the change, or not all of it.

    The change is detected if nothing of it remains after the operations have run. If one of them
    fails, this is not known.
    """
    if not operations.ran or Gap.PENDING not in judged.finding.gaps:
        return False
    if judged.finding.severity is Severity.NOTE:  # no operation is needed
        return False
    own = [operation for operation in operations.on_head if is_for(operation, judged)]
    fails = any(operation.text in operations.errors for operation in own)
    return bool(operations.left_of(judged)) and not fails
