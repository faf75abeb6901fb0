"""Findings of what revisions do to tables that are in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from driftcheck.actions.gate.hazards import Harm, Hazard
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.judging.rules import HAZARDS
from driftcheck.judging.templates import RemedyTemplate, fill
from driftcheck.quoting import quote_identifier
from driftcheck.sources.files import relative


def hazard_findings(hazards: Iterable[Hazard], root: Path) -> Iterator[Finding]:
    """A finding for each hazard, on the line that it comes from.

    Args:
        hazards: What was seen.
        root: The project's directory; files within are told relative to it.
    """
    for hazard in hazards:
        rule = HAZARDS[hazard.harm]
        yield Finding(
            rule=f"hazard-{hazard.harm}",
            severity=rule.severity,
            message=fill(
                rule.message,
                revision=hazard.entry.revision,
                table=hazard.table,
                name=hazard.address,
                change=hazard.change,
                locked=_locked(hazard.lock),
            ),
            address=hazard.address,
            part_of=hazard.table if hazard.address != hazard.table else None,
            impact=rule.impact,
            remedies=tuple(_remedies(hazard)),
            origin=Origin(
                hazard.entry.revision, relative(hazard.entry.file, root), hazard.entry.line
            ),
            details="\n".join(filter(None, (hazard.entry.statement.strip(), _told(hazard.lock)))),
        )


def _locked(lock: str) -> str:
    return "reads and writes" if lock == "AccessExclusiveLock" else "writes"


def _told(lock: str) -> str:
    """The lock as PostgreSQL's manual names it: https://www.postgresql.org/docs/current/explicit-locking.html."""
    return {
        "AccessExclusiveLock": "took ACCESS EXCLUSIVE",
        "ExclusiveLock": "took EXCLUSIVE",
        "ShareRowExclusiveLock": "took SHARE ROW EXCLUSIVE",
        "ShareLock": "took SHARE",
    }.get(lock, "")


def _remedies(hazard: Hazard) -> Iterator[Remedy]:
    """Yield the remedies for a hazard, filled with the names of its table and object."""
    name = hazard.address.name
    for template in _REMEDIES.get(hazard.harm, ()):
        yield template.filled(table=hazard.table.sql, name=quote_identifier(name), text=repr(name))


_IN_STEPS = "the column as a new one, fill it in batches, and let the code move to it"

_REMEDIES: dict[Harm, tuple[RemedyTemplate, ...]] = {
    Harm.LOCK: (
        RemedyTemplate(
            "wait but briefly",
            "Let the migration give up soon where it has to wait, and try again.",
            "python",
            "op.execute(\"SET lock_timeout = '3s'\")",
        ),
    ),
    Harm.REWRITE: (RemedyTemplate("in steps", f"Where the table is large: add {_IN_STEPS}."),),
    Harm.INDEX_BUILD: (
        RemedyTemplate(
            "build it concurrently",
            "Outside of the transaction, and others can write meanwhile; a unique constraint then "
            "takes the index over with ADD CONSTRAINT ... UNIQUE USING INDEX.",
            "python",
            "with op.get_context().autocommit_block():\n"
            "    op.create_index({text}, ..., postgresql_concurrently=True)",
        ),
    ),
    Harm.NOT_NULL: (
        RemedyTemplate(
            "check first",
            "Add a check that is not valid yet, validate it in a later transaction, then set "
            "NOT NULL: it believes the check.",
            "sql",
            "ALTER TABLE {table} ADD CONSTRAINT ... CHECK ({name} IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE {table} VALIDATE CONSTRAINT ...;",
        ),
    ),
    Harm.CONSTRAINT: (
        RemedyTemplate(
            "validate later",
            "Add it NOT VALID, and validate it in a later transaction: others can write meanwhile.",
            "sql",
            "ALTER TABLE {table} ADD CONSTRAINT {name} ... NOT VALID;\n"
            "ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
        ),
    ),
    Harm.REQUIRED_COLUMN: (
        RemedyTemplate(
            "give it a value",
            "Give it a server_default, or add it nullable, fill it, and set NOT NULL afterwards.",
        ),
    ),
    Harm.NARROWER_TYPE: (
        RemedyTemplate("in steps", f"Look for values that do not fit; or add {_IN_STEPS}."),
    ),
    Harm.COLUMN_DROPPED: (
        RemedyTemplate(
            "later", "Drop it in a release after the one whose code no longer names it."
        ),
    ),
    Harm.TABLE_DROPPED: (
        RemedyTemplate(
            "later", "Drop it in a release after the one whose code no longer names it."
        ),
    ),
}
