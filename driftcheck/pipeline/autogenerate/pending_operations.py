"""Reports the operations of ``migrate`` that no pending change explains."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from driftcheck.judging.findings import Finding, Remedy, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.completion.finding_context import Operations
from driftcheck.pipeline.completion.operation_matching import explaining_note, is_explained
from driftcheck.pipeline.faults.faults import fault
from driftcheck.pipeline.faults.version_tables import exclude_own_table
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_imports import with_imports


def pending_operations(
    operations: Operations,
    judged: Sequence[Judged],
    schemas: Sequence[str],
    version_tables: Collection[str],
    migrate: str,
) -> Iterator[Finding]:
    """Make a finding of each operation that ``migrate`` would write and no finding explains.

    Examples are the operations of plugins, whose objects are not in the models' metadata, and an
    operation that does not change the schema.

    Args:
        operations: The operations that autogenerate writes for a database at head.
        judged: The findings of the database.
        schemas: The selected schemas; empty for all.
        version_tables: The names of Alembic's own tables in the database.
        migrate: The project's command that writes a migration with autogenerate.
    """
    for operation in operations.on_head:
        address = operation.address
        is_selected = not schemas or address is None or address.schema in schemas
        if is_selected and _compares(operation) and not is_explained(operation, judged):
            error = operations.errors.get(operation.text, "")
            remedy = _remedy(operation, error, version_tables, migrate)
            finding = _finding(operation, error, remedy)
            yield replace(finding, why=_why(explaining_note(operation, judged)))


def _compares(operation: Operation) -> bool:
    """Return whether the operation comes from a comparison with the schema of the models.

    Reflection ignores ``schema_translate_map``, so autogenerate would compare with another schema.
    Source: SQLAlchemy documentation, "Translation of Schema Names".
    """
    return not operation.working.translate_map


def _finding(operation: Operation, error: str, remedy: Remedy) -> Finding:
    address = operation.address
    about = f" for {address}" if address is not None and address.name else ""
    finding = fault(
        "pending-operation",
        operation=f"{operation.call}{about}",
        details=_details(operation, error),
        remedies=(remedy,),
    )
    return replace(finding, verdict=Verdict.PENDING, address=address)


def _why(note: Judged | None) -> str:
    """Return a sentence that names the note about the same difference."""
    if note is None:
        return ""
    return f"A note of this report says why: {note.finding.message}."


def _details(operation: Operation, error: str) -> str:
    if error:
        return f"The operation fails on a database at head: {error}"
    if operation.is_repeated:
        return "The operation has no effect: migrate writes it again after it has run."
    return ""


def _remedy(
    operation: Operation, error: str, version_tables: Collection[str], migrate: str
) -> Remedy:
    if operation.drops_table and operation.table in version_tables:
        return exclude_own_table(operation.table)
    code = with_imports(operation.text, operation.imports)
    if error:
        summary = (
            "Correct the declaration in the models or in the plugin so that migrate no longer "
            "writes this operation, which fails on every database."
        )
        return Remedy("correct the declaration", summary, "python", code)
    if operation.is_repeated:
        summary = (
            "Declare in the models what the database has, or leave the object out of the "
            "comparison, with include_object, compare_type or compare_server_default in env.py. "
            "A migration with this operation changes nothing."
        )
        return Remedy("correct the declaration", summary)
    then = "which writes this operation"
    if operation.needs_autocommit:
        then = "and put its operation into the block that is shown"
    summary = f"Run {migrate}, {then}."
    return Remedy("write the migration", summary, "python", code)
