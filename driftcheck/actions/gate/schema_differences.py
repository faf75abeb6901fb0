"""Reports the objects in which two schemas differ that should be equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from driftcheck.databases.registry import catalog_for
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.findings import Finding, Origin
from driftcheck.pipeline.faults.faults import fault
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.schema import SchemaObject, Snapshot

_PREDICATES = {
    ChangeType.MISSING: "is missing",
    ChangeType.EXTRA: "still exists",
    ChangeType.CHANGED: "is different",
    ChangeType.RENAMED: "is named {new}",
}
"""What the message of a rule says of the object, by the type of the change."""


def difference_findings(
    rule: str,
    sides: tuple[Snapshot, Snapshot],
    origin: Origin | None,
    since: object,
    maker: Callable[[], ShadowMaker],
) -> Iterator[Finding]:
    """Yield a finding for each object that differs.

    Args:
        rule: The identity of the rule. Its message has the placeholders ``name``, ``what`` and
            ``since``.
        sides: The schema as it should be, and as it is.
        origin: The line of the migration that causes the differences.
        since: The revision or the base that the message names as ``since``.
        maker: Returns what makes the shadows in which equal expressions are recognized.
    """
    dialect = sides[0].dialect
    compare_read = partial(compare, same_lineage=False)
    comparison = compared(*sides, compare_read, catalog_for(dialect), maker)
    for change in comparison.changes:
        new_name = change.actual.address.sql if change.actual else ""
        yield fault(
            rule,
            details="\n".join([*_details(change, dialect), comparison.explanation(change)]).strip(),
            origin=origin,
            about=change.schema_object,
            name=change.address,
            what=_PREDICATES[change.type].format(new=new_name),
            since=since,
        )


def _details(change: Change, dialect: str) -> Iterator[str]:
    """The attributes that differ; the definition of an object that is missing or extra."""
    for difference in change.differences:
        yield f"{difference.attribute}: {difference.actual} instead of {difference.wanted}"
    if not change.differences:
        definition = _definition(change.wanted or change.actual, dialect)
        yield from [definition] if definition else []


def _definition(schema_object: SchemaObject | None, dialect: str) -> str:
    return "" if schema_object is None else catalog_for(dialect).describe(schema_object)
