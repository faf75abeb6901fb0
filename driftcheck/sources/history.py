"""The history as snapshots: at each live database's revisions, and at its head."""

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
from driftcheck.sources.replay import Destinations, Fault, Made, Replay
from driftcheck.storage.snapshot_file import SnapshotFile

FRESH = "fresh"
CACHED = "cached"


@dataclass
class History:
    """What a history builds in each database.

    Attributes:
        stamped: The schema at the revisions that the live database is stamped with; a database
            whose history breaks before that is not there.
        head: The schema at the history's heads, likewise.
        made: Which revision made what.
        fault: What stopped the replay, if anything did.
        how: ``fresh`` or ``cached``.
    """

    stamped: dict[Place, Snapshot] = field(default_factory=dict)
    head: dict[Place, Snapshot] = field(default_factory=dict)
    made: dict[Place, dict[Address, Made]] = field(default_factory=dict)
    fault: Fault | None = None
    how: str = FRESH


def replay_history(
    replay: Replay, stage: Stage, environment: Environment, stamped: Destinations, scope: Scope
) -> History:
    """Replay a history: stop where the live databases are, then go on to the heads.

    Args:
        replay: The replay, in shadows where the history can be taken up.
        stage: Those shadows.
        environment: What env.py configures.
        stamped: The revisions of each live database's version tables.
        scope: What of a database is read.
    """
    history = History()
    tables = version_tables(environment)
    heads = dict.fromkeys(keys(environment), environment.heads)
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
        place: read_restricted(stage.shadows[place], scope, found)
        for place, found in tables.items()
    }


def version_tables(environment: Environment) -> dict[Place, list[VersionTable]]:
    """The version tables of each database."""
    return {
        place: list(dict.fromkeys(VersionTable(c.version_schema, c.version_table) for c in several))
        for place, several in environment.databases.items()
    }


def keys(environment: Environment) -> list[tuple[Place, VersionTable]]:
    """Every version table of every database."""
    return [
        (place, table) for place, tables in version_tables(environment).items() for table in tables
    ]


class CachedHistory:
    """The histories of one project's databases, as the cache keeps them.

    Args:
        cache: The cache.
        environment: What env.py configures.
        stamped: The revisions of each live database's version tables.
        flavour: What of the server that a database's shadows are on could change a replay.
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
        """The whole history, or nothing."""
        kept = {name: self._cache.get(name) for name in set(self._keys.values())}
        files = {key: kept[name] for key, name in self._keys.items()}
        history = History(how=CACHED)
        for (place, side), file in files.items():
            if file is None:
                return None
            getattr(history, side)[place] = file.snapshot
            history.made.setdefault(place, {}).update(_made(file.extra["made"]))
        return history

    def put(self, history: History) -> None:
        """Keep what a replay has built; of one that broke, nothing."""
        if history.fault is not None:
            return
        for (place, side), key in self._keys.items():
            made = _rows(history.made.get(place, {}))
            snapshot = getattr(history, side)[place]
            self._cache.put(key, SnapshotFile(snapshot, (), {"made": made}))


def _at(place: Place, stamped: Destinations) -> Sequence[str]:
    return sorted({r for (at, _), several in stamped.items() if at == place for r in several})


def _rows(made: Mapping[Address, Made]) -> list[list[Any]]:
    return [[*address, where.revision, where.file, where.line] for address, where in made.items()]


def _made(rows: list[list[Any]]) -> dict[Address, Made]:
    return {
        Address(kind, schema, tuple(path), arguments): Made(revision, file, line)
        for kind, schema, path, arguments, revision, file, line in rows
    }
