"""Reports the results of simulations as findings: the error, its cause and how to fix it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from driftcheck.actions.simulate.generated_migration import Generated
from driftcheck.actions.simulate.runner import ScenarioResult
from driftcheck.chain import Gap
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.pipeline.completion.remedies import WRITE_THE_MIGRATION, WRITE_YOURSELF
from driftcheck.pipeline.faults.existing_objects import existing_object_remedy
from driftcheck.pipeline.faults.faults import fault, origin_of
from driftcheck.pipeline.faults.mapped_views import exclude_view, is_table_over_view
from driftcheck.pipeline.faults.revision_remedies import revision_remedies
from driftcheck.pipeline.faults.row_remedies import remedy_for_rows
from driftcheck.schema import Address
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.replay import RevisionFailure
from driftcheck.sources.statement_log import has_word

_T = TypeVar("_T")
_NAMED = 3
_HOW = {
    ChangeType.MISSING: "the object is missing",
    ChangeType.EXTRA: "the head does not have the object",
    ChangeType.CHANGED: "the definition differs",
    ChangeType.RENAMED: "the name differs",
}
_FOR_THE_ROWS = "The same error occurs on every database with such rows, also in production."
_FIX = Remedy("fix the revision", "Change the revision so that it runs on such a database.")


@dataclass(frozen=True)
class OutcomeContext:
    """The facts that explain the results of simulations.

    Attributes:
        findings: The completed findings of a comparison of the database.
        made: The revisions that created the objects at the head.
        generated: The migration that ``migrate`` would write now, if any.
        root: The project's directory.
    """

    findings: Sequence[Finding] = ()
    made: Mapping[Address, MigrationSource] = field(default_factory=dict)
    generated: Generated | None = None
    root: Path = Path()


def outcomes(results: Sequence[ScenarioResult], context: OutcomeContext) -> Iterator[Finding]:
    """Yield a finding for each failure, difference and table without rows.

    A failure or a difference that several simulations have is reported once, with all their starts.

    Args:
        results: The results of the simulations.
        context: The facts that explain them.
    """
    failed = [(result.fault, result) for result in results if result.fault is not None]
    for group in _grouped(failed, lambda pair: (pair[1].is_downgrade, pair[0].where)):
        failure, result = group[0]
        of_rows = all(each.fails_on_rows_only for _, each in group)
        yield _failure(
            failure, result, _starts(each for _, each in group), context, on_rows_only=of_rows
        )
    changed = [(change, result) for result in results for change in result.changes]
    for changes in _grouped(changed, lambda pair: (pair[0].type, pair[0].address)):
        yield _difference(changes[0][0], _starts(result for _, result in changes))
    unfilled = [(table, result) for result in results for table in result.unfilled]
    for tables in _grouped(unfilled, lambda pair: pair[0]):
        yield fault(
            "colleague-without-rows",
            name=tables[0][0].table,
            reason=tables[0][0].reason,
            start=_starts(result for _, result in tables),
        )


def _grouped(items: Iterable[_T], key: Callable[[_T], Hashable]) -> list[list[_T]]:
    """Group the items with the same key, in the order of the first item of each group."""
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return [*groups.values()]


def _starts(results: Iterable[ScenarioResult]) -> str:
    starts = [result.simulation.start for result in results]
    more = len(starts) - _NAMED
    if more > 1:
        return f"{', '.join(starts[:_NAMED])} and {more} more"
    return ", ".join(starts)


def _failure(
    failure: RevisionFailure,
    result: ScenarioResult,
    start: str,
    context: OutcomeContext,
    *,
    on_rows_only: bool,
) -> Finding:
    generated = context.generated
    is_generated = generated is not None and failure.where.revision == generated.revision
    cause = _cause(failure, context.findings) if is_generated else None
    is_drift = cause is not None and Gap.DRIFT in cause.gaps
    of_rows = on_rows_only and not is_drift and not failure.existing
    finding = fault(
        "colleague-downgrade-fails" if result.is_downgrade else "colleague-upgrade-fails",
        start=start,
        what="the migration that migrate would write now"
        if is_generated
        else f"revision {failure.where.revision}",
        details="\n".join(filter(None, (failure.message, failure.statement))),
        origin=_origin(failure, generated if is_generated else None),
        remedies=tuple(
            _remedies(
                failure,
                cause if is_drift else None,
                context,
                is_generated=is_generated,
                of_rows=of_rows,
            )
        ),
    )
    existing = _existing(failure, cause, context.made)
    why = " ".join(_why(existing, cause, of_rows=of_rows and not is_generated))
    return replace(
        finding,
        why=why,
        impact=_FOR_THE_ROWS if of_rows else finding.impact,
        parent_origin=origin_of(existing[1]) if existing else None,
    )


def _origin(failure: RevisionFailure, generated: Generated | None) -> Origin | None:
    where = origin_of(failure.where)
    if where is None or generated is None:
        return where
    return replace(where, file=generated.shown, is_written=False)


def _cause(failure: RevisionFailure, findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that an operation is written for; drift precedes a pending change.

    Without a statement, the message of an exception is all that is known: a batch of Alembic says
    what its table lacks, and not which table it is.
    """
    for gap in (Gap.DRIFT, Gap.PENDING):
        candidates = [
            (len(address.path), finding)
            for finding in findings
            if gap in finding.gaps
            for address in _addresses(finding)
            if _names(failure, address)
        ]
        if candidates:
            return max(candidates, key=lambda pair: pair[0])[1]
    return None


def _names(failure: RevisionFailure, address: Address) -> bool:
    """Whether a failure names an object."""
    if failure.statement:
        return all(has_word(failure.statement, name) for name in address.path)
    return bool(address.name) and has_word(failure.message, address.name)


def _addresses(finding: Finding) -> Iterator[Address]:
    """Yield the addresses of a finding's object, its parts and, last, its parent."""
    addresses = (finding.address, *finding.parts, finding.part_of)
    yield from (address for address in addresses if address is not None)


def _existing(
    failure: RevisionFailure, cause: Finding | None, made: Mapping[Address, MigrationSource]
) -> tuple[Address, MigrationSource] | None:
    """Return the object that exists already, and the earlier revision that created it."""
    if failure.existing is not None or cause is None or cause.address is None:
        return failure.existing
    earlier = made.get(cause.address) if _is_missing(cause) else None
    return None if earlier is None else (cause.address, earlier)


def _why(
    existing: tuple[Address, MigrationSource] | None, cause: Finding | None, *, of_rows: bool
) -> Iterator[str]:
    if cause is not None:
        yield f"{cause.message[:1].upper()}{cause.message[1:]}."
        if Gap.DRIFT in cause.gaps:
            yield (
                "Autogenerate takes this difference for a change of the models and writes the "
                "operation."
            )
    if existing is not None:
        address, earlier = existing
        line = "" if earlier.line is None else f":{earlier.line}"
        yield f"Revision {earlier.revision} has already created {address}: {earlier.file}{line}."
    elif of_rows:
        yield "The migration runs on empty tables and fails on tables with rows."


def _is_missing(finding: Finding) -> bool:
    return finding.change is ChangeType.MISSING


def _remedies(
    failure: RevisionFailure,
    drift: Finding | None,
    context: OutcomeContext,
    *,
    is_generated: bool,
    of_rows: bool,
) -> Iterator[Remedy]:
    if drift is not None:
        yield from drift.remedies
    elif failure.existing is not None and is_generated and is_table_over_view(failure):
        yield exclude_view(failure.existing[0])
    elif failure.existing is not None:
        yield existing_object_remedy(
            failure, failure.existing, context.root, is_generated=is_generated
        )
    elif of_rows:
        yield remedy_for_rows(failure.message, failure.statement)
    else:
        known = [*revision_remedies(failure.message, failure.variable)]
        if not known and is_generated:
            known = [*_instead(failure, context.findings)]
        yield from known or [_FIX]


def _instead(failure: RevisionFailure, findings: Sequence[Finding]) -> Iterator[Remedy]:
    """Yield what to write instead of operations of ``migrate`` that fail, if it is known."""
    concerned = [
        finding
        for finding in findings
        if Gap.PENDING in finding.gaps
        and any(_names(failure, address) for address in _addresses(finding))
    ]
    written = [
        remedy
        for finding in concerned
        for remedy in finding.remedies
        if remedy.name == WRITE_THE_MIGRATION
    ]
    if any(remedy.summary.startswith(WRITE_YOURSELF) for remedy in written):
        objects = ", ".join(str(each.address) for each in concerned)
        yield Remedy(
            WRITE_THE_MIGRATION,
            f"In the migration that migrate writes, replace the operations for {objects} by these.",
            "python",
            "\n".join(remedy.code for remedy in written),
        )


def _difference(change: Change, start: str) -> Finding:
    finding = fault(
        "colleague-differs-from-head",
        kind=change.address.kind,
        name=change.address.sql,
        start=start,
        how=_HOW[change.type],
    )
    return replace(
        finding,
        change=change.type,
        address=change.address,
        part_of=change.schema_object.part_of,
        differences=change.differences,
    )
