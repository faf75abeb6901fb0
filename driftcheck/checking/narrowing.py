"""Narrows a snapshot to the schemas that were asked for."""

from __future__ import annotations

from collections.abc import Collection

from driftcheck.schema import Address, Snapshot


def within(snapshot: Snapshot, schemas: Collection[str]) -> Snapshot:
    """The snapshot, but of its schemas only those that are named; all of them where none are.

    What lives in no schema stays: an extension, and everything where there are no schemas.
    Databases are read whole all the same: what is looked at may need what is not.
    """
    if not schemas:
        return snapshot
    return snapshot.only(lambda thing: _schema_of(thing.address) in ("", *schemas))


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema
