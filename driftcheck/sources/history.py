"""Builds snapshots of the history: at each live database's revisions, and at the head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.databases.version_table import VersionTable
from driftcheck.project.environment import Environment
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.cache import Cache
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.replay import (
    Destinations,
    MigrationSource,
    Replay,
    RevisionFailure,
    UseOfModels,
)
from driftcheck.sources.replay_inputs import ReplayInputs, replay_inputs_of
from driftcheck.storage.snapshot_file import SnapshotFile

FRESH = "fresh"
CACHED = "cached"


@dataclass
class History:
    """The schemas that a history builds in each database.

    Attributes:
        stamped: The schema at the revisions that the live database is stamped with. A database
            is missing if the replay failed before these revisions.
        head: The schema at the heads of the history; missing likewise.
        made: For each database, where the migrations create its objects.
        fault: The failure that stopped the replay, if any.
        how: ``fresh`` or ``cached``.
        inputs: What the replay has read outside the history.
        uses_of_models: The lines of revisions that create tables of the models.
        digests: A digest of all that the cache has of each head; empty for what is not cached.
    """

    stamped: dict[DatabaseKey, Snapshot] = field(default_factory=dict)
    head: dict[DatabaseKey, Snapshot] = field(default_factory=dict)
    made: dict[DatabaseKey, dict[Address, MigrationSource]] = field(default_factory=dict)
    fault: RevisionFailure | None = None
    how: str = FRESH
    inputs: ReplayInputs = field(default_factory=ReplayInputs)
    uses_of_models: tuple[UseOfModels, ...] = ()
    digests: dict[DatabaseKey, str] = field(default_factory=dict)


def replay_history(
    replay: Replay,
    shadow_set: ShadowSet,
    environment: Environment,
    stamped: Destinations,
    scope: Scope,
) -> History:
    """Replay a history to the revisions of the live databases, then to the heads.

    Args:
        replay: The replay, in shadows that are prepared for the first revision.
        shadow_set: These shadows.
        environment: The configuration that env.py makes.
        stamped: The revisions of each live database's version tables.
        scope: The part of a database that is read.
    """
    history = History()
    tables = version_tables(environment)
    heads = dict.fromkeys(version_table_keys(environment), environment.heads)
    with replay.recording() as recorder:
        if replay.upgrade(stamped):
            history.stamped = _read(replay, shadow_set, tables, scope)
            if all(set(stamped.get(key, ())) == set(heads[key]) for key in heads):
                history.head = history.stamped
            elif replay.upgrade(heads):
                history.head = _read(replay, shadow_set, tables, scope)
    history.inputs = recorder.inputs()
    history.made = replay.made
    history.fault = replay.fault
    history.uses_of_models = replay.uses_of_models
    return history


def _read(
    replay: Replay,
    shadow_set: ShadowSet,
    tables: Mapping[DatabaseKey, list[VersionTable]],
    scope: Scope,
) -> dict[DatabaseKey, Snapshot]:
    """Read the shadows of a replay, with computed defaults as the revisions write them."""
    dates = replay.names_special_date
    return {
        database_key: with_computed_defaults(snapshot, dates=dates)
        for database_key, snapshot in read_shadow_set(shadow_set, tables, scope).items()
    }


def read_shadow_set(
    shadow_set: ShadowSet, tables: Mapping[DatabaseKey, list[VersionTable]], scope: Scope
) -> dict[DatabaseKey, Snapshot]:
    """Read every shadow of a shadow set, without the version tables."""
    return {
        database_key: read_restricted(shadow_set.shadows[database_key], scope, of_database)
        for database_key, of_database in tables.items()
    }


def version_tables(environment: Environment) -> dict[DatabaseKey, list[VersionTable]]:
    """The version tables of each database."""
    return {
        database_key: list(
            dict.fromkeys(VersionTable(c.version_schema, c.version_table) for c in contexts)
        )
        for database_key, contexts in environment.databases.items()
    }


def version_table_keys(environment: Environment) -> list[tuple[DatabaseKey, VersionTable]]:
    """Every version table, each with its database."""
    return [
        (database_key, table)
        for database_key, tables in version_tables(environment).items()
        for table in tables
    ]


class CachedHistory:
    """The cached history of a project.

    Args:
        cache: The cache.
        environment: The configuration that env.py makes.
        stamped: The revisions of each live database's version tables.
        flavour: Returns the properties of a database's shadow server that could change a replay.
    """

    def __init__(
        self,
        cache: Cache,
        environment: Environment,
        stamped: Destinations,
        flavour: Callable[[DatabaseKey], str],
    ) -> None:
        self._cache = cache
        heads = environment.heads
        self._keys = {
            (database_key, side): cache.key(
                revisions, flavour(database_key), *_identity(environment, database_key)
            )
            for database_key in environment.databases
            for side, revisions in (("stamped", _at(database_key, stamped)), ("head", heads))
        }

    def get(self) -> History | None:
        """The history; ``None`` unless every schema of it is cached."""
        entries = {name: self._cache.get(name) for name in set(self._keys.values())}
        cached = {key: entries[name] for key, name in self._keys.items()}
        history = History(how=CACHED)
        for (database_key, side), entry in cached.items():
            if entry is None or "inputs" not in entry.file.extra:
                return None
            file = entry.file
            inputs = replay_inputs_of(file.extra["inputs"])
            if not inputs.are_unchanged:
                return None
            history.inputs = inputs
            getattr(history, side)[database_key] = file.snapshot
            history.made.setdefault(database_key, {}).update(_sources(file.extra["made"]))
            if side == "head":
                history.digests[database_key] = entry.digest
        return history

    def put(self, history: History) -> None:
        """Cache the result of a replay, unless it failed or depends on the models."""
        if history.fault is not None or history.uses_of_models:
            return
        for (database_key, side), key in self._keys.items():
            made = _rows(history.made.get(database_key, {}))
            snapshot = getattr(history, side)[database_key]
            extra = {"made": made, "inputs": history.inputs.as_json()}
            digest = self._cache.put(key, SnapshotFile(snapshot, (), extra))
            if side == "head":
                history.digests[database_key] = digest


def _identity(environment: Environment, database_key: DatabaseKey) -> Sequence[str]:
    """Return values that identify a database among the databases of a project.

    The only database of a project is the same wherever it is. With several databases, revisions
    know them by their bind or by their URL. Version tables that env.py places elsewhere mean that
    the migrations create other objects, for example in the schema of another tenant.
    """
    contexts = environment.databases[database_key]
    parts = [f"{c.bind} {c.version_schema}.{c.version_table} {c.working}" for c in contexts]
    if len(environment.databases) > 1:
        parts.append(str(tuple(database_key)))
    return (database_key.dialect, *parts)


def _at(database_key: DatabaseKey, stamped: Destinations) -> Sequence[str]:
    """The revisions of one database."""
    return sorted(
        {
            revision
            for (database, _), revisions in stamped.items()
            if database == database_key
            for revision in revisions
        }
    )


def _rows(made: Mapping[Address, MigrationSource]) -> list[list[Any]]:
    return [
        [*address, source.revision, source.file, source.line] for address, source in made.items()
    ]


def _sources(rows: list[list[Any]]) -> dict[Address, MigrationSource]:
    return {
        Address(kind, schema, tuple(path), arguments): MigrationSource(revision, file, line)
        for kind, schema, path, arguments, revision, file, line in rows
    }
