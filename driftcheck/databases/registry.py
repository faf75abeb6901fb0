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
"""By SQLAlchemy's names: a package beside this module, and the class in its ``catalog`` module,
which is imported on demand."""


def catalog_for(dialect_name: str) -> Catalog:
    """The catalog that reads and writes databases of SQLAlchemy's dialect of that name.

    Raises:
        CatalogError: No catalog knows databases of that sort.
    """
    if dialect_name not in _CATALOGS:
        raise CatalogError(
            f"A {dialect_name} database cannot be read.",
            hint=f"driftcheck reads {', '.join(_CATALOGS)}.",
        )
    module, name = _CATALOGS[dialect_name]
    return cast("Catalog", getattr(import_module(f"driftcheck.databases.{module}.catalog"), name)())
