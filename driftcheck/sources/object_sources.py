"""Where the revisions of a history create, drop and rename the objects of its databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from driftcheck.databases.location import DatabaseKey
from driftcheck.schema import Address


@dataclass(frozen=True, slots=True)
class MigrationSource:
    """Where the migrations create an object: a revision, its file, the line of the operation."""

    revision: str
    file: str
    line: int | None


@dataclass
class ObjectSources:
    """Where revisions create and drop the objects of databases.

    Attributes:
        made: For each database, where its objects are created.
        dropped: For each database, where objects are dropped or renamed that it does not have
            again.
    """

    made: dict[DatabaseKey, dict[Address, MigrationSource]] = field(default_factory=dict)
    dropped: dict[DatabaseKey, dict[Address, MigrationSource]] = field(default_factory=dict)

    def made_in(self, database_key: DatabaseKey) -> Mapping[Address, MigrationSource]:
        """Return where the objects of a database are created."""
        return self.made.get(database_key, {})

    def dropped_in(self, database_key: DatabaseKey) -> Mapping[Address, MigrationSource]:
        """Return where objects are dropped or renamed that a database does not have again."""
        return self.dropped.get(database_key, {})

    def put(
        self,
        database_key: DatabaseKey,
        made: Mapping[Address, MigrationSource],
        dropped: Mapping[Address, MigrationSource],
    ) -> None:
        """Set the sources of the objects of a database."""
        self.made[database_key] = dict(made)
        self.dropped[database_key] = dict(dropped)

    def record_upgrade(
        self,
        database_key: DatabaseKey,
        before: frozenset[Address],
        now: frozenset[Address],
        source: Callable[[Address | None], MigrationSource],
    ) -> None:
        """Record the objects that a revision has created and dropped.

        Args:
            database_key: The database.
            before: Its objects before the revision.
            now: Its objects after it.
            source: Returns where the revision creates an object; where it is, for ``None``.
        """
        made = self.made.setdefault(database_key, {})
        dropped = self.dropped.setdefault(database_key, {})
        for address in before - now:
            made.pop(address, None)
            dropped[address] = source(None)
        for address in now - before:
            dropped.pop(address, None)
            made[address] = source(address)

    def record_downgrade(
        self, database_key: DatabaseKey, before: frozenset[Address], now: frozenset[Address]
    ) -> None:
        """Record the objects that a downgrade has dropped.

        An object that it creates again was created by some earlier revision, but it is not known by
        which.

        Args:
            database_key: The database.
            before: Its objects before the downgrade.
            now: Its objects after it.
        """
        made = self.made.setdefault(database_key, {})
        dropped = self.dropped.setdefault(database_key, {})
        for address in before - now:
            made.pop(address, None)
        for address in now - before:
            dropped.pop(address, None)

    def copy(self) -> ObjectSources:
        """Return a copy that later revisions do not change."""
        return ObjectSources(_copied(self.made), _copied(self.dropped))


def _copied(
    sources: Mapping[DatabaseKey, Mapping[Address, MigrationSource]],
) -> dict[DatabaseKey, dict[Address, MigrationSource]]:
    return {database_key: dict(of_database) for database_key, of_database in sources.items()}
