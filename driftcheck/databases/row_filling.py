"""Puts a few rows into every table of a shadow database, made up from what its catalog tells.

A migration that only works on empty tables shows where there are rows: ``NOT NULL`` without a
default, a unique index over values that are there twice, a narrower type.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.rows import PostgreSQLStore
from driftcheck.databases.rows.filling import Unfilled, fill_tables
from driftcheck.databases.rows.tables import Store
from driftcheck.databases.sqlite.rows import SQLiteStore
from driftcheck.databases.version_table import VersionTable
from driftcheck.schema import Address

__all__ = ["Unfilled", "fill"]

_STORES: dict[str, Callable[[Any, Collection[VersionTable]], Store]] = {
    "postgresql": PostgreSQLStore,
    "sqlite": SQLiteStore,
}


def fill(url: URL, leave: Collection[VersionTable], rows: int = 3) -> list[Unfilled]:
    """Put rows into every table of a shadow database.

    Nothing is switched off for it: constraints hold and triggers run. The same schema gets the
    same rows. What the database holds already stays.

    Args:
        url: The shadow database, never a live one.
        leave: Alembic's own tables, which get none.
        rows: How many for each table; of every three, two are alike but for what has to be
            unique, and one has NULLs and defaults where it may.

    Returns:
        The tables that have no row then, each with the reason.
    """
    store = _STORES.get(url.get_backend_name())
    if store is None:
        database = Address("database", "", (url.database or "",))
        return [Unfilled(database, f"driftcheck fills {' and '.join(_STORES)} databases only")]
    with closing(connect(url)) as connection:
        unfilled = fill_tables(store(connection, leave), rows)
        connection.commit()
    return unfilled
