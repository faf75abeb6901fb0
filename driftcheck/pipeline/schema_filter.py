"""Narrows a snapshot to the schemas that were asked for."""

from __future__ import annotations

from collections.abc import Collection

from driftcheck.schema import Snapshot


def within(snapshot: Snapshot, schemas: Collection[str]) -> Snapshot:
    """The snapshot, but of its schemas only those that are named; all of them where none are.

    What lives in no schema stays: an extension, and everything where there are no schemas.
    Databases are read whole all the same: what is looked at may need what is not.
    """
    return snapshot.within(schemas) if schemas else snapshot
