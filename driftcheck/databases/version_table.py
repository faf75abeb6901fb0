"""The table in which Alembic stores the current revisions of a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from driftcheck.errors import CatalogError
from driftcheck.schema import Address, Snapshot

NOT_PLAIN = ("view", "materialized view", "foreign table")
"""The kinds of relations that can have the name of a version table, and are not read."""


@dataclass(frozen=True)
class VersionTable:
    """Alembic's version table. An empty schema stands for the default schema.

    Attributes:
        schema: The schema in which Alembic creates the table.
        name: The name of the table.
        later_schemas: The schemas of ``search_path``. Alembic finds the table there if the first
            schema does not have it.
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
    """Whether a table exists, or another relation with its name, which Alembic would read."""
    return any(table._replace(kind=kind) in snapshot.objects for kind in ("table", *NOT_PLAIN))


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
