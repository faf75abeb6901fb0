"""The table in which Alembic keeps the revisions of a database."""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class VersionTable:
    """Where a project keeps its revisions; the schema is empty for the default one."""

    schema: str
    name: str

    def address(self, snapshot: Snapshot) -> Address:
        """Its address in a snapshot."""
        return Address("table", self.schema or snapshot.default_schema, (self.name,))
