"""Judges the changes of the three gaps together: who moved, and what is found of each object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import Change, ChangeType, Difference, compare
from driftcheck.judging.equivalence import meaningful, twin
from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.rules import (
    LEFT_TO_MIGRATIONS,
    Rule,
    declared_twice,
    left_to_migrations,
    rule_of,
    what_differs,
)
from driftcheck.schema import Address, SchemaObject, Snapshot

Describe = Callable[[SchemaObject], str]
Aside = Callable[[SchemaObject | None, SchemaObject | None, tuple[Snapshot, Snapshot]], str]


@dataclass(frozen=True)
class Judged:
    """A finding, and the changes that it tells."""

    finding: Finding
    changes: Mapping[Gap, Sequence[Change]]


def changes_of(gap: Gap, snapshots: Mapping[Side, Snapshot]) -> list[Change]:
    """The changes between two neighbours of the chain; none where one was not looked at."""
    wanted, actual = (snapshots.get(side) for side in gap.between)
    if wanted is None or actual is None:
        return []
    if wanted is actual:
        return []
    changes = compare(wanted, actual, same_lineage=gap is not Gap.PENDING)
    return list(meaningful(changes)) if gap is Gap.PENDING else changes


def judge(
    changes: Mapping[Gap, Sequence[Change]],
    snapshots: Mapping[Side, Snapshot],
    describe: Describe,
    aside: Aside = lambda *_: "",
) -> list[Judged]:
    """Say what each change means, in the light of the others of the same object.

    Args:
        changes: The changes of every gap that was looked at.
        snapshots: The snapshots of every side that was looked at; models only as far as models
            can speak.
        describe: Says in a text what an object is.
        aside: Says why a change is only noted; nothing where it is not.

    Returns:
        In the order of the chain's gaps, drift first, since it is what misleads ``migrate``.
    """
    pending = {a: change for change in changes.get(Gap.PENDING, ()) for a in touched(change)}
    told: set[int] = set()
    verdicts: list[tuple[Verdict, Change, Mapping[Gap, Sequence[Change]]]] = []
    for drift in changes.get(Gap.DRIFT, ()):
        both = [pending[a] for a in touched(drift) if a in pending]
        told |= {id(change) for change in both}
        verdict = _verdict(drift, both, snapshots)
        verdicts.append((verdict, drift, {Gap.DRIFT: [drift], Gap.PENDING: both}))
    verdicts += [
        (Verdict(gap.value), change, {gap: [change]})
        for gap in (Gap.PENDING, Gap.UNAPPLIED, Gap.DIFFERENCE)
        for change in changes.get(gap, ())
        if id(change) not in told
    ]
    return [
        Judged(_finding(verdict, change, snapshots, describe, aside), behind)
        for verdict, change, behind in verdicts
    ]


def touched(change: Change) -> tuple[Address, ...]:
    """The addresses that a change is about: two, where something was renamed."""
    sides = (thing.address for thing in (change.wanted, change.actual) if thing is not None)
    return tuple(dict.fromkeys(sides))


def things_of(changes: Iterable[Change]) -> Iterator[SchemaObject]:
    """Everything that changes are about, what comes with them included."""
    for change in changes:
        yield from (thing for thing in (change.wanted, change.actual) if thing is not None)
        yield from things_of(change.parts)


def _verdict(
    drift: Change, pending: Sequence[Change], snapshots: Mapping[Side, Snapshot]
) -> Verdict:
    if not pending:
        return Verdict.DRIFT
    models, live = snapshots[Side.MODELS], snapshots[Side.LIVE]
    if all(_alike(address, models, live) for address in touched(drift)):
        return Verdict.HAND_APPLIED
    return Verdict.CONFLICT


def _alike(address: Address, models: Snapshot, live: Snapshot) -> bool:
    """Whether the models and live hold an object alike, with all that is a part of it."""
    spoken = {a.kind for a in models.objects} | {address.kind}
    extracts = (_extract(snapshot, address, spoken) for snapshot in (models, live))
    return not list(meaningful(compare(*extracts, same_lineage=False)))


def _extract(snapshot: Snapshot, address: Address, kinds: Collection[str]) -> Snapshot:
    """One object with its parts, of the kinds that the models speak of."""
    things = [snapshot.objects.get(address), *snapshot.parts.get(address, ())]
    objects = {t.address: t for t in things if t is not None and t.address.kind in kinds}
    return Snapshot(objects, snapshot.dialect, snapshot.server_version, snapshot.default_schema)


def _finding(
    verdict: Verdict,
    change: Change,
    snapshots: Mapping[Side, Snapshot],
    describe: Describe,
    aside: Aside,
) -> Finding:
    wanted, actual = (snapshots[side] for side in verdict.gaps[0].between)
    why = aside(change.wanted, change.actual, (wanted, actual))
    other = _twin(verdict, change, snapshots)
    identity, rule = _rule(verdict, change, why) if other is None else declared_twice(change)
    new = change.actual.address if change.actual else change.address
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=rule.message.format(
            kind=change.address.kind,
            name=change.address.sql,
            new_name=new.sql,
            difference=what_differs(change),
            other=other.address.sql if other else "",
        ),
        verdict=verdict,
        change=change.type,
        address=change.address,
        part_of=change.thing.part_of,
        definitions=dict(_definitions(change, snapshots, describe)),
        differences=change.differences,
        parts=tuple(_parts(change.parts)),
        leads_to=rule.leads_to,
    )


def _twin(
    verdict: Verdict, change: Change, snapshots: Mapping[Side, Snapshot]
) -> SchemaObject | None:
    if verdict is not Verdict.PENDING:
        return None
    return twin(change, snapshots[Side.MODELS], snapshots[Side.HEAD])


def _rule(verdict: Verdict, change: Change, why_aside: str) -> tuple[str, Rule]:
    left = verdict is Verdict.PENDING and is_left_to_migrations(change)
    return left_to_migrations(change) if left else rule_of(verdict, change, why_aside)


def _definitions(
    change: Change, snapshots: Mapping[Side, Snapshot], describe: Describe
) -> Iterator[tuple[Side, str | None]]:
    for side in Side:
        snapshot = snapshots.get(side)
        if snapshot is not None:
            held = (snapshot.objects.get(address) for address in touched(change))
            thing = next(filter(None, held), None)
            renamed = thing is not None and thing.address != change.address
            prefix = f"{thing.address.name}: " if thing is not None and renamed else ""
            yield side, None if thing is None else prefix + describe(thing)


def _parts(changes: Iterable[Change]) -> Iterator[Address]:
    for change in changes:
        yield change.address
        yield from _parts(change.parts)


def is_left_to_migrations(change: Change) -> bool:
    """Whether all that differs is what models need not say: a default, a comment, storage."""
    return change.type is ChangeType.CHANGED and all(map(_unsaid, change.differences))


def _unsaid(difference: Difference) -> bool:
    return difference.attribute in LEFT_TO_MIGRATIONS and difference.wanted is None
