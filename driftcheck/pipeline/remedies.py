"""Completes findings with phantom operations, remedies, origins and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import Plan
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import (
    Evidence,
    Finding,
    Origin,
    PhantomOperation,
    Remedy,
    Severity,
    SourceLine,
    Verdict,
)
from driftcheck.judging.judge import Judged, is_left_to_migrations, objects_of
from driftcheck.judging.rules import DRIFT_NEVER_CREATED
from driftcheck.judging.templates import fill
from driftcheck.pipeline.change_plan import redo, undo
from driftcheck.pipeline.faults import origin_of
from driftcheck.pipeline.operation_matching import is_for, objects_in, tables_in
from driftcheck.pipeline.repair import RepairBasis, plan_each
from driftcheck.pipeline.version_tables import (
    exclude_table_of_another_project,
    is_of_another_project,
)
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.operation import Operation, joined
from driftcheck.sources.operation_imports import with_imports
from driftcheck.sources.replay import MigrationSource


@dataclass(frozen=True)
class Operations:
    """The operations that autogenerate writes.

    Attributes:
        on_head: The operations against a database at head: those that the models need.
        on_live: The operations against head with the drift, for the tables of the findings: those
            that ``migrate`` would write.
        errors: The errors of the operations of ``on_head`` that fail on a database at head, by
            the operation's text.
        left: The changes between the models and head that remain after ``on_head`` has run.
        ran: Whether autogenerate ran. If not, no change is a blind spot.
        not_tried: Why autogenerate did not run with the drift; empty if it did.
        not_run: Why autogenerate did not run; empty if it did.
    """

    on_head: Sequence[Operation] = ()
    on_live: Sequence[Operation] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[Change] = ()
    ran: bool = False
    not_tried: str = ""
    not_run: str = ""

    @property
    def phantoms(self) -> list[Operation]:
        """The operations that are written because of drift only: on live, but not on head."""
        needed = Counter(operation.text for operation in self.on_head)
        phantoms = []
        for operation in self.on_live:
            if needed[operation.text]:
                needed[operation.text] -= 1
            else:
                phantoms.append(operation)
        return phantoms


@dataclass(frozen=True)
class ColleagueError:
    """The result of an operation on a database without the drift.

    Attributes:
        error: The error of the database; ``None`` if the operation runs.
        not_tried: Why the operation could not be tried; empty if it was tried.
    """

    error: str | None = None
    not_tried: str = ""


@dataclass(frozen=True)
class FindingContext:
    """The facts, besides the changes themselves, that findings are completed with.

    Attributes:
        catalog: Writes changes as DDL.
        operations: The operations that autogenerate writes.
        colleague_error: Returns the error of an operation on a database without drift.
        made: The revision that created each object.
        declared: The line of the models that declares the object of a finding, by its address.
        upgrade: The project's upgrade command.
        migrate: The project's command that writes a migration with autogenerate.
        evidence: The live database's records of the changes, by address.
        snapshots: The schemas that were compared.
        basis: What the repair of the live database is planned with.
    """

    catalog: Catalog
    operations: Operations = field(default_factory=Operations)
    colleague_error: Callable[[Operation], ColleagueError] = lambda _: ColleagueError()
    made: Mapping[Address, MigrationSource] = field(default_factory=dict)
    declared: Mapping[Address, SourceLine] = field(default_factory=dict)
    upgrade: str = "alembic upgrade head"
    migrate: str = "alembic revision --autogenerate"
    evidence: Mapping[Address, Evidence] = field(default_factory=dict)
    snapshots: Mapping[Side, Snapshot] = field(default_factory=dict)
    basis: RepairBasis | None = None

    def between(self, gap: Gap) -> tuple[Snapshot | None, Snapshot | None]:
        """The wanted and the actual schema of a gap, if they are known."""
        wanted, actual = gap.between
        return self.snapshots.get(wanted), self.snapshots.get(actual)


def complete(judged: Sequence[Judged], context: FindingContext) -> list[Finding]:
    """Complete every finding with its phantom operation, remedies, origin and evidence."""
    phantoms = _assigned(context.operations.phantoms, judged)
    repairs = plan_each(judged, context.basis or RepairBasis(context.catalog))
    return [
        _completed(each, phantoms[index], repairs[index], context)
        for index, each in enumerate(judged)
    ]


def _completed(
    judged: Judged, operations: Sequence[Operation], repair: Plan, context: FindingContext
) -> Finding:
    evidence = _evidence(judged, context.evidence)
    finding = judged.finding
    if evidence is not None and evidence.never_existed:
        finding = _never_created(finding, context.made)
    phantom, not_tried = _phantom(judged, operations, context)
    return replace(
        finding,
        impact=" ".join(filter(None, (finding.impact, not_tried))),
        phantom=phantom,
        remedies=tuple(_remedies(judged, operations, repair, context)),
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
    text = _code((operation.text for operation in operations), operations)
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
    return bool(_remaining(judged, operations)) and not fails


def _remaining(judged: Judged, operations: Operations) -> list[Change]:
    """Return the changes of a finding that remain after all operations have run."""
    own = {schema_object.address for schema_object in objects_in(judged)}
    left = (change for change in operations.left if not is_left_to_migrations(change))
    return [change for change in left if any(o.address in own for o in objects_of([change]))]


def _remedies(
    judged: Judged, phantoms: Sequence[Operation], repair: Plan, context: FindingContext
) -> Iterator[Remedy]:
    verdict = judged.finding.verdict
    if judged.finding.severity is Severity.NOTE and verdict is not Verdict.UNAPPLIED:
        return
    match verdict:
        case Verdict.DRIFT if is_of_another_project(judged, context.snapshots.get(Side.LIVE)):
            yield exclude_table_of_another_project(judged.changes[Gap.DRIFT][0].address.name)
        case Verdict.DRIFT:
            yield from _repair(judged.changes[Gap.DRIFT], repair, context.catalog)
            yield _adopt(judged.changes[Gap.DRIFT], phantoms, context)
        case Verdict.PENDING:
            yield _write(judged, context)
        case Verdict.HAND_APPLIED:
            yield _write(judged, context, _STAMP)
            yield from _repair(judged.changes[Gap.DRIFT], repair, context.catalog)
        case Verdict.CONFLICT:
            yield from _repair(judged.changes[Gap.DRIFT], repair, context.catalog)
            yield _DECIDE
        case Verdict.DIFFERENCE:
            yield from _align(repair)
        case Verdict.UNAPPLIED:
            summary = "Run the migrations on this database."
            yield Remedy("upgrade", summary, "shell", context.upgrade)


_YOURSELF = "Write these operations into a migration"
_SEES_NOTHING = "autogenerate sees no difference on this database"
_CREATED_WITH_IT = "The operation for the object that uses it creates it too"
_TRANSACTION = "the database refuses them in the transaction of a migration"
_STAMP = "Then stamp this database with it, because this database already has the change."
_DECIDE = Remedy(
    "decide",
    "Or keep the change that was made outside the migrations: change the models to match the "
    "database, then adopt the change.",
)


def _repair(changes: Sequence[Change], plan: Plan, catalog: Catalog) -> Iterator[Remedy]:
    summary = "Change the live database back to the schema that the migrations build."
    if plan.loses_data:
        summary += " This deletes the data in the object."
    if any(catalog.kind(c.address.kind).holds_data for c in changes if c.actual is None):
        summary += " The data that was dropped with the object is not restored."
    yield from _planned("repair", summary, plan)


def _align(plan: Plan) -> Iterator[Remedy]:
    yield from _planned("align", "Change the second database to match the first.", plan)


_ALREADY = "The SQL of another finding repairs this as well."


def _planned(name: str, summary: str, plan: Plan) -> Iterator[Remedy]:
    """Yield the remedies of a plan: its SQL, and what a person has to do."""
    if plan.steps:
        yield Remedy(name, summary, "sql", plan.script, plan.loses_data)
    for step in plan.manual_steps:
        yield Remedy("manual step", "This step needs a decision.", "text", step)
    if not plan.steps and not plan.manual_steps:
        yield Remedy(name, _ALREADY)


def _adopt(
    changes: Sequence[Change], phantoms: Sequence[Operation], context: FindingContext
) -> Remedy:
    """Return the remedy that makes the drift official.

    Its operations are the reverse of the phantom operations, as far as these cover the drift.
    Autogenerate knows no renames, and it cannot drop an object that has no name in the models.
    """
    wanted, actual = context.between(Gap.DRIFT)
    if context.basis is not None and context.basis.actual is not None:
        actual = context.basis.actual  # with its dependencies
    plan = redo(changes, context.catalog, wanted, actual)
    reverses = [operation.reverse for operation in reversed(phantoms)]
    renames = any(change.type is ChangeType.RENAMED for change in changes)
    named = all(o.address is None or o.address.name for o in phantoms)
    covered = bool(reverses) and all(reverses) and named and not renames
    code = _code(reverses, phantoms) if covered else _executed(plan)
    summary = (
        "Change the models to match the database, write this into a migration, and stamp this "
        "database with the migration."
    )
    return Remedy("adopt", summary, "python", code, plan.loses_data)


def _write(judged: Judged, context: FindingContext, next_step: str = "") -> Remedy:
    """Return the remedy for a missing migration.

    The code is that of ``migrate``, as far as ``migrate`` detects the change and its operations
    run.
    """
    operations = context.operations
    schemas = context.between(Gap.PENDING)
    how, code = _written(
        judged,
        operations,
        lambda c: _executed(undo(c, context.catalog, *schemas)),
        f"Run {context.migrate}",
    )
    summary = " ".join(filter(None, (f"{how}.", next_step)))
    return Remedy("write the migration", summary, "python", code)


def _written(
    judged: Judged,
    operations: Operations,
    executed: Callable[[Sequence[Change]], str],
    run_migrate: str,
) -> tuple[str, str]:
    """Return how the migration is written, as a sentence without a period, and its code."""
    changes, remaining = _pending(judged), _remaining(judged, operations)
    own = [operation for operation in operations.on_head if is_for(operation, judged)]
    texts = [operation.text for operation in own]
    why_not = _why_not_generated(changes[0], own, operations, remains=bool(remaining))
    if why_not is not None:
        return _YOURSELF + f": {why_not}" * bool(why_not), executed(changes)
    code = _code([*texts, *([executed(remaining)] if remaining else [])], own)
    if judged.finding.verdict is Verdict.HAND_APPLIED:
        return f"{_YOURSELF}: {_SEES_NOTHING}" if own else _CREATED_WITH_IT, code
    return f"{run_migrate}{_after_migrate(own, is_complete=not remaining)}", code


def _after_migrate(own: Sequence[Operation], *, is_complete: bool) -> str:
    """Return what follows in a sentence after the command that writes the migration."""
    if not own:
        return ", which creates it together with the object that uses it"
    if not is_complete:
        return " and complete the migration: it contains only part of these operations"
    if any(operation.needs_autocommit for operation in own):
        return f", and put its operations into blocks as shown: {_TRANSACTION}"
    return ", which writes these operations"


def _pending(judged: Judged) -> Sequence[Change]:
    """Return the pending changes of a finding. What was renamed by hand is one change.

    Between models and head, a renamed column is one column that is missing and one that is extra.
    The live database shows that they are the same column.
    """
    changes = list({id(change): change for change in judged.changes[Gap.PENDING]}.values())
    renamed = [c for c in judged.changes.get(Gap.DRIFT, ()) if c.type is ChangeType.RENAMED]
    missing = [c for c in changes if c.type is ChangeType.MISSING]
    extra = [c for c in changes if c.type is ChangeType.EXTRA]
    if not (renamed and missing and extra):
        return changes
    parts = (*missing[0].parts, *extra[0].parts)
    return [Change(ChangeType.RENAMED, missing[0].wanted, extra[0].actual, parts=parts)]


def _code(texts: Iterable[str], operations: Iterable[Operation]) -> str:
    """Return the code of operations, below the imports that it needs.

    Args:
        texts: The code.
        operations: The operations that the code is from.
    """
    known = [line for operation in operations for line in operation.imports]
    return with_imports(joined(texts), known)


def _why_not_generated(
    change: Change, own: Sequence[Operation], operations: Operations, *, remains: bool
) -> str | None:
    """Return why the operations of ``migrate`` are not usable; ``None`` if they are.

    Args:
        change: The pending change.
        own: The operations of ``migrate`` for the change.
        operations: All operations of ``migrate``.
        remains: Whether something of the change remains after the operations have run.
    """
    errors = [operations.errors[o.text] for o in own if o.text in operations.errors]
    if not operations.ran:
        return ""
    if errors:
        return f"the operation that migrate writes fails with: {errors[0]}"
    if not own:
        return "migrate does not detect this change" if remains else None
    if change.type is ChangeType.RENAMED and not change.schema_object.renamable:
        return "migrate would drop the object and create an empty one instead"
    return None


def _executed(plan: Plan) -> str:
    """Return a plan as operations of a migration."""
    lines = [f"op.execute({statement!r})" for statement in plan.statements]
    return "\n".join([*lines, *(f"# Manual step: {step}" for step in plan.manual_steps)])
