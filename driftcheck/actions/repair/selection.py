"""Selects the findings that a repair is planned for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.chain import Gap
from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.check import CheckedDatabase
from driftcheck.pipeline.object_lookup import find_objects
from driftcheck.pipeline.repairs.repair import repaired_gap
from driftcheck.schema import Address


def candidates(database: CheckedDatabase, kept: Iterable[Finding]) -> list[Judged]:
    """Return the drift of a database that can be repaired, without ignored findings.

    Args:
        database: The checked database.
        kept: The findings that no ignore entry matches.
    """
    own = {(finding.rule, finding.address) for finding in kept}
    return [
        each
        for each in database.judged
        if repaired_gap(each, database.basis) is Gap.DRIFT
        and (each.finding.rule, each.finding.address) in own
    ]


def named(
    names: Sequence[str], found: Iterable[Sequence[Judged]], kinds: Iterable[str]
) -> frozenset[int] | None:
    """Return the identities of the findings that ``--only`` names; ``None`` without a name.

    A table names its own findings and those of its parts. A renamed object has two names.

    Args:
        names: The names from the command line.
        found: The drift of each database.
        kinds: The names of all kinds.

    Raises:
        NoSuchObjectError: A name matches no finding; the hint names similar objects.
    """
    if not names:
        return None
    owners: dict[Address, set[int]] = {}
    for each in (each for several in found for each in several):
        for address in _addresses(each):
            owners.setdefault(address, set()).add(id(each))
    ordered = [*kinds]
    return frozenset(
        identity
        for name in names
        for address in find_objects(
            name,
            owners,
            ordered,
            unknown="no drift is found at {}",
            otherwise="driftcheck repair without --only shows all drift.",
        )
        for identity in owners[address]
    )


def _addresses(judged: Judged) -> set[Address]:
    changes = judged.changes[Gap.DRIFT]
    own = {side.address for c in changes for side in (c.wanted, c.actual) if side is not None}
    parents = {c.schema_object.part_of for c in changes} - {None}
    parts = {obj.address for obj in objects_of(changes)}
    return {*own, *(parent for parent in parents if parent is not None), *parts}
