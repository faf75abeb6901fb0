"""Finds the lines of the models that declare the objects of findings."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.chain import Gap, Side
from driftcheck.judging.findings import SourceLine
from driftcheck.judging.judge import Judged, addresses_of
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.declarations import Declarations
from driftcheck.sources.models import declared_tables


def declared_lines(
    declarations: Declarations, database: DatabaseState, judged: Sequence[Judged]
) -> dict[Address, SourceLine]:
    """Find the declarations of the objects with a pending change that the models still contain.

    Args:
        declarations: The lines on which the tables of the models are declared.
        database: The state of the database.
        judged: The findings of the database.

    Returns:
        The lines by the addresses of the findings. A declaration that cannot be found has no
        entry.
    """
    models = database.snapshots.get(Side.MODELS)
    if models is None:
        return {}
    finding_of = _finding_addresses(judged, models)
    if not finding_of:
        return {}
    lines = declarations.find(
        declared_tables(database.configured),
        [(address, models.objects[address].part_of) for address in finding_of],
        models.default_schema,
    )
    found: dict[Address, SourceLine] = {}
    for address, reported_as in finding_of.items():
        if address in lines:  # the object itself comes before what follows from its change
            found.setdefault(reported_as, SourceLine(*lines[address]))
    return found


def _finding_addresses(judged: Sequence[Judged], models: Snapshot) -> dict[Address, Address]:
    """Return the address of the finding for each object of the models with a pending change."""
    addresses: dict[Address, Address] = {}
    for each in judged:
        reported_as = each.finding.address
        if reported_as is not None and Gap.PENDING in each.finding.gaps:
            changes = (change for group in each.changes.values() for change in group)
            in_models = (a for c in changes for a in addresses_of(c) if a in models.objects)
            addresses |= dict.fromkeys(in_models, reported_as)
    return addresses
