"""Builds snapshots of the history: at each live database's revisions, and at the head."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import MetaData

from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.databases.reading import Scope
from driftcheck.databases.version_table import VersionTable
from driftcheck.project.environment import Environment
from driftcheck.project.inputs import States, inputs_of, inputs_with, merged
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.cache import Cache
from driftcheck.sources.object_sources import MigrationSource, ObjectSources
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.replay import (
    Destinations,
    Replay,
    RevisionFailure,
    UseOfModels,
)
from driftcheck.sources.replay_inputs import ReplayRecording
from driftcheck.storage.snapshot_file import SnapshotFile, address_of

FRESH = "fresh"
CACHED = "cached"


@dataclass
class History:
    """The schemas that a history builds in each database.

    Attributes:
        stamped: The schema at the revisions that the live database is stamped with. A database
            is missing if the replay failed before these revisions.
        head: The schema at the heads of the history; missing likewise.
        sources: Where the migrations create and drop objects, up to the heads.
        sources_at_stamped: The same at the revisions of the live database; ``None`` if the replay
            started at later revisions.
        fault: The failure that stopped the replay, if any.
        how: ``fresh`` or ``cached``.
        inputs: What the replay has read outside the history; ``None`` if that cannot be read again.
        uses_of_models: The lines of revisions that create tables of the models.
        digests: A digest of all that the cache has of each head; empty for what is not cached.
    """

    stamped: dict[DatabaseKey, Snapshot] = field(default_factory=dict)
    head: dict[DatabaseKey, Snapshot] = field(default_factory=dict)
    sources: ObjectSources = field(default_factory=ObjectSources)
    sources_at_stamped: ObjectSources | None = None
    fault: RevisionFailure | None = None
    how: str = FRESH
    inputs: States | None = field(default_factory=dict)
    uses_of_models: tuple[UseOfModels, ...] = ()
    digests: dict[DatabaseKey, str] = field(default_factory=dict)


class HistoryReplay:
    """Replays a history and reads the schemas that it builds.

    Args:
        replay: The replay.
        shadow_set: Its shadows.
        environment: The configuration that env.py makes.
        scope: The part of a database that is read.
    """

    def __init__(
        self, replay: Replay, shadow_set: ShadowSet, environment: Environment, scope: Scope
    ) -> None:
        self._replay = replay
        self._shadow_set = shadow_set
        self._tables = version_tables(environment)
        self._heads = dict.fromkeys(version_table_keys(environment), environment.heads)
        self._scope = scope

    def run(
        self, stamped: Destinations, at_stamped: Callable[[States | None], None] = lambda _: None
    ) -> History:
        """Replay to the revisions of the live databases, then to the heads.

        Args:
            stamped: The revisions of each live database's version tables.
            at_stamped: Called at these revisions, with what was read until then.
        """
        history = History()
        with self._replay.recording() as recorder:
            if self._replay.upgrade(stamped):
                history.stamped = self._read()
                history.sources_at_stamped = self._replay.sources.copy()
                at_stamped(recorder.inputs())
                if all(set(stamped.get(key, ())) == set(self._heads[key]) for key in self._heads):
                    history.head = history.stamped
                elif self._replay.upgrade(self._heads):
                    history.head = self._read()
        return self._completed(history, recorder)

    def run_after(self, stamped: Mapping[DatabaseKey, Snapshot]) -> History:
        """Replay to the heads, in shadows that are past the revisions of the live databases.

        Args:
            stamped: The schemas at the revisions of the live databases.
        """
        history = History(stamped=dict(stamped))
        with self._replay.recording() as recorder:
            if self._replay.upgrade(self._heads):
                history.head = self._read()
        return self._completed(history, recorder)

    def _completed(self, history: History, recorder: ReplayRecording) -> History:
        history.inputs = recorder.inputs()
        history.sources = self._replay.sources
        history.fault = self._replay.fault
        history.uses_of_models = self._replay.uses_of_models
        return history

    def _read(self) -> dict[DatabaseKey, Snapshot]:
        """Read the shadows, with computed defaults as the revisions write them."""
        dates = self._replay.names_special_date
        return {
            database_key: with_computed_defaults(snapshot, dates=dates)
            for database_key, snapshot in read_shadow_set(
                self._shadow_set, self._tables, self._scope
            ).items()
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
        database_key: list(dict.fromkeys(each.alembic_table for each in contexts))
        for database_key, contexts in environment.databases.items()
    }


def version_table_keys(environment: Environment) -> list[tuple[DatabaseKey, VersionTable]]:
    """Every version table, each with its database."""
    return [
        (database_key, table)
        for database_key, tables in version_tables(environment).items()
        for table in tables
    ]


@dataclass(frozen=True)
class CachedSchema:
    """A cached schema of a history whose replay inputs have not changed.

    Attributes:
        snapshot: The schema.
        made: Where the migrations create its objects.
        dropped: Where they drop or rename objects that it does not have.
        inputs: What the replay has read outside the history.
        digest: The digest of the cache entry.
    """

    snapshot: Snapshot
    made: Mapping[Address, MigrationSource]
    dropped: Mapping[Address, MigrationSource]
    inputs: States
    digest: str

    @classmethod
    def get(cls, cache: Cache, key: str) -> CachedSchema | None:
        """Return the entry of a key; ``None`` if it is missing or not valid any more."""
        entry = cache.get(key)
        if entry is None or not {"inputs", "sources", "dropped"} <= entry.file.extra.keys():
            return None
        file = entry.file
        inputs = inputs_of(file.extra["inputs"])
        states = None if inputs is None else inputs.unchanged()
        if states is None:
            return None
        made = sources_in(file.extra["sources"], file.snapshot)
        dropped = {address_of(row): MigrationSource(*where) for row, where in file.extra["dropped"]}
        return cls(file.snapshot, made, dropped, states, entry.digest)


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
        self._schemas: dict[str, CachedSchema | None] = {}
        heads = environment.heads
        self._keys = {
            (database_key, side): cache.key(
                revisions, flavour(database_key), *database_identity(environment, database_key)
            )
            for database_key in environment.databases
            for side, revisions in (("stamped", _at(database_key, stamped)), ("head", heads))
        }

    def get(self) -> History | None:
        """The history; ``None`` unless every schema of it is cached."""
        history = History(how=CACHED)
        for (database_key, side), name in self._keys.items():
            schema = self._schema(name)
            if schema is None:
                return None
            history.inputs = merged(history.inputs, schema.inputs)
            getattr(history, side)[database_key] = schema.snapshot
            if side == "head":
                history.sources.put(database_key, schema.made, schema.dropped)
                history.digests[database_key] = schema.digest
        return history

    def stamped(self) -> dict[DatabaseKey, Snapshot] | None:
        """The schemas at the revisions of the live databases, if all of them are cached."""
        found: dict[DatabaseKey, Snapshot] = {}
        for (database_key, side), name in self._keys.items():
            if side == "stamped":
                schema = self._schema(name)
                if schema is None:
                    return None
                found[database_key] = schema.snapshot
        return found

    def _schema(self, key: str) -> CachedSchema | None:
        if key not in self._schemas:
            self._schemas[key] = CachedSchema.get(self._cache, key)
        return self._schemas[key]

    def put(self, history: History) -> None:
        """Cache the result of a replay, unless it failed or depends on what no key can have."""
        if history.fault is not None or history.uses_of_models or history.inputs is None:
            return
        inputs = inputs_with(history.inputs).as_json()
        found_at = {"stamped": history.sources_at_stamped, "head": history.sources}
        for (database_key, side), key in self._keys.items():
            found = found_at[side]
            if found is None:  # it came from the cache itself
                continue
            snapshot = getattr(history, side)[database_key]
            sources = sources_as_json(found.made_in(database_key), snapshot)
            dropped = [
                [address, [where.revision, where.file, where.line]]
                for address, where in found.dropped_in(database_key).items()
            ]
            extra = {"sources": sources, "dropped": dropped, "inputs": inputs}
            digest = self._cache.put(key, SnapshotFile(snapshot, (), extra))
            if side == "head":
                history.digests[database_key] = digest


def database_identity(environment: Environment, database_key: DatabaseKey) -> Sequence[str]:
    """Return values that identify a database among the databases of a project, and its naming.

    The only database of a project is the same wherever it is. With several databases, revisions
    know them by their bind or by their URL. Version tables that env.py places elsewhere mean that
    the migrations create other objects, for example in the schema of another tenant. Alembic gives
    constraints and indexes without a name in a revision those of the models' naming convention.
    Source: alembic/operations/schemaobj.py.
    """
    contexts = environment.databases[database_key]
    parts = [
        f"{c.bind} {c.version_schema}.{c.version_table} {c.working} {[*map(_naming, c.metadata)]}"
        for c in contexts
    ]
    if len(environment.databases) > 1:
        parts.append(str(tuple(database_key)))
    return (database_key.dialect, *parts)


def _naming(metadata: MetaData) -> list[tuple[str, str]]:
    """Return the naming convention of models. A function counts by its source."""
    return sorted(
        (str(key), value if isinstance(value, str) else _source_of(value))
        for key, value in metadata.naming_convention.items()
    )


def _source_of(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # its address differs in the next run, so nothing is found again
        return repr(function)


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


def sources_as_json(
    made: Mapping[Address, MigrationSource], snapshot: Snapshot
) -> dict[str, list[Any]]:
    """Return where objects are created, as JSON can represent it, next to their schema.

    A large schema has far more objects than lines that create them. So each line is written once,
    and each object has the number of its line.

    Args:
        made: Where the migrations create the objects.
        snapshot: A schema that has most of them.
    """
    numbers: dict[MigrationSource, int] = {}
    for source in made.values():
        numbers.setdefault(source, len(numbers))
    return {
        "lines": [[source.revision, source.file, source.line] for source in numbers],
        "of_objects": [
            numbers[made[address]] if address in made else None for address in snapshot.objects
        ],
        "of_others": [
            [address, numbers[source]]
            for address, source in made.items()
            if address not in snapshot.objects
        ],
    }


def sources_in(data: Mapping[str, Any], snapshot: Snapshot) -> dict[Address, MigrationSource]:
    """Return what ``sources_as_json`` has converted.

    Args:
        data: The data.
        snapshot: The schema that it was written with.
    """
    lines = [MigrationSource(*line) for line in data["lines"]]
    numbered = zip(snapshot.objects, data["of_objects"], strict=True)
    made = {address: lines[number] for address, number in numbered if number is not None}
    made.update((address_of(row), lines[number]) for row, number in data["of_others"])
    return made
