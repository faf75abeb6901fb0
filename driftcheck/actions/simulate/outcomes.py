"""Reports the results of simulations as findings: the error, its cause and how to fix it."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from driftcheck.actions.simulate.generated_migration import Generated
from driftcheck.actions.simulate.runner import ScenarioResult
from driftcheck.chain import Gap
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.pipeline.faults import fault, origin_of
from driftcheck.schema import Address
from driftcheck.sources.replay import MigrationSource, RevisionFailure
from driftcheck.sources.statement_log import has_word

_T = TypeVar("_T")
_NAMED = 3
_HOW = {
    ChangeType.MISSING: "it is not there",
    ChangeType.EXTRA: "it is there only then",
    ChangeType.CHANGED: "it is another",
    ChangeType.RENAMED: "it has another name",
}
_FOR_THE_ROWS = "Everybody whose tables have such rows gets this error: colleagues, production."
_FOR_ROWS = (
    (
        re.compile(r"null value|contains null|NOT NULL", re.IGNORECASE),
        Remedy(
            "give the rows a value",
            "Add the column with a server_default, or nullable; fill it in the same migration, "
            "and set it NOT NULL after that.",
        ),
    ),
    (
        re.compile(r"unique|duplicate", re.IGNORECASE),
        Remedy(
            "remove the duplicates",
            "Make duplicate values different in the migration before it creates the index, or do "
            "not create the index.",
        ),
    ),
)
_FIX = Remedy("fix the revision", "Change the revision so that it runs on such a database.")


@dataclass(frozen=True)
class Background:
    """What is known of a history and its live database when plays are judged.

    Attributes:
        findings: What a comparison finds, drift before all else, completed with remedies.
        made: Which revision made what is at the head.
        generated: The migration that ``migrate`` would write now.
        builds: Whether the history builds from nothing.
        with_data: Whether the tables had rows.
    """

    findings: Sequence[Finding] = ()
    made: Mapping[Address, MigrationSource] = field(default_factory=dict)
    generated: Generated | None = None
    builds: bool = True
    with_data: bool = False


def outcomes(several: Sequence[ScenarioResult], background: Background) -> Iterator[Finding]:
    """Every failure, difference and unfilled table; what several plays have alike, told once."""
    failed = [(one.fault, one) for one in several if one.fault is not None]
    for fails in _alike(failed, lambda pair: (pair[1].is_downgrade, pair[0].where)):
        broken, one = fails[0]
        yield _failure(broken, one, _starts(played for _, played in fails), background)
    changed = [(change, one) for one in several for change in one.changes]
    for differs in _alike(changed, lambda pair: (pair[0].type, pair[0].address)):
        yield _difference(differs[0][0], _starts(played for _, played in differs))
    unfilled = [(table, one) for one in several for table in one.unfilled]
    for lacks in _alike(unfilled, lambda pair: pair[0]):
        yield fault(
            "colleague-without-rows",
            name=lacks[0][0].table,
            reason=lacks[0][0].reason,
            start=_starts(played for _, played in lacks),
        )


def _alike(items: Iterable[_T], key: Callable[[_T], Hashable]) -> list[list[_T]]:
    """Items in groups, in the order in which the first of each comes."""
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return [*groups.values()]


def _starts(several: Iterable[ScenarioResult]) -> str:
    starts = [one.play.start for one in several]
    more = len(starts) - _NAMED
    if more > 1:
        return f"{', '.join(starts[:_NAMED])} and {more} more"
    return ", ".join(starts)


def _failure(
    broken: RevisionFailure, one: ScenarioResult, start: str, background: Background
) -> Finding:
    generated = background.generated
    is_generated = generated is not None and broken.where.revision == generated.revision
    cause = _cause(broken, background.findings) if is_generated else None
    is_drift = cause is not None and Gap.DRIFT in cause.gaps
    of_rows = background.with_data and background.builds and not is_drift and not broken.existing
    told = fault(
        "colleague-downgrade-fails" if one.is_downgrade else "colleague-upgrade-fails",
        start=start,
        what="the migration that migrate would write now"
        if is_generated
        else f"revision {broken.where.revision}",
        details="\n".join(filter(None, (broken.message, broken.statement))),
        origin=_origin(broken, generated if is_generated else None),
        remedies=tuple(_remedies(broken, cause if is_drift else None, of_rows=of_rows)),
    )
    existing = _existing(broken, cause, background.made)
    why = " ".join(_why(existing, cause, of_rows=of_rows and not is_generated))
    return replace(
        told,
        why=why,
        impact=_FOR_THE_ROWS if of_rows else told.impact,
        parent_origin=origin_of(existing[1]) if existing else None,
    )


def _origin(broken: RevisionFailure, generated: Generated | None) -> Origin | None:
    where = origin_of(broken.where)
    if where is None or generated is None:
        return where
    return replace(where, file=generated.shown, is_written=False)


def _cause(broken: RevisionFailure, findings: Sequence[Finding]) -> Finding | None:
    """The finding that an operation is written for: drift rather than a change of the models."""
    for gap in (Gap.DRIFT, Gap.PENDING):
        speaking = [
            (len(address.path), finding)
            for finding in findings
            if gap in finding.gaps
            for address in _addresses(finding)
            if all(has_word(broken.statement, name) for name in address.path)
        ]
        if speaking:
            return max(speaking, key=lambda pair: pair[0])[1]
    return None


def _addresses(finding: Finding) -> Iterator[Address]:
    """What a finding is about; least of all, the table that it belongs to."""
    yield from (one for one in (finding.address, *finding.parts, finding.part_of) if one)


def _existing(
    broken: RevisionFailure, cause: Finding | None, made: Mapping[Address, MigrationSource]
) -> tuple[Address, MigrationSource] | None:
    """What stands in the way, and the earlier revision that has made it."""
    if broken.existing is not None or cause is None or cause.address is None:
        return broken.existing
    earlier = made.get(cause.address) if _is_missing(cause) else None
    return None if earlier is None else (cause.address, earlier)


def _why(
    existing: tuple[Address, MigrationSource] | None, cause: Finding | None, *, of_rows: bool
) -> Iterator[str]:
    if cause is not None:
        yield f"{cause.message[:1].upper()}{cause.message[1:]}."
        if Gap.DRIFT in cause.gaps:
            yield "Autogenerate takes that for a change of the models, and writes the operation."
    if existing is not None:
        address, earlier = existing
        line = "" if earlier.line is None else f":{earlier.line}"
        yield f"Revision {earlier.revision} has made {address} already: {earlier.file}{line}."
    elif of_rows:
        yield "It runs where the tables are empty: it is at their rows that it fails."


def _is_missing(finding: Finding) -> bool:
    return finding.change is ChangeType.MISSING


def _remedies(broken: RevisionFailure, drift: Finding | None, *, of_rows: bool) -> Iterator[Remedy]:
    if drift is not None:
        yield from drift.remedies
    elif broken.existing is not None:
        address, earlier = broken.existing
        yield Remedy(
            "delete the operation",
            f"Take it out of {broken.where.file}: {earlier.file} has made {address} already.",
        )
    else:
        fitting = (remedy for pattern, remedy in _FOR_ROWS if pattern.search(broken.message))
        yield next(fitting, _FIX) if of_rows else _FIX


def _difference(change: Change, start: str) -> Finding:
    told = fault(
        "colleague-differs-from-head",
        kind=change.address.kind,
        name=change.address.sql,
        start=start,
        how=_HOW[change.type],
    )
    return replace(
        told,
        change=change.type,
        address=change.address,
        part_of=change.schema_object.part_of,
        differences=change.differences,
    )
