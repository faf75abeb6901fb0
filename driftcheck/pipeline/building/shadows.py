"""Creates the shadow databases of one project, and drops all of them in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from sqlalchemy.engine import URL

from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey, database_key_of, parse_url
from driftcheck.databases.registry import database_for
from driftcheck.databases.shadow.base import (
    UNTRUSTED_NOT_RUN,
    USE_PRIVATE_SERVER,
    ShadowDatabase,
    ShadowMaker,
)
from driftcheck.databases.shadow.request import SAME_SERVER, ServerFacts
from driftcheck.databases.shadow_choice import choose
from driftcheck.errors import ConfigurationError, ConnectionFailedError, ShadowError
from driftcheck.pipeline.early_start import EarlyStart
from driftcheck.project.shadow_sets import ShadowSet


class Shadows:
    """Creates shadow databases that are like the live databases that they replace.

    Args:
        settings: The settings. They may name another live database than the project, and where
            shadow databases are created.
        targets: The URL of each database as the project names it. Databases may be added.

    Attributes:
        imported: The shadow set for the import of the project.
    """

    def __init__(self, settings: Settings, targets: Mapping[DatabaseKey, URL]) -> None:
        self.imported = ShadowSet("import", self._make)
        self._settings = settings
        self._targets = targets
        self._makers: dict[DatabaseKey, ShadowMaker] = {}
        self._facts: dict[DatabaseKey, ServerFacts] = {}
        self._early = EarlyStart(settings)

    def __enter__(self) -> Self:
        """Return the shadows; all of them are dropped at the end of the context."""
        self._early.begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Drop all shadow databases."""
        try:
            self._early.remember(self._makers)
            for maker in self._makers.values():
                maker.close()
        finally:
            self._early.end()

    @property
    def makers(self) -> tuple[ShadowMaker, ...]:
        """The makers of all shadow databases that were created."""
        return tuple(self._makers.values())

    def maker(self, database_key: DatabaseKey) -> ShadowMaker:
        """Return the maker of the shadow databases of a database."""
        return self._maker(self._targets[database_key])

    def live_url(self, database_key: DatabaseKey) -> URL:
        """Return the URL of the live database of a database that the project names."""
        return self._live_url(self._targets[database_key])

    def follow(self, live: URL) -> None:
        """Take another database as the live database of the project from now on.

        If its server has the same properties as an earlier one, the shadows are made in the same
        place. If not, that place is closed, unless the shadows of the import are there.

        Args:
            live: The URL of the live database.

        Raises:
            ConnectionFailedError: The database cannot be reached.
            ShadowError: The shadows of the import would have to be copied to another server.
        """
        given = live.render_as_string(hide_password=False)
        self._settings = replace(self._settings, database_url=given)
        database_key, facts = (
            database_key_of(live),
            database_for(live.get_backend_name()).read_facts(live),
        )
        maker = self._maker_like(facts)
        first, *others = self._makers.items()
        for _, other in others:
            if other not in (maker, first[1]):
                other.close()
        self._makers = dict([first])
        if maker is not None and facts is not None:
            self._makers[database_key], self._facts[database_key] = maker, facts
        elif self._copies_import:
            raise ShadowError(
                "the server differs from the one for which the project was imported, so the "
                "tables that the import creates are not in its shadow databases",
                hint="Check this database alone: driftcheck compare --bootstrap import",
            )

    def _maker_like(self, facts: ServerFacts | None) -> ShadowMaker | None:
        """Return an open maker for a live database with the same properties, if there is one."""
        if facts is None or self._settings.shadow == SAME_SERVER:
            return None
        for key, maker in self._makers.items():
            known = self._facts.get(key)
            if known is not None and known.influences == facts.influences:
                return maker
        return None

    @property
    def _copies_import(self) -> bool:
        """Whether replays start from copies of the shadows of the import."""
        bootstrap = self._settings.bootstrap
        return bootstrap is not None and bootstrap.what == "import"

    def facts(self, database_key: DatabaseKey) -> ServerFacts | None:
        """Return the facts about a live PostgreSQL server; ``None`` if it could not be reached."""
        return self._facts.get(database_key_of(self.live_url(database_key)))

    def shadow(self, shadow_set: ShadowSet, database_key: DatabaseKey) -> ShadowDatabase:
        """Return the shadow of a database in a shadow set, which is created if it is missing."""
        return shadow_set.shadow_of(self._targets[database_key])

    def create(self, database_key: DatabaseKey, purpose: str) -> ShadowDatabase:
        """Create an empty shadow database that belongs to no shadow set."""
        return self._make(self._targets[database_key], purpose)

    def create_restricted(self, database_key: DatabaseKey, purpose: str) -> ShadowDatabase:
        """Create an empty restricted shadow that belongs to no shadow set.

        Raises:
            ShadowError: Untrusted DDL cannot be run where the shadow databases are.
        """
        return self._make_restricted(self._targets[database_key], purpose)

    def restricted_set(self, name: str) -> ShadowSet:
        """Return a shadow set of restricted shadows, for untrusted DDL.

        Creating one of the shadows raises ShadowError if untrusted DDL cannot be run there.
        """
        return ShadowSet(name, self._make_restricted)

    def copies(self, shadow_set: ShadowSet, name: str, *, restricted: bool = False) -> ShadowSet:
        """Return a shadow set whose shadows start as copies of another shadow set's.

        Args:
            shadow_set: The other shadow set.
            name: The purpose of the copies.
            restricted: Whether untrusted DDL will be run in the copies.
        """

        def copy(target: URL, purpose: str) -> ShadowDatabase:
            template = shadow_set.shadows.get(database_key_of(target))
            return self._maker(target).make(purpose, template, restricted=restricted)

        return ShadowSet(name, copy)

    def replay_set(self, name: str) -> ShadowSet:
        """Return a shadow set in which the history can be replayed.

        The shadows start as copies of the imported ones if the bootstrap is ``import``. After a
        base snapshot they are restricted: the snapshot may hold any function or trigger, and the
        migrations that follow may fire these triggers.
        """
        if self._copies_import:
            return self.copies(self.imported, name)
        if self._settings.bootstrap is None and self._settings.base_snapshot is not None:
            return ShadowSet(name, self._make_for_base_snapshot)
        return ShadowSet(name, self._make)

    def _make(self, target: URL, purpose: str) -> ShadowDatabase:
        return self._maker(target).make(purpose)

    def _make_restricted(self, target: URL, purpose: str) -> ShadowDatabase:
        return self._maker(target).make(purpose, restricted=True)

    def _make_for_base_snapshot(self, target: URL, purpose: str) -> ShadowDatabase:
        if not self._maker(target).runs_untrusted_ddl:
            raise ShadowError(
                f"the base snapshot is not run: {UNTRUSTED_NOT_RUN}", hint=USE_PRIVATE_SERVER
            )
        return self._make_restricted(target, purpose)

    def _live_url(self, target: URL) -> URL:
        given = self._settings.database_url
        if given is None:
            return target
        return parse_url(given, named=self._settings.named("database_url"))

    def _maker(self, target: URL) -> ShadowMaker:
        live = self._live_url(target)
        if live.get_backend_name() != target.get_backend_name():
            raise ConfigurationError(
                f"the database is a {live.get_backend_name()} database, "
                f"and the project migrates {target.get_backend_name()}",
                hint="Name a database of the same kind as the project's with --database-url.",
            )
        database_key = database_key_of(live)
        if database_key not in self._makers:
            facts = _read_facts(live)
            if facts is not None:
                self._facts[database_key] = facts
            self._makers[database_key] = choose(facts, self._settings.shadow, live)
        return self._makers[database_key]


def _read_facts(live: URL) -> ServerFacts | None:
    """Read the facts about a live server; ``None`` if its databases have none.

    A server that cannot be reached is no error here: not every database that the project's code
    asks for is one that the project migrates.
    """
    try:
        return database_for(live.get_backend_name()).read_facts(live)
    except ConnectionFailedError:
        return None
