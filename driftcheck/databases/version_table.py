"""The table in which Alembic stores the current revisions of a database."""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class VersionTable:
    """Alembic's version table. An empty schema stands for the default schema."""

    schema: str
    name: str

    def address(self, snapshot: Snapshot) -> Address:
        """The address of the table in a snapshot."""
        return Address("table", self.schema or snapshot.default_schema, (self.name,))
