"""Builds snapshots of the history: at each live database's revisions, and at the head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import Place
from driftcheck.databases.version_table import VersionTable
from driftcheck.project.environment import Environment
from driftcheck.project.redirect import Stage
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.cache import Cache
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.replay import Destinations, MigrationSource, Replay, RevisionFailure
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
    """

    stamped: dict[Place, Snapshot] = field(default_factory=dict)
    head: dict[Place, Snapshot] = field(default_factory=dict)
    made: dict[Place, dict[Address, MigrationSource]] = field(default_factory=dict)
    fault: RevisionFailure | None = None
    how: str = FRESH


def replay_history(
    replay: Replay, stage: Stage, environment: Environment, stamped: Destinations, scope: Scope
) -> History:
    """Replay a history to the revisions of the live databases, then to the heads.

    Args:
        replay: The replay, in shadows that are prepared for the first revision.
        stage: These shadows.
        environment: The configuration that env.py makes.
        stamped: The revisions of each live database's version tables.
        scope: The part of a database that is read.
    """
    history = History()
    tables = version_tables(environment)
    heads = dict.fromkeys(version_table_keys(environment), environment.heads)
    if replay.upgrade(stamped):
        history.stamped = read_stage(stage, tables, scope)
        if all(set(stamped.get(key, ())) == set(heads[key]) for key in heads):
            history.head = history.stamped
        elif replay.upgrade(heads):
            history.head = read_stage(stage, tables, scope)
    history.made = replay.made
    history.fault = replay.fault
    return history


def read_stage(
    stage: Stage, tables: Mapping[Place, list[VersionTable]], scope: Scope
) -> dict[Place, Snapshot]:
    """Read every shadow of a stage, without the version tables."""
    return {
        place: read_restricted(stage.shadows[place], scope, of_database)
        for place, of_database in tables.items()
    }


def version_tables(environment: Environment) -> dict[Place, list[VersionTable]]:
    """The version tables of each database."""
    return {
        place: list(
            dict.fromkeys(VersionTable(c.version_schema, c.version_table) for c in contexts)
        )
        for place, contexts in environment.databases.items()
    }


def version_table_keys(environment: Environment) -> list[tuple[Place, VersionTable]]:
    """Every version table, each with its database."""
    return [
        (place, table) for place, tables in version_tables(environment).items() for table in tables
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
        flavour: Callable[[Place], str],
    ) -> None:
        self._cache = cache
        heads = environment.heads
        self._keys = {
            (place, side): cache.key(revisions, flavour(place), place.dialect)
            for place in environment.databases
            for side, revisions in (("stamped", _at(place, stamped)), ("head", heads))
        }

    def get(self) -> History | None:
        """The history; ``None`` unless every schema of it is cached."""
        entries = {name: self._cache.get(name) for name in set(self._keys.values())}
        files = {key: entries[name] for key, name in self._keys.items()}
        history = History(how=CACHED)
        for (place, side), file in files.items():
            if file is None:
                return None
            getattr(history, side)[place] = file.snapshot
            history.made.setdefault(place, {}).update(_sources(file.extra["made"]))
        return history

    def put(self, history: History) -> None:
        """Cache the result of a replay, unless the replay failed."""
        if history.fault is not None:
            return
        for (place, side), key in self._keys.items():
            made = _rows(history.made.get(place, {}))
            snapshot = getattr(history, side)[place]
            self._cache.put(key, SnapshotFile(snapshot, (), {"made": made}))


def _at(place: Place, stamped: Destinations) -> Sequence[str]:
    """The revisions of one database."""
    return sorted(
        {
            revision
            for (database, _), revisions in stamped.items()
            if database == place
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
