"""Tells in which objects two schemas differ that should be the same, each as a finding."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.findings import Finding, Origin
from driftcheck.pipeline.faults import fault
from driftcheck.schema import SchemaObject, Snapshot

_WHAT = {
    ChangeType.MISSING: "is missing",
    ChangeType.EXTRA: "is left over",
    ChangeType.CHANGED: "is not what it was",
    ChangeType.RENAMED: "is called {new}",
}


def differing(
    rule: str, wanted: Snapshot, actual: Snapshot, origin: Origin | None, since: object
) -> Iterator[Finding]:
    """A finding for each object that is not as it should be.

    Args:
        rule: Its rule, whose message has places for ``name``, ``what`` and ``since``.
        wanted: The schema as it should be.
        actual: The schema as it is.
        origin: The line that it comes from.
        since: Where the difference comes from: what the rule's message calls ``since``.
    """
    for change in compare(wanted, actual, same_lineage=False):
        new = change.actual.address.sql if change.actual else ""
        yield fault(
            rule,
            details="\n".join(_details(change, wanted.dialect)),
            origin=origin,
            about=change.schema_object,
            name=change.address,
            what=_WHAT[change.type].format(new=new),
            since=since,
        )


def _details(change: Change, dialect: str) -> Iterator[str]:
    """What the object should be and what it is; of one that has changed, only where it has."""
    if change.differences:
        for difference in change.differences:
            yield f"{difference.attribute}: {difference.actual}, and not {difference.wanted}"
        return
    yield from filter(None, (_described(change.wanted or change.actual, dialect),))


def _described(thing: SchemaObject | None, dialect: str) -> str:
    return "" if thing is None else catalog_for(dialect).describe(thing)
