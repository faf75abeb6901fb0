"""The history as snapshots: at each live database's revisions, and at its head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from driftcheck.catalog.base import Scope
from driftcheck.location import Place
from driftcheck.redirect import Stage
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.environment import Environment
from driftcheck.sources.live import VersionTable
from driftcheck.sources.reading import read_shadow
from driftcheck.sources.replay import Destinations, Fault, Made, Replay


@dataclass
class History:
    """What a history builds in each database.

    Attributes:
        stamped: The schema at the revisions that the live database is stamped with; a database
            whose history breaks before that is not there.
        head: The schema at the history's heads, likewise.
        made: Which revision made what.
        fault: What stopped the replay, if anything did.
        how: Where it comes from: ``fresh``, ``cached``, ``from the base snapshot``.
    """

    stamped: dict[Place, Snapshot] = field(default_factory=dict)
    head: dict[Place, Snapshot] = field(default_factory=dict)
    made: dict[Place, dict[Address, Made]] = field(default_factory=dict)
    fault: Fault | None = None
    how: str = "fresh"


def run_history(
    replay: Replay,
    stage: Stage,
    environment: Environment,
    stamped: Destinations,
    scope: Scope,
    prepare: Callable[[], None],
) -> History:
    """Replay a history: stop where the live databases are, then go on to the heads.

    Args:
        replay: The replay.
        stage: Its shadows.
        environment: What env.py configures.
        stamped: The revisions of each live database's version tables.
        scope: What of a database is read.
        prepare: Brings the empty shadows to where the history can be taken up.
    """
    history = History()
    prepare()
    tables = version_tables(environment)
    replay.upgrade(stamped)
    if replay.fault is None:
        history.stamped = _read(stage, tables, scope)
        heads = {key: environment.heads for key in keys(environment)}
        if any(set(stamped.get(key, ())) != set(heads[key]) for key in heads):
            replay.upgrade(heads)
            history.head = _read(stage, tables, scope) if replay.fault is None else {}
        else:
            history.head = history.stamped
    history.made = replay.made
    history.fault = replay.fault
    return history


def _read(
    stage: Stage, tables: Mapping[Place, list[VersionTable]], scope: Scope
) -> dict[Place, Snapshot]:
    return {
        place: read_shadow(stage.shadows[place].url, found, scope)
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
        (place, table)
        for place, tables in version_tables(environment).items()
        for table in tables
    ]
