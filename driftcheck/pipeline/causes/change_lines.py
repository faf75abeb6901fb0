"""Describes the changes that revisions make, for the details of findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.judging.comparison import Change, ChangeType

_WORDS = {
    ChangeType.EXTRA: "created",
    ChangeType.MISSING: "dropped",
    ChangeType.CHANGED: "altered",
    ChangeType.RENAMED: "renamed",
}


def described(changes: Iterable[Change]) -> Iterator[str]:
    """Describe the changes that revisions make, one on each line.

    Args:
        changes: The changes from the schema before the revisions to the schema after them.
    """
    for change in changes:
        new = change.actual.address.sql if change.actual else ""
        renamed = f" to {new}" if change.type is ChangeType.RENAMED else ""
        yield f"{_WORDS[change.type]} {change.address}{renamed}"
