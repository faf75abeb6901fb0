"""Limits a snapshot to the schemas that are to be compared."""

from __future__ import annotations

from collections.abc import Collection

from driftcheck.schema import Snapshot


def within(snapshot: Snapshot, schemas: Collection[str]) -> Snapshot:
    """Return the snapshot limited to the named schemas; unchanged if no schema is named.

    Objects outside any schema, such as extensions, stay. Databases are always read completely,
    because objects in the named schemas may depend on objects in others.
    """
    return snapshot.within(schemas) if schemas else snapshot
