"""Reading a database: what kinds of objects it has, and how each is read and written as DDL."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from driftcheck.catalog.base import Catalog
from driftcheck.errors import CatalogError

_CATALOGS = {
    "postgresql": ("postgresql", "PostgreSQLCatalog"),
    "sqlite": ("sqlite", "SQLiteCatalog"),
    "mysql": ("mysql", "MySQLCatalog"),
    "mariadb": ("mysql", "MySQLCatalog"),
}
"""By SQLAlchemy's names: a module of this package, imported when it is asked for, and its class."""


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
    return cast("Catalog", getattr(import_module(f"{__name__}.{module}"), name)())
