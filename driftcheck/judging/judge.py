"""Judges the changes of all gaps together and makes a finding of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import Change, ChangeType, Difference, compare
from driftcheck.judging.difference_text import short_difference
from driftcheck.judging.equivalence import duplicate_declaration, meaningful
from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.hand_applied import applied_with_renames, verdict_on
from driftcheck.judging.rule_lookup import declared_twice, left_to_migrations, rule_of
from driftcheck.judging.rules import LEFT_TO_MIGRATIONS, NOTED_ONLY_IN, Rule
from driftcheck.judging.side_values import (
    attribute_values,
    differences_of,
    objects_by_side,
)
from driftcheck.judging.templates import fill
from driftcheck.schema import Address, SchemaObject, Snapshot

Describe = Callable[[SchemaObject], str]
"""Returns the definition of an object as a string."""

NoteReason = Callable[[SchemaObject | None, SchemaObject | None, tuple[Snapshot, Snapshot]], str]
"""Returns why the change of a wanted into an actual object is only noted; empty if it counts."""


@dataclass(frozen=True)
class Judged:
    """A finding, and the changes that it reports."""

    finding: Finding
    changes: Mapping[Gap, Sequence[Change]]


def changes_of(
    gap: Gap, snapshots: Mapping[Side, Snapshot], known: dict[Address, Address] | None = None
) -> list[Change]:
    """Return the changes in a gap; none if one of its sides was not read.

    Args:
        gap: The gap.
        snapshots: The snapshots of the sides.
        known: The actual address of objects that are known to have another one; see
            ``renamed_on_both_sides``.
    """
    wanted, actual = (snapshots.get(side) for side in gap.between)
    if wanted is None or actual is None:
        return []
    if wanted is actual:
        return []
    changes = compare(wanted, actual, same_lineage=gap is not Gap.PENDING, known=known)
    return list(meaningful(changes)) if gap is Gap.PENDING else changes


def judge(
    changes: Mapping[Gap, Sequence[Change]],
    snapshots: Mapping[Side, Snapshot],
    describe: Describe,
    note_reason: NoteReason = lambda *_: "",
    consequences: Iterable[Change] = (),
) -> list[Judged]:
    """Make findings of the changes, considering the changes of the same object in other gaps.

    Args:
        changes: The changes of every gap that was compared.
        snapshots: The snapshots of every side that was read. That of the models contains only
            the kinds of objects that models can declare.
        describe: Returns the definition of an object as a string.
        note_reason: Returns why a change is only noted; empty if it counts.
        consequences: The changes in the live database that only follow from its renames. They are
            not among the changes of drift.

    Returns:
        The findings, first those of drift, because drift misleads ``migrate``; then those of the
        other gaps in the order of the chain.
    """
    pending = {a: change for change in changes.get(Gap.PENDING, ()) for a in addresses_of(change)}

    def is_noted(change: Change) -> bool:
        """Whether a pending change is only a note.

        Examples: a partition that no model declares, a default that only a migration sets.
        """
        if is_left_to_migrations(change):
            return True
        sides = snapshots[Side.MODELS], snapshots[Side.HEAD]
        reason = note_reason(change.wanted, change.actual, sides)
        return bool(reason) and Verdict.PENDING in NOTED_ONLY_IN.get(reason, Verdict)

    other_names = {c.actual.address: c for c in pending.values() if c.actual and _is_other_name(c)}
    judged_with_drift: set[int] = set()
    verdicts: list[tuple[Verdict, Change, Mapping[Gap, Sequence[Change]]]] = []
    for drift in changes.get(Gap.DRIFT, ()):
        is_explained = _is_explained(drift, snapshots, note_reason)
        addresses = () if is_explained else addresses_of(drift)
        same_object = list({id(pending[a]): pending[a] for a in addresses if a in pending}.values())
        if drift.type in (ChangeType.MISSING, ChangeType.CHANGED):
            same_object = [change for change in same_object if not _is_other_name(change)]
        verdict = verdict_on(drift, same_object, snapshots)
        if verdict is Verdict.CONFLICT and all(is_noted(change) for change in same_object):
            verdict, same_object = Verdict.DRIFT, []
        judged_with_drift |= {id(change) for change in same_object}
        verdicts.append((verdict, drift, {Gap.DRIFT: [drift], Gap.PENDING: same_object}))
    renames = [
        drift
        for verdict, drift, _ in verdicts
        if verdict is Verdict.HAND_APPLIED and drift.type is ChangeType.RENAMED
    ]
    others = [c for c in changes.get(Gap.PENDING, ()) if id(c) not in judged_with_drift]
    followers = applied_with_renames(others, renames, consequences, snapshots)
    judged_with_drift |= {id(change) for group in followers.values() for change in group}
    verdicts += [
        (Verdict(gap.value), change, {gap: [change]})
        for gap in (Gap.PENDING, Gap.UNAPPLIED, Gap.DIFFERENCE)
        for change in changes.get(gap, ())
        if id(change) not in judged_with_drift
    ]
    return [
        Judged(
            _finding(
                *verdict,
                snapshots,
                describe=describe,
                note_reason=note_reason,
                other_names=other_names,
            ),
            _with_followers(verdict[2], followers),
        )
        for verdict in verdicts
    ]


def _with_followers(
    reported: Mapping[Gap, Sequence[Change]], followers: Mapping[Address, Sequence[Change]]
) -> Mapping[Gap, Sequence[Change]]:
    """Add the pending changes that follow from the drift that a finding reports."""
    found = [f for change in reported.get(Gap.DRIFT, ()) for f in followers.get(change.address, ())]
    return {**reported, Gap.PENDING: [*reported[Gap.PENDING], *found]} if found else reported


def _is_other_name(pending: Change) -> bool:
    """Whether models and migrations only name an object differently, and so agree about it.

    Example: the models name an index ``ix_a`` and the migrations name it ``a_key``. If the live
    database has lost it, somebody has dropped what both of them create.
    """
    is_renamed = pending.type is ChangeType.RENAMED and not pending.differences
    return is_renamed and pending.schema_object.renamable


def _is_explained(
    drift: Change, snapshots: Mapping[Side, Snapshot], note_reason: NoteReason
) -> bool:
    """Whether drift came about without a change by a person, so that it is no conflict."""
    stamped, live = (snapshots[side] for side in Gap.DRIFT.between)
    reason = note_reason(drift.wanted, drift.actual, (stamped, live))
    return Verdict.DRIFT in NOTED_ONLY_IN.get(reason, ())


def addresses_of(change: Change) -> tuple[Address, ...]:
    """Return the addresses of a change's object: two if it was renamed."""
    sides = (side.address for side in (change.wanted, change.actual) if side is not None)
    return tuple(dict.fromkeys(sides))


def objects_of(changes: Iterable[Change]) -> Iterator[SchemaObject]:
    """Yield the objects of changes on both sides, and those of the changes folded into them."""
    for change in changes:
        yield from (side for side in (change.wanted, change.actual) if side is not None)
        yield from objects_of(change.parts)


def _finding(  # noqa: PLR0913  (a finding depends on all of them)
    verdict: Verdict,
    change: Change,
    reported: Mapping[Gap, Sequence[Change]],
    snapshots: Mapping[Side, Snapshot],
    *,
    describe: Describe,
    note_reason: NoteReason,
    other_names: Mapping[Address, Change],
) -> Finding:
    pending = reported.get(Gap.PENDING, ()) if verdict.change_gap is Gap.DRIFT else ()
    if verdict is Verdict.DRIFT and change.address in other_names:
        pending = [other_names[change.address]]
    wanted, actual = (snapshots[side] for side in verdict.change_gap.between)
    note = note_reason(change.wanted, change.actual, (wanted, actual))
    duplicate = _duplicate(verdict, change, snapshots)
    identity, rule = declared_twice(change) if duplicate else _rule(verdict, change, note)
    new = change.actual.address if change.actual else change.address
    objects = objects_by_side(verdict, change, pending, snapshots)
    values = attribute_values(change, pending, objects)
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=fill(
            rule.message,
            kind=change.address.kind,
            name=change.address.sql,
            new_name=new.sql,
            difference=short_difference(change),
            other=duplicate.address.sql if duplicate else "",
        ),
        verdict=verdict,
        change=change.type,
        address=change.address,
        new_name=new.sql if change.type is ChangeType.RENAMED else "",
        part_of=change.schema_object.part_of,
        definitions={
            side: None if found is None else _definition(found, change, describe)
            for side, found in objects.items()
        },
        differences=differences_of(verdict, change, values),
        attribute_values=values,
        parts=tuple(_parts(change.parts)),
        impact=rule.impact,
    )


def _definition(schema_object: SchemaObject, change: Change, describe: Describe) -> str:
    """Return the definition of an object, preceded by its name if the change has another."""
    renamed = schema_object.address != change.address
    return f"{schema_object.address.name}: " * renamed + describe(schema_object)


def _duplicate(
    verdict: Verdict, change: Change, snapshots: Mapping[Side, Snapshot]
) -> SchemaObject | None:
    if verdict is not Verdict.PENDING:
        return None
    return duplicate_declaration(change, snapshots[Side.MODELS], snapshots[Side.HEAD])


def _rule(verdict: Verdict, change: Change, note: str) -> tuple[str, Rule]:
    is_left = verdict is Verdict.PENDING and is_left_to_migrations(change)
    return left_to_migrations(change) if is_left else rule_of(verdict, change, note)


def _parts(changes: Iterable[Change]) -> Iterator[Address]:
    for change in changes:
        yield change.address
        yield from _parts(change.parts)


def is_left_to_migrations(change: Change) -> bool:
    """Whether only attributes differ that models need not declare, such as a default."""
    return change.type is ChangeType.CHANGED and all(map(_is_undeclared, change.differences))


def _is_undeclared(difference: Difference) -> bool:
    return difference.attribute in LEFT_TO_MIGRATIONS and difference.wanted is None
