"""The table in which Alembic stores the current revisions of a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from driftcheck.errors import CatalogError
from driftcheck.schema import Address, Snapshot

RELATIONS = ("table", "view", "materialized view", "foreign table")
"""The kinds of relations that can have the name of a version table."""


@dataclass(frozen=True)
class VersionTable:
    """Alembic's version table. An empty schema stands for the default schema.

    Attributes:
        schema: The schema in which Alembic creates the table.
        name: The name of the table.
        later_schemas: The schemas in which Alembic looks for the table if the first one does not
            have it: those of ``search_path``.
        found_in: The schema in which the table was found; empty if it was not looked for.
    """

    schema: str
    name: str
    later_schemas: tuple[str, ...] = field(default=(), compare=False)
    found_in: str = field(default="", compare=False)

    def address(self, snapshot: Snapshot) -> Address:
        """Return the address of the table in a snapshot."""
        first = self.found_in or self.schema or snapshot.default_schema
        addresses = [Address("table", each, (self.name,)) for each in (first, *self.later_schemas)]
        return next((each for each in addresses if _is_relation(each, snapshot)), addresses[0])

    def found(self, snapshot: Snapshot) -> VersionTable:
        """Return the table with the schema in which a database has it."""
        return replace(self, later_schemas=(), found_in=self.address(snapshot).schema)


def _is_relation(table: Address, snapshot: Snapshot) -> bool:
    """Whether a table, or another relation of its name, exists. A view hides what comes later."""
    return any(table._replace(kind=kind) in snapshot.objects for kind in RELATIONS)


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
