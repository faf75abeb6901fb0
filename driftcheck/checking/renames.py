"""Follows renames: what speaks of a renamed object by its name is compared after the rename.

An index on a column that was renamed by hand reads differently, and was not touched. The server
knows what a rename changes: so the renames are made in a shadow of what the migrations had built,
and what is still different afterwards was really changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.catalog import catalog_for
from driftcheck.catalog.base import CannotBeWritten
from driftcheck.chain import Side
from driftcheck.checking.session import Session
from driftcheck.comparison import Change, ChangeType, compare
from driftcheck.errors import ReplayError
from driftcheck.judge import touched
from driftcheck.location import Place
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.bootstrap import prepare_from_snapshot
from driftcheck.sources.reading import read_shadow, run_statements


def followed(
    session: Session, place: Place, changes: Sequence[Change], sides: dict[Side, Snapshot]
) -> list[Change]:
    """The changes of drift, without those that only follow from a rename among them.

    Where the renames cannot be made in a shadow, all the changes are told.
    """
    renames = [change for change in changes if _can_be_spoken_of(change)]
    if not renames or len(renames) == len(changes):
        return list(changes)
    session.progress("following renames")
    renamed = _renamed(session, place, renames, sides[Side.STAMPED])
    if renamed is None:
        return list(changes)
    again = compare(renamed, sides[Side.LIVE], same_lineage=False)
    still = {address for change in again for address in touched(change)}
    return [change for change in changes if change in renames or not _follows(change, still)]


def _follows(change: Change, still: set[Address]) -> bool:
    """Whether a change is gone once the renames are made.

    Only what was told before is asked for: a schema that was written and read once more can
    read differently by that alone.
    """
    return change.type is ChangeType.CHANGED and still.isdisjoint(touched(change))


def _can_be_spoken_of(change: Change) -> bool:
    """Whether others name the object: nothing names an index or a constraint."""
    return change.type is ChangeType.RENAMED and not change.thing.renamable


def _renamed(
    session: Session, place: Place, renames: Sequence[Change], stamped: Snapshot
) -> Snapshot | None:
    """What the migrations had built, with the renames made."""
    shadow = session.shadows.make(session.target(place), "renamed")
    catalog = catalog_for(place.dialect)
    try:
        prepare_from_snapshot(stamped, shadow.url)
        statements = [
            statement
            for change in renames
            if change.wanted is not None and change.actual is not None
            for statement in catalog.kind(change.thing.address.kind).rename(
                change.wanted, change.actual
            )
        ]
    except (ReplayError, CannotBeWritten):
        return None
    if run_statements(shadow.url, statements):
        return None
    return read_shadow(shadow.url, (), session.scope)
