"""Replays a project's history, and reads the schema after every revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from driftcheck.databases.connection import connect
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CatalogError, DriftcheckError
from driftcheck.pipeline.building.base_snapshot import object_restorer
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import REPLAYING, Replays, destinations_at
from driftcheck.pipeline.selection import reading_scope
from driftcheck.schema import Address
from driftcheck.sources.files import changed_files, file_digests, relative
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure
from driftcheck.sources.transaction_reading import read_in_transaction
from driftcheck.sources.walk import Revision, State, Walk, ancestry


@dataclass(frozen=True)
class WalkedHistory(HistoryResult):
    """The walks of a project's databases.

    The history has no schemas, because the walks have all of them. If it has a failure, the walks
    end before the revision that fails.

    Attributes:
        walks: A walk for each database.
    """

    walks: Mapping[DatabaseKey, Walk] = field(default_factory=dict)


class HistoryWalker:
    """Walks through the history of a project.

    Args:
        opened: The opened project.
        replays: Replays its history.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._settings = opened.settings
        self._scope = reading_scope(opened.settings)
        self._progress = opened.progress

    def walk(self, stamped: Destinations) -> WalkedHistory:
        """Replay the history to its heads, and read every database after each revision.

        Args:
            stamped: The revisions of each live database's version tables. The replay goes there
                first, so that the walk passes this state also in a history with branches.

        Raises:
            ReplayError: The bootstrap or the base snapshot fails.
            CatalogError: A shadow cannot be read.
        """
        before = file_digests(self._loaded.script)
        results: list[tuple[dict[DatabaseKey, Walk], Replay]] = []

        def replay() -> RevisionFailure | None:
            results.append(self._replay(stamped))
            return results[-1][1].fault

        self._replays.repeat_without_roles(self._replays.main, replay)
        walks, done = results[-1]
        if done.fault is None:
            for walk in walks.values():
                _require_all(walk, self._loaded.heads)
        changed = changed_files(before, file_digests(self._loaded.script))
        history = History(
            sources=done.sources, fault=done.fault, uses_of_models=done.uses_of_models
        )
        return WalkedHistory(history, changed, walks)

    def _replay(self, stamped: Destinations) -> tuple[dict[DatabaseKey, Walk], Replay]:
        self._progress(REPLAYING)
        environment, shadow_set = self._loaded.environment, self._replays.main
        start = self._replays.prepare(shadow_set)
        walks = {key: self._start_walk(key, start) for key in environment.databases}

        def observe(
            database_key: DatabaseKey, identifier: str, connection: Any
        ) -> Iterable[Address]:
            self._add_step(walks[database_key], database_key, identifier, connection, replay)
            return walks[database_key].now.reading.objects

        heads = destinations_at(environment, environment.heads)
        replay = self._replays.new(shadow_set, observe)
        replay.show = self._replays.show_revisions(REPLAYING, start, stamped, heads)
        replay.known = {key: frozenset(walk.now.reading.objects) for key, walk in walks.items()}
        if replay.upgrade(stamped):
            replay.upgrade(heads)
        return walks, replay

    def _add_step(
        self,
        walk: Walk,
        database_key: DatabaseKey,
        identifier: str,
        connection: Any,
        replay: Replay,
    ) -> None:
        """Read a database on the connection on which a revision has just run."""
        shadow = self._replays.main.shadows[database_key].url
        try:
            reading = read_in_transaction(connection, shadow, self._scope, walk.now.reading)
        except DriftcheckError:
            raise
        except Exception as error:  # every driver has its own exceptions
            raise CatalogError(
                f"the shadow database cannot be read after revision {identifier}",
                details=database_message(error),
            ) from error
        walk.add_step(self._revision(identifier), replay.statements, reading)

    def _start_walk(self, database_key: DatabaseKey, start: Sequence[str]) -> Walk:
        """Return the walk of a database whose shadow is prepared for the first revision.

        Args:
            database_key: The database.
            start: The revisions that the shadow is stamped with.
        """
        catalog = catalog_for(database_key.dialect)
        with closing(connect(self._replays.main.shadows[database_key].url)) as connection:
            frame = catalog.read(connection, self._scope)
            reading = catalog.read_again(connection, self._scope, None)
        restore = object_restorer(self._settings, self._shadows, database_key)
        if restore is not None:
            by_kind = {kind: tuple(map(restore, read)) for kind, read in reading.by_kind.items()}
            reading = replace(reading, by_kind=by_kind)
        script = self._loaded.script
        parents = self._loaded.parents()
        applied = [revision.revision for revision in script.get_revisions(tuple(start))]
        tables = version_tables(self._loaded.environment)[database_key]
        return Walk(
            beginning=State(ancestry(applied, parents), reading),
            frame=frame,
            hidden=tuple(table.address(frame) for table in tables),
            parents=parents,
            reword=restore or (lambda item: item),
        )

    def _revision(self, identifier: str) -> Revision:
        script = self._loaded.script.get_revision(identifier)
        title = next(iter((script.doc or "").strip().splitlines()), "")
        return Revision(identifier, title, relative(script.path, self._loaded.root))


def _require_all(walk: Walk, heads: Sequence[str]) -> None:
    """Raise unless every revision was read: changes would be attributed to later revisions."""
    missing = walk.ancestry(heads) - walk.now.applied
    if missing:
        raise CatalogError(
            f"the shadow database could not be read after revision {min(missing)}",
            hint="The revision leaves its transaction aborted, or env.py does not run it for every "
            "database.",
        )
