"""Walks through the history of a project once, when a cause of drift is first looked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from driftcheck.databases.location import DatabaseKey
from driftcheck.errors import CatalogError
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.walks import HistoryWalker
from driftcheck.sources.replay import Destinations
from driftcheck.sources.walk import Walk


class ProjectWalks:
    """The walks of a project's databases.

    Args:
        opened: The opened project.
        replays: Replays its history.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self._replays = replays
        self._walker = HistoryWalker(opened, replays)
        self._walks: Mapping[DatabaseKey, Walk] | None = None

    def get(self, database_key: DatabaseKey, stamped: Destinations) -> Walk | None:
        """Return the walk of a database; ``None`` if a state of the history cannot be read.

        The first call replays the history revision by revision. Afterwards, the shadows of the
        replay are at the heads of the history.

        Args:
            database_key: The database.
            stamped: The revisions of each live database's version tables.
        """
        if self._walks is None:
            self._walks = self._walk(stamped)
        return self._walks.get(database_key)

    def _walk(self, stamped: Destinations) -> Mapping[DatabaseKey, Walk]:
        self._replays.main.begin_again()
        with suppress(CatalogError):
            walked = self._walker.walk(stamped)
            if walked.history.fault is None:
                return walked.walks
        self._replays.upgrade_to_heads()
        return {}
