"""The catalogs of the supported databases, by the name of SQLAlchemy's dialect."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from driftcheck.databases.catalog import Catalog
from driftcheck.errors import CatalogError

_CATALOGS = {
    "postgresql": ("postgresql", "PostgreSQLCatalog"),
    "sqlite": ("sqlite", "SQLiteCatalog"),
    "mysql": ("mysql", "MySQLCatalog"),
    "mariadb": ("mysql", "MySQLCatalog"),
}
"""By the name of SQLAlchemy's dialect: the package of the database in ``driftcheck.databases``, and
the class in its ``catalog`` package. The package is imported on demand."""


def catalog_for(dialect_name: str) -> Catalog:
    """The catalog for a dialect.

    Args:
        dialect_name: The name of SQLAlchemy's dialect.

    Raises:
        CatalogError: The dialect is not supported.
    """
    if dialect_name not in _CATALOGS:
        raise CatalogError(
            f"A {dialect_name} database cannot be read.",
            hint=f"driftcheck reads {', '.join(_CATALOGS)}.",
        )
    module, name = _CATALOGS[dialect_name]
    return cast("Catalog", getattr(import_module(f"driftcheck.databases.{module}.catalog"), name)())
