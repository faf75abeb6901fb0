"""The shadow databases of one check: where each database's are made, and all that were made."""

from __future__ import annotations

from typing import Self

from sqlalchemy.engine import URL

from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.databases.location import DatabaseKey, database_key_of, parse_url
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.shadow.base import ServerFacts, ShadowDatabase, ShadowMaker
from driftcheck.databases.shadow_choice import choose
from driftcheck.errors import ConfigurationError, ConnectionFailedError
from driftcheck.project.redirect import ShadowSet


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
        self._makers: dict[DatabaseKey, ShadowMaker] = {}
        self._known: dict[DatabaseKey, ServerFacts] = {}
        self.unreachable: dict[DatabaseKey, ConnectionFailedError] = {}

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

    def copies(self, shadow_set: ShadowSet, name: str, *, restricted: bool = False) -> ShadowSet:
        """A shadow set whose shadows begin as copies of another's.

        Args:
            shadow_set: The other shadow set.
            name: What the copies are for.
            restricted: Whether SQL that is not to be trusted will be run in them.
        """

        def copy(target: URL, purpose: str) -> ShadowDatabase:
            template = shadow_set.shadows.get(database_key_of(target))
            return self.maker(target).make(purpose, template, restricted=restricted)

        return ShadowSet(name, copy)

    def maker(self, target: URL) -> ShadowMaker:
        """The maker of the shadows of one live database."""
        live = self.live_url(target)
        if live.get_backend_name() != target.get_backend_name():
            raise ConfigurationError(
                f"the database is a {live.get_backend_name()} database, "
                f"and the project migrates {target.get_backend_name()}",
                hint="Name a database of the same kind as the project's with --database-url.",
            )
        database_key = database_key_of(live)
        if database_key not in self._makers:
            facts = self._read_facts(live)
            if facts is not None:
                self._known[database_key] = facts
            self._makers[database_key] = choose(facts, self._settings.shadow, live)
        return self._makers[database_key]

    def facts(self, target: URL) -> ServerFacts | None:
        """What the live database behind a target has, where it is a PostgreSQL that answered."""
        return self._known.get(database_key_of(self.live_url(target)))

    def _read_facts(self, live: URL) -> ServerFacts | None:
        if live.get_backend_name() != "postgresql":
            return None
        try:
            connection = connect(live)
        except ConnectionFailedError as error:
            self.unreachable[database_key_of(live)] = error
            return None
        try:
            connection.set_session(readonly=True)
            return read_facts(connection)
        finally:
            connection.close()
