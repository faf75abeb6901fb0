"""Inserts a few generated rows into every table of a shadow database.

With rows, migrations fail that only work on empty tables: ``NOT NULL`` without a default, a unique
index on duplicate values, a narrower type.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.registry import database_for
from driftcheck.databases.rows.filling import Unfilled, fill_tables
from driftcheck.databases.version_table import VersionTable
from driftcheck.dialects import display_name
from driftcheck.schema import Address

__all__ = ["Unfilled", "fill"]


def fill(url: URL, excluded: Collection[VersionTable], rows: int = 3) -> list[Unfilled]:
    """Insert rows into every table of a shadow database.

    Constraints and triggers stay enabled. Equal schemas get equal rows. Existing rows are kept.

    Args:
        url: The shadow database, never a live database.
        excluded: Alembic's version tables, which get no rows.
        rows: The number of rows per table. Of each three rows, two are equal except for unique
            columns, and one has NULLs and defaults wherever possible.

    Returns:
        The tables that remain empty, each with the reason.
    """
    dialect = url.get_backend_name()
    open_store = database_for(dialect).row_store
    if open_store is None:
        database = Address("database", "", (url.database or "",))
        reason = f"driftcheck does not insert rows into {display_name(dialect)} databases"
        return [Unfilled(database, reason)]
    with closing(connect(url)) as connection:
        unfilled = fill_tables(open_store(connection, excluded), rows)
        connection.commit()
    return unfilled
