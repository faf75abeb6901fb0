"""Folds into the change of a column the changes of views that only follow from it.

An example: somebody changes the type of ``crates.label``. A view of this column cannot keep the old
type, so it has been created again, with the same query. Its column has another type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftcheck.databases.catalog import Catalog
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.schema import Address, Snapshot


def with_derived_changes(
    changes: Sequence[Change], wanted: Snapshot, actual: Snapshot, catalog: Catalog
) -> list[Change]:
    """Return the changes; those that follow from another one are parts of that one.

    Args:
        changes: The changes between the two schemas.
        wanted: The schema as it should be.
        actual: The schema as it is.
        catalog: The catalog of the database.
    """
    derived = [change for change in changes if _is_derived(change, catalog)]
    if not derived:
        return list(changes)
    causes = {
        change.address: change
        for change in changes
        if change.type is ChangeType.CHANGED and not _is_derived(change, catalog)
    }
    followers: dict[Address, list[Change]] = {}
    for change in derived:
        needed = {*wanted.needed_by(change.address), *actual.needed_by(change.address)}
        cause = next((address for address in causes if address in needed), None)
        if cause is not None:
            followers.setdefault(cause, []).append(change)
    folded = {id(change) for group in followers.values() for change in group}
    return [
        replace(change, parts=(*followers[change.address], *change.parts))
        if causes.get(change.address) is change and change.address in followers
        else change
        for change in changes
        if id(change) not in folded
    ]


def _is_derived(change: Change, catalog: Catalog) -> bool:
    """Whether only attributes differ that follow from the objects that the object depends on."""
    if change.type is not ChangeType.CHANGED or not change.differences:
        return False
    attributes = catalog.kind(change.address.kind).derived
    return all(difference.attribute in attributes for difference in change.differences)
