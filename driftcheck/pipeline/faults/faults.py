"""Makes the findings about faults of the history, the stamp and the models.

Such a finding is not about a change of a schema object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from driftcheck.chain import Gap
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.judging.rules import (
    DRIFT_OF_BROKEN_HISTORY,
    DRIFT_OF_UNKNOWN_STAMP,
    FAULTS,
    REMARKS,
    Rule,
)
from driftcheck.judging.templates import fill
from driftcheck.pipeline.faults.existing_objects import existing_object_remedy
from driftcheck.pipeline.faults.revision_remedies import revision_remedies
from driftcheck.project.command_line import Command
from driftcheck.project.project import Project
from driftcheck.schema import Address, Remark, SchemaObject
from driftcheck.sources.files import relative
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.replay import RevisionFailure


def fault(
    identity: str,
    *,
    details: str = "",
    origin: Origin | None = None,
    remedies: tuple[Remedy, ...] = (),
    about: SchemaObject | None = None,
    **values: object,
) -> Finding:
    """Make a finding of one of the rules for faults.

    Args:
        identity: The identity of the rule, a key of ``FAULTS``.
        details: The unmodified message of the database or of the project's code.
        origin: The migration at fault.
        remedies: The ways to fix it.
        about: The object concerned.
        values: The values of the placeholders of the rule's message.

    Raises:
        LookupError: A placeholder of the message has no value.
    """
    rule = FAULTS[identity]
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=fill(rule.message, **values),
        address=about.address if about else None,
        part_of=about.part_of if about else None,
        impact=rule.impact,
        details=details,
        origin=origin,
        remedies=remedies,
    )


def origin_of(made: MigrationSource | None) -> Origin | None:
    """Return the place of an operation in the form that findings use."""
    return None if made is None else Origin(made.revision, made.file, made.line)


def broken_history(broken: RevisionFailure, project: Project) -> Finding:
    """Make the finding of a history that does not run.

    Args:
        broken: The failure of the history.
        project: The project.
    """
    details = "\n".join(filter(None, (broken.message, broken.statement)))
    where = origin_of(broken.where)
    if broken.existing is None:
        return fault(
            "history-broken",
            details=details,
            origin=where,
            remedies=tuple(_ways_to_build(broken, project)),
            revision=broken.where.revision,
        )
    address, earlier = broken.existing
    remedy = existing_object_remedy(broken, broken.existing, project.root, is_generated=False)
    return fault(
        "history-duplicate",
        details=details,
        origin=where,
        remedies=(remedy,),
        revision=broken.where.revision,
        name=address,
        earlier=earlier.revision,
    )


def undecided_drift(findings: Iterable[Finding], broken: RevisionFailure) -> Iterator[Finding]:
    """Yield findings, with those of drift reworded: later revisions may explain the drift.

    Args:
        findings: The findings about the changes of a database.
        broken: The failure of a revision after the stamp of the database.
    """
    revision = broken.where.revision
    remedy = Remedy("fix the history", f"Fix revision {revision} first, then check again.")
    return _undecided(findings, DRIFT_OF_BROKEN_HISTORY, remedy, broken=revision)


def drift_of_unknown_stamp(
    findings: Iterable[Finding], unknown: Sequence[str]
) -> Iterator[Finding]:
    """Yield findings, with those of drift reworded: unknown revisions may explain the drift.

    Args:
        findings: The findings about the changes of a database.
        unknown: The revisions of its stamp that no file defines.
    """
    revisions = ", ".join(unknown)
    summary = f"Get the migration file of revision {revisions} first, then check again."
    remedy = Remedy("get the migration file", summary)
    return _undecided(findings, DRIFT_OF_UNKNOWN_STAMP, remedy, unknown=revisions)


def _undecided(
    findings: Iterable[Finding], rule: Rule, remedy: Remedy, **values: str
) -> Iterator[Finding]:
    """Yield findings, with those of drift reworded as the rule says."""
    for finding in findings:
        if Gap.DRIFT not in finding.gaps or finding.address is None or not finding.remedies:
            yield finding
            continue
        kind, name = finding.address.kind, finding.address.sql
        yield replace(
            finding,
            message=fill(rule.message, kind=kind, name=name, **values),
            why="",
            impact=rule.impact,
            remedies=(remedy,),
        )


_FIX_REVISION = Remedy(
    "fix the revision", "Change the revision so that it runs on an empty database."
)
_NAME_SOURCE = (
    "name in [tool.driftcheck] the source of that schema (a SQL file, package.module:callable or "
    "create_all) and the revision that the schema corresponds to."
)
_BOOTSTRAP = Remedy(
    "bootstrap",
    f"If the history starts from an existing schema, {_NAME_SOURCE}",
    "python",
    'bootstrap = "schema.sql@REVISION"',
)
_MAKE_SNAPSHOT = (
    "make a snapshot of a database whose schema is correct, and name the file in "
    '[tool.driftcheck]: base-snapshot = "base.json".'
)


def _ways_to_build(broken: RevisionFailure, project: Project) -> Iterator[Remedy]:
    """Yield what makes a broken history run, the most probable way first."""
    snapshot = project.driftcheck_command("snapshot", "--write", "base.json")
    if not broken.missing_table:
        yield from revision_remedies(broken.message, broken.variable)
        yield from (_FIX_REVISION, _BOOTSTRAP)
        yield Remedy("base snapshot", f"Or {_MAKE_SNAPSHOT}", "shell", snapshot)
        return
    start = (
        f"No revision creates the table {broken.missing_table}: the history starts from an "
        f"existing schema, so {_MAKE_SNAPSHOT}"
    )
    yield Remedy("start from a base snapshot", start, "shell", snapshot)
    yield replace(_BOOTSTRAP, summary=f"Or {_NAME_SOURCE}")


def head_faults(heads: Sequence[str], command: Command) -> Iterator[Finding]:
    """Make the finding of a history that has several heads.

    Args:
        heads: The heads.
        command: Returns commands of the project.
    """
    if len(heads) > 1:
        yield fault(
            "history-several-heads",
            count=len(heads),
            heads=", ".join(heads),
            remedies=(
                Remedy(
                    "merge",
                    "Merge the heads with a merge revision.",
                    "shell",
                    command("merge", "heads"),
                ),
            ),
        )


def written_files(files: Sequence[Path], root: Path) -> Iterator[Finding]:
    """Make a finding for each file of the project that the migrations changed."""
    for file in files:
        yield fault("history-writes-files", file=relative(file, root))


def written_by_import(created: Sequence[Address]) -> Iterator[Finding]:
    """Make the finding of the objects that importing the project created in its database."""
    tables = [address for address in created if address.kind == "table"]
    if tables:
        yield fault("import-writes-database", count=len(created), name=tables[0])


def remarked(remarks: Sequence[Remark]) -> Iterator[Finding]:
    """Make a note for each remark about the live database."""
    for remark in remarks:
        rule = REMARKS[remark.rule]
        message = fill(rule.message, *remark.words, address=remark.address)
        yield Finding(
            remark.rule, rule.severity, message, address=remark.address, impact=rule.impact
        )


def made_roles(roles: Sequence[str]) -> Iterator[Finding]:
    """Make a finding for each role that the migrations created on a shared server."""
    for role in roles:
        yield fault("history-makes-roles", role=role)
