"""Reads the base snapshot that a history starts from, and keeps its definitions.

A server does not always print a definition as it was given: on PostgreSQL, ``CHECK (a IN ('x'))``
is printed as ``CHECK (a = 'x'::text)``, and a constraint that is created from this definition may
be printed differently once more. So a schema that is built from a base snapshot can read
differently although nothing was changed. Objects that are as the base snapshot built them get the
definition of the base snapshot back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.selection import reading_scope
from driftcheck.schema import SchemaObject, Snapshot
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import build_untrusted
from driftcheck.storage.snapshot_file import SnapshotFile, load


def starts_from_base_snapshot(settings: Settings) -> bool:
    """Whether the history starts from a base snapshot: a bootstrap takes precedence."""
    return settings.base_snapshot is not None and settings.bootstrap is None


def read_base_snapshot(path: Path) -> SnapshotFile:
    """Read the base snapshot of a project.

    Raises:
        ConfigurationError: The file does not exist or is damaged.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return load(lines)
    except (OSError, ConfigurationError) as error:
        raise ConfigurationError(
            f"cannot read the base snapshot {path}: {error}",
            hint="Write it from a database that is known to be good: "
            "driftcheck snapshot --write FILE",
        ) from None


def object_restorer(
    settings: Settings, shadows: Shadows, database_key: DatabaseKey
) -> Callable[[SchemaObject], SchemaObject] | None:
    """Return a function that gives an unchanged object its definition in the base snapshot.

    Returns:
        ``None`` if the history does not start from a base snapshot.
    """
    if settings.base_snapshot is None or settings.bootstrap is not None:
        return None
    base = read_base_snapshot(settings.base_snapshot).snapshot
    shadow = shadows.create_restricted(database_key, "base")
    build_untrusted(base, shadow)
    built = read_restricted(shadow, reading_scope(settings))

    def restore(read: SchemaObject) -> SchemaObject:
        as_built, as_given = built.objects.get(read.address), base.objects.get(read.address)
        if as_built is None or as_given is None or read.attributes != as_built.attributes:
            return read
        return replace(read, attributes=as_given.attributes)

    return restore


def snapshot_restorer(
    settings: Settings, shadows: Shadows, database_key: DatabaseKey
) -> Callable[[Snapshot], Snapshot]:
    """Return a function that restores all objects of a snapshot as ``object_restorer`` does.

    It also adds the objects that the shadow of the base snapshot could not have.
    """
    restore_object = object_restorer(settings, shadows, database_key)
    if restore_object is None or settings.base_snapshot is None:
        return lambda snapshot: snapshot
    catalog = catalog_for(database_key.dialect)
    base = read_base_snapshot(settings.base_snapshot).snapshot
    left_out = {
        a: obj for a, obj in base.objects.items() if catalog.kind(a.kind).left_out_of_copies
    }

    def restore(snapshot: Snapshot) -> Snapshot:
        objects = {address: restore_object(read) for address, read in snapshot.objects.items()}
        return replace(snapshot, objects={**left_out, **objects})

    return restore
