"""Findings for the hazards of a migration to tables in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from driftcheck.actions.gate.hazard_watch import Hazard
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.judging.rules import HAZARDS
from driftcheck.judging.templates import RemedyTemplate, fill
from driftcheck.pipeline.repairs.table_effects import BLOCKING_LOCKS, HazardKind
from driftcheck.quoting import quote_identifier
from driftcheck.sources.files import relative


def hazard_findings(hazards: Iterable[Hazard], root: Path) -> Iterator[Finding]:
    """Yield a finding for each hazard, with the line of its statement.

    Args:
        hazards: The hazards.
        root: The project's directory; paths below it are reported relative to it.
    """
    for hazard in hazards:
        rule = HAZARDS[hazard.kind]
        statement = hazard.statement
        mode, blocked = BLOCKING_LOCKS.get(hazard.lock, ("", ""))
        lock = f"lock mode: {mode}" if mode else ""
        yield Finding(
            rule=f"hazard-{hazard.kind}",
            severity=rule.severity,
            message=fill(
                rule.message,
                revision=statement.revision,
                table=hazard.table,
                name=hazard.address,
                change=hazard.change,
                locked=blocked,
            ),
            address=hazard.address,
            part_of=hazard.table if hazard.address != hazard.table else None,
            impact=rule.impact,
            remedies=tuple(_remedies(hazard)),
            origin=Origin(statement.revision, relative(statement.file, root), statement.line),
            details="\n".join(filter(None, (statement.sql.strip(), lock))),
        )


def _remedies(hazard: Hazard) -> Iterator[Remedy]:
    """The remedies, with the names of the table and the object filled in."""
    name = hazard.address.name
    if hazard.kind in _CREATIONS and not hazard.change:
        yield _MAINTENANCE.filled()
        return
    operations = (f"    op.execute({statement!r})" for statement in hazard.change.split(";\n"))
    for template in _REMEDIES.get(hazard.kind, ()):
        yield template.filled(
            table=hazard.table.sql,
            name=quote_identifier(name),
            not_null=quote_identifier(f"{hazard.table.name}_{name}_not_null"),
            sql=hazard.change,
            operations="\n".join(operations),
        )


_NEW_COLUMN = "add a new column, fill it in batches, and let the code use the new column"

_DROP_LATER = RemedyTemplate(
    "drop it later", "First release code that no longer uses it. Drop it in a later release."
)

_CREATIONS = (HazardKind.INDEX_BUILD, HazardKind.CONSTRAINT)
_MAINTENANCE = RemedyTemplate(
    "run it when the table is little used",
    "The server cannot do this for the table without blocking writes.",
)
"""For an exclusion constraint, and on a partitioned table."""

_REMEDIES: dict[HazardKind, tuple[RemedyTemplate, ...]] = {
    HazardKind.LOCK: (
        RemedyTemplate(
            "set a lock timeout",
            "Set a short lock timeout, so that the migration fails instead of blocking other "
            "sessions. Then run it again.",
            "python",
            "op.execute(\"SET lock_timeout = '3s'\")",
        ),
    ),
    HazardKind.REWRITE: (RemedyTemplate("use a new column", f"For a large table: {_NEW_COLUMN}."),),
    HazardKind.INDEX_BUILD: (
        RemedyTemplate(
            "build the index concurrently",
            "CREATE INDEX CONCURRENTLY does not block writes, and must run outside a transaction.",
            "python",
            "with op.get_context().autocommit_block():\n{operations}",
        ),
    ),
    HazardKind.NOT_NULL: (
        RemedyTemplate(
            "validate a check constraint first",
            "Add a NOT VALID check constraint, validate it in a later transaction, then set NOT "
            "NULL. SET NOT NULL does not scan the table if a valid check constraint proves that "
            "the column has no NULL.",
            "sql",
            "ALTER TABLE {table} ADD CONSTRAINT {not_null} CHECK ({name} IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE {table} VALIDATE CONSTRAINT {not_null};",
        ),
    ),
    HazardKind.CONSTRAINT: (
        RemedyTemplate(
            "validate it later",
            "Add the constraint NOT VALID, and validate it in a later transaction. VALIDATE "
            "CONSTRAINT does not block writes.",
            "sql",
            "{sql};",
        ),
    ),
    HazardKind.REQUIRED_COLUMN: (
        RemedyTemplate(
            "add a default",
            "Give the column a server_default. Or add it nullable, fill it, then set NOT NULL.",
        ),
    ),
    HazardKind.NARROWER_TYPE: (
        RemedyTemplate("use a new column", f"Check for values that do not fit. Or {_NEW_COLUMN}."),
    ),
    HazardKind.COLUMN_DROPPED: (_DROP_LATER,),
    HazardKind.TABLE_DROPPED: (_DROP_LATER,),
}
