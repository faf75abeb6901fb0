"""Writes the remedies of findings: repair, adopt, write the migration, upgrade."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import Plan
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Remedy, Severity, Verdict
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.completion.finding_context import FindingContext, Operations
from driftcheck.pipeline.completion.operation_matching import is_for
from driftcheck.pipeline.faults.mapped_views import exclude_view, mapped_view
from driftcheck.pipeline.faults.version_tables import (
    exclude_table_of_another_project,
    is_of_another_project,
)
from driftcheck.pipeline.repairs.change_plan import redo, undo
from driftcheck.schema import Snapshot, Value
from driftcheck.sources.operation import Operation, joined
from driftcheck.sources.operation_imports import with_imports


def remedies_of(
    judged: Judged, phantoms: Sequence[Operation], repair: Plan, context: FindingContext
) -> Iterator[Remedy]:
    """Yield the remedies of a finding, in the order in which to consider them.

    Args:
        judged: The finding.
        phantoms: Its phantom operations.
        repair: The plan that repairs it.
        context: The facts that it is completed with.
    """
    verdict = judged.finding.verdict
    if judged.finding.severity is Severity.NOTE and verdict is not Verdict.UNAPPLIED:
        return
    match verdict:
        case Verdict.DRIFT if is_of_another_project(judged, context.snapshots.get(Side.LIVE)):
            yield exclude_table_of_another_project(judged.changes[Gap.DRIFT][0].address.name)
        case Verdict.DRIFT:
            yield from _repair(judged.changes[Gap.DRIFT], repair, context.catalog)
            yield _adopt(judged.changes[Gap.DRIFT], phantoms, context)
        case Verdict.PENDING if view := mapped_view(judged, context.snapshots.get(Side.HEAD)):
            yield exclude_view(view)
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


def not_generated(judged: Judged, context: FindingContext) -> str:
    """Return the code for what remains of a finding after the operations of ``migrate`` have run.

    It is empty if nothing remains.
    """
    left = context.operations.left_of(judged)
    if not left:
        return ""
    return _executed(undo(left, context.catalog, *context.between(Gap.PENDING)))


def code_of(texts: Iterable[str], operations: Iterable[Operation]) -> str:
    """Return the code of operations, below the imports that it needs.

    Args:
        texts: The code.
        operations: The operations that the code is from.
    """
    known = [line for operation in operations for line in operation.imports]
    return with_imports(joined(texts), known)


WRITE_THE_MIGRATION = "write the migration"
WRITE_YOURSELF = "Write these operations into a migration"
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
    summary += _may_fail(changes, plan, catalog)
    yield from _planned("repair", summary, plan)


def _may_fail(changes: Sequence[Change], plan: Plan, catalog: Catalog) -> str:
    """Return for which rows a repair fails, as a sentence after a space; empty if for none.

    Args:
        changes: The changes that it undoes.
        plan: Its plan.
        catalog: The catalog of the database.
    """
    for change in changes if plan.steps else ():
        wanted = change.wanted
        if wanted is None or change.type is ChangeType.RENAMED:
            continue
        kind = catalog.kind(wanted.address.kind)
        if kind.is_checked_on_rows(wanted):
            return f" This fails if rows violate the {wanted.address.kind}."
        converts = any(step.address.kind == "column" for step in plan.steps)
        differences = {d.attribute: (d.wanted, d.actual) for d in change.differences}
        if "type" in differences and not _is_wider(*differences["type"]):
            return " This fails if a value does not fit the type."
        if "nullable" in differences and wanted.attributes["nullable"] is False:
            return " This fails if a row has no value."
        if kind.is_type and "values" in differences and converts:
            return " This fails if a row has a value that the type then lacks."
    return ""


def _is_wider(wanted: Value, actual: Value) -> bool:
    """Whether a type takes all values of another one, as far as its name and length show."""
    new, old = (_WITH_LENGTH.fullmatch(str(each)) for each in (wanted, actual))
    if new is None or old is None or new[1] != old[1]:
        return str(wanted) == "text"
    return new[2] is None or (old[2] is not None and int(new[2]) >= int(old[2]))


def _align(plan: Plan) -> Iterator[Remedy]:
    yield from _planned("align", "Change the second database to match the first.", plan)


_WITH_LENGTH = re.compile(r"([a-z ]+)(?:\((\d+)\))?", re.IGNORECASE)
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
    Autogenerate knows no renames, it cannot drop an object that has no name in the models, and it
    knows only as much of an object as SQLAlchemy's reflection.
    """
    wanted, actual = context.between(Gap.DRIFT)
    if context.basis is not None and context.basis.actual is not None:
        actual = context.basis.actual  # with its dependencies
    own = set(map(id, changes))
    others = [change for change in context.drift if id(change) not in own]
    plan = redo(changes, context.catalog, wanted, actual, others)
    reverses = [operation.reverse for operation in reversed(phantoms)]
    renames = any(change.type is ChangeType.RENAMED for change in changes)
    named = all(o.address is None or o.address.name for o in phantoms)
    with_others = any(change.type is ChangeType.CHANGED and change.parts for change in changes)
    made = [change.actual for change in changes if change.actual is not None]
    known = all(context.catalog.kind(o.address.kind).is_fully_reflected(o) for o in made)
    covered = bool(reverses) and all(reverses) and named and known and not (renames or with_others)
    code = code_of(reverses, phantoms) if covered else _executed(plan)
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
    renamed = _takes_for_renamed(_pending(judged), context.catalog)
    is_by_hand = how.startswith(WRITE_YOURSELF)
    order = _after_drops(_pending(judged), operations, schemas) if is_by_hand else ""
    summary = " ".join(filter(None, (f"{how}.", order, renamed, next_step)))
    return Remedy(WRITE_THE_MIGRATION, summary, "python", code)


def _after_drops(
    changes: Iterable[Change],
    operations: Operations,
    schemas: tuple[Snapshot | None, Snapshot | None],
) -> str:
    """Return where operations belong if ``migrate`` drops an object that has the name of a new one.

    Such as a unique constraint that becomes a primary key of the same name.
    """
    wanted, actual = ({} if each is None else each.objects for each in schemas)
    new = {c.wanted.address for c in changes if c.wanted is not None and c.actual is None}
    names = {(each.schema, each.path) for each in new}
    left = {obj.address for obj in objects_of(operations.left)}
    gone = (each for each in actual if each not in wanted and each not in left)
    if new and any((each.schema, each.path) in names for each in gone):
        return (
            "Put them after the operations that migrate writes: one of these drops the object that "
            "has the name."
        )
    return ""


def _takes_for_renamed(changes: Sequence[Change], catalog: Catalog) -> str:
    """Return that the values of a type are taken for renamed, as a sentence; empty if none are.

    Only a person knows whether a value was renamed, or removed while another one was added.
    """
    for change in changes:
        kind, wanted, actual = catalog.kind(change.address.kind), change.wanted, change.actual
        if not kind.is_type or wanted is None or actual is None:
            continue
        if kind.rename_parts(actual, wanted):
            return (
                "This renames a value, so rows keep it under the new name. If another value "
                "replaces it, decide first what becomes of these rows."
            )
    return ""


def _written(
    judged: Judged,
    operations: Operations,
    executed: Callable[[Sequence[Change]], str],
    run_migrate: str,
) -> tuple[str, str]:
    """Return how the migration is written, as a sentence without a period, and its code."""
    changes, remaining = _pending(judged), operations.left_of(judged)
    own = [operation for operation in operations.on_head if is_for(operation, judged)]
    texts = [operation.text for operation in own]
    why_not = _why_not_generated(changes[0], own, operations, remains=bool(remaining))
    if why_not is not None:
        return WRITE_YOURSELF + f": {why_not}" * bool(why_not), executed(changes)
    code = code_of([*texts, *([executed(remaining)] if remaining else [])], own)
    if judged.finding.verdict is Verdict.HAND_APPLIED:
        return f"{WRITE_YOURSELF}: {_SEES_NOTHING}" if own else _CREATED_WITH_IT, code
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
    """Return the pending changes of a finding, without those that follow from a rename."""
    changes = judged.changes[Gap.PENDING]
    if judged.finding.verdict is not Verdict.HAND_APPLIED:
        return changes
    renames = [_only_renamed(change) for change in changes if change.type is ChangeType.RENAMED]
    return renames or changes


def _only_renamed(change: Change) -> Change:
    """Return a rename without the differences in attributes that have no meaning."""
    if change.differences or change.wanted is None or change.actual is None:
        return change
    return replace(change, wanted=replace(change.wanted, attributes=change.actual.attributes))


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
    if own and change.type is ChangeType.RENAMED and not change.schema_object.renamable:
        return "migrate would drop the object and create an empty one instead"
    if errors:
        return f"the operation that migrate writes fails with: {errors[0]}"
    if not own:
        return "migrate does not detect this change" if remains else None
    return None


def _executed(plan: Plan) -> str:
    """Return a plan as operations of a migration."""
    lines = [f"op.execute({statement!r})" for statement in plan.statements]
    return "\n".join([*lines, *(f"# Manual step: {step}" for step in plan.manual_steps)])
