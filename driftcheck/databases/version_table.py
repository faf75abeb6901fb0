"""The table in which Alembic stores the current revisions of a database."""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.errors import CatalogError
from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class VersionTable:
    """Alembic's version table. An empty schema stands for the default schema."""

    schema: str
    name: str

    def address(self, snapshot: Snapshot) -> Address:
        """Return the address of the table in a snapshot."""
        return Address("table", self.schema or snapshot.default_schema, (self.name,))


def not_plain(table: Address, description: str) -> CatalogError:
    """Return the error for a version table that is not read.

    Args:
        table: The version table.
        description: The kind of object that has its name: ``a view``.
    """
    return CatalogError(
        f"the version table {table.sql} is {description}, so it is not read",
        hint="Reading it could run functions of other users with your privileges. Make it a plain "
        "table, as Alembic creates it, without row security for the user of driftcheck.",
    )
