"""Walks through the history of a project once, when a cause of drift is first looked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.errors import CatalogError
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.building.walks import HistoryWalker
from driftcheck.pipeline.progress import Progress
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.replay import Destinations
from driftcheck.sources.walk import Walk


class ProjectWalks:
    """The walks of a project's databases.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        replays: Replays its history.
        settings: The settings.
        progress: Called with a short description of each step.
    """

    def __init__(
        self,
        loaded: LoadedProject,
        shadows: Shadows,
        replays: Replays,
        settings: Settings,
        progress: Progress,
    ) -> None:
        self._replays = replays
        self._walker = HistoryWalker(loaded, shadows, replays, settings, progress)
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
