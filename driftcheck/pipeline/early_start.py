"""Starts the private server that the last run of a project has used, while its code is imported."""

from __future__ import annotations

import json
from collections.abc import Mapping

from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import find_database
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.storage.entries import Entries, key_of


class EarlyStart:
    """The start of the server on which the shadow databases of a project will probably be made.

    Where they are made is known only after the project has named its database. A server takes as
    long to start as a small project to be imported, so it is started before, if the last run has
    used one.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: Settings) -> None:
        project = settings.root, settings.app, settings.config, settings.name, settings.directory
        self._key = key_of(map(str, project))
        self._is_possible = settings.shadow is None
        self._entries = Entries("servers")
        self._known = ""
        self._dialect = ""

    def begin(self) -> None:
        """Begin to start the server that the last run has used."""
        self._known = (self._entries.get(self._key) or "") if self._is_possible else ""
        try:
            self._dialect, place = json.loads(self._known or '["", ""]')
        except (ValueError, TypeError):  # the cache is damaged
            return
        if (database := find_database(self._dialect)) is not None:
            database.start_early(place)

    def end(self) -> None:
        """Stop the server if no maker has used it."""
        if (database := find_database(self._dialect)) is not None:
            database.stop_early()

    def remember(self, makers: Mapping[DatabaseKey, ShadowMaker]) -> None:
        """Remember for the next run on which server shadow databases were made.

        Args:
            makers: The makers, by the databases for which they make shadows.
        """
        places = [(key.dialect, maker.place) for key, maker in makers.items()]
        text = json.dumps(next((pair for pair in places if pair[1]), ("", "")))
        if self._is_possible and places and text != self._known:
            self._entries.put(self._key, text)
