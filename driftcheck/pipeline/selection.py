"""Selects the part of a database that is read, and the schemas that are compared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from driftcheck.config.settings import Settings
from driftcheck.databases.reading import Scope
from driftcheck.schema import Snapshot


def reading_scope(settings: Settings) -> Scope:
    """Return the properties of a database that the settings ask for, in all schemas.

    Databases are always read completely, because objects in the selected schemas may depend on
    objects in others.
    """
    return Scope(grants=settings.grants, owners=settings.owners, settings=settings.settings)


def compared_scope(settings: Settings) -> Scope:
    """Return the properties and the schemas that the settings select for a comparison."""
    return replace(reading_scope(settings), schemas=settings.schemas or None)


def within(snapshot: Snapshot, schemas: Collection[str]) -> Snapshot:
    """Return the snapshot limited to the named schemas; unchanged if no schema is named.

    Objects outside any schema, such as extensions, stay.
    """
    return snapshot.within(schemas) if schemas else snapshot
