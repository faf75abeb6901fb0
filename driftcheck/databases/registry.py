"""Finds the implementation of ``Database`` for a dialect of SQLAlchemy.

The package of a database is imported when the database is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.database import Database
from driftcheck.dialects import DIALECTS, supported_names
from driftcheck.errors import CatalogError


@cache
def find_database(dialect_name: str) -> Database | None:
    """Return the database for a dialect; ``None`` if the dialect is not supported.

    Args:
        dialect_name: The name of SQLAlchemy's dialect.
    """
    if dialect_name not in DIALECTS:
        return None
    module = import_module(f"driftcheck.databases.{DIALECTS[dialect_name].package}.database")
    return cast("Database", module.DATABASE)


def database_for(dialect_name: str) -> Database:
    """Return the database for a dialect.

    Args:
        dialect_name: The name of SQLAlchemy's dialect.

    Raises:
        CatalogError: The dialect is not supported.
    """
    database = find_database(dialect_name)
    if database is None:
        raise CatalogError(
            f"driftcheck does not support databases of the dialect {dialect_name!r}",
            hint=f"It works with {supported_names()}.",
        )
    return database


def catalog_for(dialect_name: str) -> Catalog:
    """Return the catalog of the database for a dialect.

    Args:
        dialect_name: The name of SQLAlchemy's dialect.

    Raises:
        CatalogError: The dialect is not supported.
    """
    return database_for(dialect_name).catalog
