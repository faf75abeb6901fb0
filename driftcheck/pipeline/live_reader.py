"""Reads the schema of a live database again, in the way in which a check has read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driftcheck.chain import Side
from driftcheck.config.settings import Settings
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.reading import Scope
from driftcheck.databases.version_table import VersionTable
from driftcheck.judging.printed_expressions import Rewording, reworded
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.selection import reading_scope, within
from driftcheck.pipeline.tenants import Tenants, own_objects
from driftcheck.project.environment import Configured
from driftcheck.schema import Address, Snapshot

_BUILT = (Side.HEAD, Side.STAMPED)


@dataclass(frozen=True)
class LiveReader:
    """Reads the objects of a live database that belong to the project.

    Attributes:
        catalog: The catalog of the database.
        scope: The part of the database that is read.
        version_tables: Alembic's version tables of the project.
        configured: What env.py configures for the database.
        tenants: The schemas in which env.py works.
        known: The objects that the history creates.
        schemas: The selected schemas; empty for all.
        replacements: The texts that stand for equal expressions.
    """

    catalog: Catalog
    scope: Scope
    version_tables: Sequence[VersionTable]
    configured: Sequence[Configured]
    tenants: Tenants
    known: Collection[Address]
    schemas: Collection[str]
    replacements: Sequence[Rewording]

    @classmethod
    def of(
        cls, state: DatabaseState, version_tables: Sequence[VersionTable], settings: Settings
    ) -> LiveReader:
        """Return the reader of a database that a check has read.

        Args:
            state: The state of the database.
            version_tables: Alembic's version tables of the project.
            settings: The settings of the check.
        """
        history = (snapshot for side, snapshot in state.whole.items() if side in _BUILT)
        return cls(
            state.catalog,
            replace(reading_scope(settings), dependencies=False),
            version_tables,
            state.configured,
            Tenants(state.configured, settings.x),
            {address for snapshot in history for address in snapshot.objects},
            settings.schemas,
            state.replacements,
        )

    def read(self, connection: Any) -> Snapshot:
        """Read the schema in a connection's current transaction.

        Args:
            connection: A DB-API connection to the live database.

        Raises:
            CatalogError: The database cannot be read.
        """
        snapshot = self.catalog.read(connection, self.scope)
        snapshot = snapshot.without(table.address(snapshot) for table in self.version_tables)
        snapshot = own_objects(self.configured, self.tenants, snapshot, self.known)
        if self.tenants.default_schema:
            snapshot = replace(snapshot, default_schema=self.tenants.default_schema)
        snapshot = within(snapshot, self.schemas)
        for replacements in self.replacements:
            snapshot = reworded(snapshot, replacements)
        return snapshot
