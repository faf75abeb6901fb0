"""Finds where the models declare what findings are about, for those that models have a say in."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.chain import Gap, Side
from driftcheck.judging.findings import SourceLine
from driftcheck.judging.judge import Judged, touched
from driftcheck.pipeline.database_state import Database
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address
from driftcheck.sources.models import declared_tables


def declared_lines(
    session: Session, one: Database, judged: Sequence[Judged]
) -> dict[Address, SourceLine]:
    """The line of the models for each object that they changed and still have.

    Returns:
        The lines by the addresses of the findings; those that cannot be found are left out.
    """
    models = one.snapshots.get(Side.MODELS)
    if models is None:
        return {}
    theirs: dict[Address, Address] = {}  # the finding's address by the one in the models
    for each in judged:
        told_as = each.finding.address
        if told_as is not None and Gap.PENDING in each.finding.gaps:
            changes = (change for several in each.changes.values() for change in several)
            held = (a for change in changes for a in touched(change) if a in models.objects)
            theirs |= dict.fromkeys(held, told_as)
    if not theirs:
        return {}
    found = session.declarations.find(
        declared_tables(one.configured),
        [(address, models.objects[address].part_of) for address in theirs],
        models.default_schema,
    )
    return {theirs[address]: SourceLine(*place) for address, place in found.items()}
