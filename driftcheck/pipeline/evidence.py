"""Asks a database what it still knows of what was found: after the comparison, and of that only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Evidence
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace
from driftcheck.sources.live import reading

_MADE_ANEW = Evidence("its table was made anew, or restored: the columns there have other numbers")


def evidence_of(
    changes: Iterable[Change], wanted: Snapshot, actual: Snapshot, catalog: Catalog, url: URL
) -> Mapping[Address, Evidence]:
    """What a database knows of the changes, by the address that each is told under.

    It is read again for that, for it may be long since; what cannot be had is not told.

    Args:
        changes: The changes between the two snapshots.
        wanted: The schema as it should be.
        actual: The schema as the database had it.
        catalog: The catalog that reads it.
        url: The database.
    """
    several = list(changes)
    moved = {c.wanted.address: c.actual.address for c in several if c.wanted and c.actual}
    found: dict[Address, Evidence] = {}
    missing = []
    for change in several:
        thing = change.wanted
        if change.type is not ChangeType.MISSING or thing is None or thing.number is None:
            continue
        whole = moved.get(thing.part_of, thing.part_of) if thing.part_of else None
        if whole is not None and _numbers_agree(thing.part_of, whole, wanted, actual):
            missing.append(replace(thing, part_of=whole))
        else:
            found[thing.address] = _MADE_ANEW
    present = {c.actual.address: c.address for c in several if c.actual is not None}
    if missing or present:
        with suppress(CannotCheckError), reading(url) as connection:
            traces = catalog.traces(connection, missing, list(present))
            found |= {present.get(a, a): _evidence(trace) for a, trace in traces.items()}
    return found


def _numbers_agree(
    whole: Address | None, there: Address, wanted: Snapshot, actual: Snapshot
) -> bool:
    """Whether what is called the same on both sides has the same number: else they mean nothing."""
    if whole is None:
        return False
    numbers = {_name(part): part.number for part in actual.parts.get(there, ())}
    parts = wanted.parts.get(whole, ())
    return all(numbers.get(_name(part), part.number) == part.number for part in parts)


def _name(part: SchemaObject) -> tuple[str, str]:
    return part.address.kind, part.address.name


def _evidence(trace: Trace) -> Evidence:
    """A trace in words."""
    if trace.number is None:
        text = f"its row in the catalog was last written at {trace.written}"
        return Evidence(text, at=trace.written)
    if not trace.has_tombstone:
        return Evidence(
            f"no tombstone at attnum {trace.number}: since this table was made, it has not had one"
        )
    when = f", at {trace.written}" if trace.written else ""
    text = f"its tombstone is at attnum {trace.number}: it was there and was dropped{when}"
    return Evidence(text, trace.number, trace.written)
