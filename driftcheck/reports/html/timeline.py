"""Lays out the history as a timeline, with head, stamped and live on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from driftcheck.chain import Gap
from driftcheck.judging.findings import Verdict
from driftcheck.judging.report import DatabaseReport, HistoryRevision
from driftcheck.reports.terminal.counting import counted

_SHOWN = 25
"""Revisions of a history that is shown as a whole."""


@dataclass(frozen=True)
class TimelineRow:
    """A revision on the timeline.

    Attributes:
        revision: The revision.
        is_applied: Whether it has run according to the stamp; ``None`` if that is not known.
        labels: The schemas that are at this revision.
        deviation: How the live database differs from this revision, if it is the closest one.
        findings: The number of findings about objects that it creates, if it has run.
    """

    revision: HistoryRevision
    is_applied: bool | None
    labels: tuple[str, ...]
    deviation: str
    findings: int


@dataclass(frozen=True)
class TimelinePart:
    """Consecutive revisions.

    Attributes:
        rows: The revisions, the latest first.
        is_folded: Whether they are folded, because nothing is to be seen there.
    """

    rows: tuple[TimelineRow, ...]
    is_folded: bool


@dataclass(frozen=True)
class Timeline:
    """A history.

    Attributes:
        live: Where the live database is, in a sentence; empty if that is not known.
        unknown: The revisions of the stamp that the history does not have.
        parts: The revisions, the latest first.
    """

    live: str
    unknown: tuple[str, ...]
    parts: tuple[TimelinePart, ...]


def timeline(database: DatabaseReport) -> Timeline | None:
    """Lay out the history of a database; ``None`` without a history."""
    if not database.history:
        return None
    known = {revision.revision for revision in database.history}
    live, differs = _live(database)
    rows = list(_rows(database, is_known=bool(live), differs=differs))
    return Timeline(
        live,
        tuple(revision for revision in database.stamped if revision not in known),
        tuple(_parts(rows)),
    )


def _reads_live(database: DatabaseReport) -> bool:
    """Whether the stamp of the live database was read."""
    gaps = {Gap.UNAPPLIED, Gap.DRIFT}
    return bool(database.simulations or database.stamped) or not gaps.isdisjoint(database.gaps)


def _live(database: DatabaseReport) -> tuple[str, bool]:
    """Return where the live database is, and whether it is at none of the revisions."""
    match = database.revision_match
    if match is not None:
        names = " or ".join(" with ".join(state) or "no revision" for state in match.states)
        if match.changes:
            return f"{counted(match.changes, 'change')} from {names}, the nearest revision", True
        return f"at {names}", False
    if Gap.DRIFT not in database.gaps or not any(database.coverage.compared.values()):
        return "", False
    stamped = ", ".join(database.stamped) or "no revision"
    found = sum(Gap.DRIFT in finding.gaps for finding in database.findings)
    ignored = sum(Gap.DRIFT in each.finding.gaps for each in database.ignored)
    if found or ignored:
        also = f", {ignored} ignored" if ignored else ""
        return f"at {stamped}, with {counted(found, 'finding')} of drift{also}", True
    return f"at {stamped}", False


def _rows(database: DatabaseReport, *, is_known: bool, differs: bool) -> Iterator[TimelineRow]:
    match = database.revision_match
    at = {r for state in match.states for r in state} if match else {*database.stamped}
    applied = ancestors(database.stamped, database.history)
    reads_live = _reads_live(database)
    not_run = Verdict.UNAPPLIED  # these findings say no more than that the revision has not run
    found = (f for f in database.findings if f.verdict is not not_run)
    created = Counter(f.origin.revision for f in found if f.origin)
    deviation = "is closest to this revision" if match else "differs from this revision"
    for revision in reversed(database.history):
        name = revision.revision
        has_live = is_known and name in at
        places = (
            ("head", name in database.heads),
            ("stamped", name in database.stamped),
            ("live", has_live and not differs),
        )
        labels = tuple(label for label, is_here in places if is_here)
        is_applied = name in applied if reads_live else None
        yield TimelineRow(
            revision, is_applied, labels, deviation * (has_live and differs), created[name]
        )


def ancestors(revisions: Iterable[str], history: Sequence[HistoryRevision]) -> frozenset[str]:
    """Return revisions and all that they need; those that the history does not have are left out.

    Args:
        revisions: The identifiers of the revisions.
        history: The revisions of the history, parents first.
    """
    needed = set(revisions)
    found = set()
    for revision in reversed(history):
        if revision.revision in needed:
            found.add(revision.revision)
            needed.update(revision.parents)
    return frozenset(found)


def _parts(rows: Sequence[TimelineRow]) -> Iterator[TimelinePart]:
    """Divide the rows. In a long history, only the surroundings of what matters are shown."""
    if len(rows) <= _SHOWN:
        yield TimelinePart(tuple(rows), is_folded=False)
        return
    places = [number for number, row in enumerate(rows) if row.labels or row.deviation]
    with_findings = [number for number, row in enumerate(rows) if row.findings]
    places += with_findings if len(with_findings) <= _SHOWN else []
    shown = {0, len(rows) - 1} | {n + step for n in places for step in (-1, 0, 1)}
    for is_shown, part in groupby(enumerate(rows), lambda item: item[0] in shown):
        found = tuple(row for _, row in part)
        yield TimelinePart(found, is_folded=not is_shown and len(found) > 1)
