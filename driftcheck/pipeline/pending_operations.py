"""Reports the operations of ``migrate`` that no pending change explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from driftcheck.judging.findings import Finding, Remedy, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.faults import fault
from driftcheck.pipeline.operation_matching import explaining_note, is_explained
from driftcheck.pipeline.remedies import Operations
from driftcheck.sources.autogenerate import Operation

_PUT_IN_BLOCK = "Run migrate, and put its operation into the block that is shown."


def pending_operations(
    operations: Operations, judged: Sequence[Judged], schemas: Sequence[str]
) -> Iterator[Finding]:
    """Make a finding of each operation that ``migrate`` would write and no finding explains.

    Examples are the operations of plugins, whose objects are not in the models' metadata, and an
    operation that does not change the schema.

    Args:
        operations: The operations that autogenerate writes for a database at head.
        judged: The findings of the database.
        schemas: The selected schemas; empty for all.
    """
    for operation in operations.on_head:
        address = operation.address
        is_selected = not schemas or address is None or address.schema in schemas
        if is_selected and _compares(operation) and not is_explained(operation, judged):
            finding = _finding(operation, operations.errors.get(operation.text, ""))
            yield replace(finding, why=_why(explaining_note(operation, judged)))


def _compares(operation: Operation) -> bool:
    """Return whether the operation comes from a comparison with the schema of the models.

    Reflection ignores ``schema_translate_map``, so autogenerate would compare with another schema.
    Source: SQLAlchemy documentation, "Translation of Schema Names".
    """
    return not operation.working.translate_map


def _finding(operation: Operation, error: str) -> Finding:
    address = operation.address
    about = f" for {address}" if address is not None and address.name else ""
    finding = fault(
        "pending-operation",
        operation=f"{operation.call}{about}",
        details=error and f"The operation fails on a database at head: {error}",
        remedies=(_remedy(operation, error),),
    )
    return replace(finding, verdict=Verdict.PENDING, address=address)


def _why(note: Judged | None) -> str:
    """Return a sentence that names the note about the same difference."""
    if note is None:
        return ""
    return f"A note of this report says why: {note.finding.message}."


def _remedy(operation: Operation, error: str) -> Remedy:
    if error:
        summary = (
            "Correct the declaration in the models or in the plugin so that migrate no longer "
            "writes this operation, which fails on every database."
        )
        return Remedy("correct the declaration", summary, "python", operation.text)
    summary = "Run migrate, which writes this operation."
    if operation.needs_autocommit:
        summary = _PUT_IN_BLOCK
    return Remedy("write the migration", summary, "python", operation.text)
