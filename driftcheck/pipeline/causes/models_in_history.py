"""Reports revisions that create the tables of the models, and the findings that follow from them.

``metadata.create_all()`` in a revision creates the tables as the models declare them now. A
database that ran the revision earlier got the tables of that time. So the history cannot tell what
such a database should have.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from driftcheck.chain import Gap
from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Finding, Remedy, Severity
from driftcheck.judging.rules import FAULTS
from driftcheck.judging.templates import fill
from driftcheck.pipeline.faults.faults import fault, origin_of
from driftcheck.schema import Address
from driftcheck.sources.history import History
from driftcheck.sources.replay import RevisionFailure, UseOfModels
from driftcheck.sources.statement_log import has_word

_MOST_TABLES = 5
_DIFFERENCES = {
    ChangeType.MISSING: "is missing from the live database",
    ChangeType.EXTRA: "is in the live database only",
    ChangeType.CHANGED: "is different in the live database",
    ChangeType.RENAMED: "has another name in the live database",
}


def with_uses_of_models(
    findings: Sequence[Finding], history: History, database_key: DatabaseKey
) -> list[Finding]:
    """Add the findings about uses of the models, in place of the findings that follow from them.

    Args:
        findings: The findings about a database.
        history: The history.
        database_key: The database.
    """
    if not history.uses_of_models:
        return list(findings)
    created = _created_objects(history, database_key)
    follow = [each for each in findings if Gap.DRIFT in each.gaps and _is_about(each, created)]
    is_fault_related = history.fault is not None and _is_related(history.fault, history, created)
    rest = [each for each in findings if each not in follow]
    if is_fault_related and history.fault is not None:
        rest = [_explained(each, history.fault, history) for each in rest]
    is_harmful = bool(follow) or is_fault_related
    causes = [_use_of_models(use, is_harmful=is_harmful) for use in history.uses_of_models]
    if follow:
        causes[0] = replace(causes[0], details="\n".join(map(_described, follow)), why=_UNDECIDED)
    return [*causes, *rest]


_UNDECIDED = (
    "The live database differs from the tables that the revision creates now. The history does not "
    "tell whether the models or the database changed since the revision ran there."
)


def _use_of_models(use: UseOfModels, *, is_harmful: bool) -> Finding:
    names = ", ".join(use.tables[:_MOST_TABLES])
    more = len(use.tables) - _MOST_TABLES
    finding = fault(
        "history-uses-models",
        origin=origin_of(use.where),
        remedies=(_write_out(use),),
        revision=use.where.revision,
        tables=names + (f" and {more} more" if more > 0 else ""),
    )
    return replace(finding, severity=Severity.ERROR) if is_harmful else finding


def _write_out(use: UseOfModels) -> Remedy:
    line = "" if use.where.line is None else f":{use.where.line}"
    return Remedy(
        "write the tables out",
        f"Replace the call in {use.where.file}{line} by op.create_table() for each table, with the "
        "columns that the table had when the revision was written. Changes of the models since "
        "then belong in later revisions.",
    )


def _created_objects(history: History, database_key: DatabaseKey) -> set[Address]:
    """Return the objects that the lines with a use of the models create."""
    lines = {(use.where.revision, use.where.line) for use in history.uses_of_models}
    made = history.sources.made_in(database_key)
    return {address for address, source in made.items() if (source.revision, source.line) in lines}


def _is_about(finding: Finding, created: Collection[Address]) -> bool:
    return finding.address in created or finding.part_of in created


def _is_related(failure: RevisionFailure, history: History, created: Collection[Address]) -> bool:
    """Whether a revision fails at a table that an earlier revision creates from the models."""
    if failure.existing is not None and failure.existing[0] in created:
        return True
    tables = {name.rpartition(".")[2] for use in history.uses_of_models for name in use.tables}
    is_used_here = any(
        use.where.revision == failure.where.revision for use in history.uses_of_models
    )
    return not is_used_here and any(has_word(failure.statement, name) for name in tables)


def _explained(finding: Finding, failure: RevisionFailure, history: History) -> Finding:
    """Return the finding of the failure with its cause; another finding unchanged."""
    if finding.rule not in ("history-broken", "history-duplicate"):
        return finding
    use = history.uses_of_models[0]
    rule = FAULTS["history-broken"]
    return replace(
        finding,
        rule="history-broken",
        message=fill(rule.message, revision=failure.where.revision),
        impact=rule.impact.partition(",")[0] + ".",
        why=f"Revision {use.where.revision} creates the tables as the models declare them now. "
        f"Revision {failure.where.revision} was written for the tables of an earlier time, which "
        "a database in use may still have.",
        remedies=(_write_out(use),),
    )


def _described(finding: Finding) -> str:
    difference = _DIFFERENCES[finding.change] if finding.change else ""
    return f"{finding.address} {difference}"
