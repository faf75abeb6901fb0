"""The shadow databases of one check: where each database's are made, and all that were made."""

from __future__ import annotations

from typing import Self

from sqlalchemy.engine import URL

from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.location import Place, parse_url, place_of
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.shadow.base import ServerFacts, ShadowDatabase, ShadowMaker
from driftcheck.databases.shadow_choice import choose
from driftcheck.errors import ConfigurationError, ConnectionFailedError
from driftcheck.project.redirect import Stage


class Shadows:
    """Makes shadows that are like the live database they stand for.

    Args:
        settings: Says where live is, if not where the project says, and where shadows are made.

    Attributes:
        unreachable: The live databases that did not answer, with the reason. Not every database
            that user code asks for is one that is migrated, so this is no error yet.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._makers: dict[Place, ShadowMaker] = {}
        self._known: dict[Place, ServerFacts] = {}
        self.unreachable: dict[Place, ConnectionFailedError] = {}

    def __enter__(self) -> Self:
        """The shadows, all of them dropped at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop everything, whatever happened."""
        for maker in self._makers.values():
            maker.close()

    @property
    def makers(self) -> tuple[ShadowMaker, ...]:
        """Every way of making shadows that was used."""
        return tuple(self._makers.values())

    def live_url(self, target: URL) -> URL:
        """Where the live database is that the project means by a target."""
        given = self._settings.database_url
        return target if given is None else parse_url(given, named="--database-url")

    def make(self, target: URL, purpose: str) -> ShadowDatabase:
        """Make an empty shadow of the live database behind a target."""
        return self.maker(target).make(purpose)

    def make_restricted(self, target: URL, purpose: str) -> ShadowDatabase:
        """Make an empty shadow for SQL that is not to be trusted.

        Raises:
            ShadowError: Such SQL cannot be run where the shadows are.
        """
        return self.maker(target).make(purpose, restricted=True)

    def copies(self, stage: Stage, name: str, *, restricted: bool = False) -> Stage:
        """A stage whose shadows begin as copies of another's.

        Args:
            stage: The other stage.
            name: What the copies are for.
            restricted: Whether SQL that is not to be trusted will be run in them.
        """

        def copy(target: URL, purpose: str) -> ShadowDatabase:
            template = stage.shadows.get(place_of(target))
            return self.maker(target).make(purpose, template, restricted=restricted)

        return Stage(name, copy)

    def maker(self, target: URL) -> ShadowMaker:
        """The maker of the shadows of one live database."""
        live = self.live_url(target)
        if live.get_backend_name() != target.get_backend_name():
            raise ConfigurationError(
                f"the database is a {live.get_backend_name()} database, "
                f"and the project migrates {target.get_backend_name()}",
                hint="Name a database of the project's own sort with --database-url.",
            )
        place = place_of(live)
        if place not in self._makers:
            facts = self._read_facts(live)
            if facts is not None:
                self._known[place] = facts
            self._makers[place] = choose(facts, self._settings.shadow, live)
        return self._makers[place]

    def facts(self, target: URL) -> ServerFacts | None:
        """What the live database behind a target has, where it is a PostgreSQL that answered."""
        return self._known.get(place_of(self.live_url(target)))

    def _read_facts(self, live: URL) -> ServerFacts | None:
        if live.get_backend_name() != "postgresql":
            return None
        try:
            connection = connect(live)
        except ConnectionFailedError as error:
            self.unreachable[place_of(live)] = error
            return None
        try:
            connection.set_session(readonly=True)
            return read_facts(connection)
        finally:
            connection.close()
