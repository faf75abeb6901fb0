"""Reads from a database's catalog how the changes that were found in it happened.

The catalog is read after the comparison, and only for the objects that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Evidence
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace
from driftcheck.sources.live import reading

_RENUMBERED = Evidence(
    "the columns of its table have different numbers than the migrations give them: the table was "
    "restored or created in another way, or columns were added again"
)


def evidence_of(
    changes: Iterable[Change], wanted: Snapshot, actual: Snapshot, catalog: Catalog, url: URL
) -> Mapping[Address, Evidence]:
    """Return the evidence for changes, by the address under which each is reported.

    The database is opened for this reading. If it cannot be read, there is no evidence.

    Args:
        changes: The changes between the two snapshots.
        wanted: The schema as it should be.
        actual: The schema as it was read from the database.
        catalog: The catalog that reads the database.
        url: The database.
    """
    several = list(changes)
    evidence: dict[Address, Evidence] = {}
    missing = []
    for part, parent in _missing_parts(several):
        if _numbers_agree(part.part_of, parent, wanted, actual):
            missing.append(replace(part, part_of=parent))
        else:
            evidence[part.address] = _RENUMBERED
    present = {c.actual.address: c.address for c in several if c.actual is not None}
    if missing or present:
        with suppress(CannotCheckError), reading(url) as connection:
            traces = catalog.traces(connection, missing, list(present))
            evidence |= {present.get(a, a): _in_words(trace) for a, trace in traces.items()}
    return evidence


def _missing_parts(changes: Sequence[Change]) -> Iterator[tuple[SchemaObject, Address | None]]:
    """Yield the missing parts that have a number, each with the present name of its parent."""
    renamed = {c.wanted.address: c.actual.address for c in changes if c.wanted and c.actual}
    for change in changes:
        part = change.wanted
        if change.type is ChangeType.MISSING and part is not None and part.number is not None:
            yield part, renamed.get(part.part_of, part.part_of) if part.part_of else None


def _numbers_agree(
    parent: Address | None, actual_parent: Address | None, wanted: Snapshot, actual: Snapshot
) -> bool:
    """Whether parts of the same name have the same number on both sides.

    If not, the table was restored, created again or built by ``create_all``, or columns were
    dropped and added again, and its numbers are no evidence.
    """
    if parent is None or actual_parent is None:
        return False
    numbers = {_name(part): part.number for part in actual.parts.get(actual_parent, ())}
    parts = wanted.parts.get(parent, ())
    return all(numbers.get(_name(part), part.number) == part.number for part in parts)


def _name(part: SchemaObject) -> tuple[str, str]:
    return part.address.kind, part.address.name


def _in_words(trace: Trace) -> Evidence:
    if trace.number is None:
        text = f"its row in the catalog was last written at {trace.written}"
        return Evidence(text, at=trace.written)
    if not trace.has_tombstone:
        return Evidence(
            f"pg_attribute has no dropped column at attnum {trace.number}: the column has not "
            "existed since its table was created",
            never_existed=True,
        )
    when = f" at {trace.written}" if trace.written else ""
    column = f"pg_attribute has a dropped column at attnum {trace.number}"
    text = f"{column}: the column existed and was dropped{when}"
    return Evidence(text, trace.number, trace.written)
