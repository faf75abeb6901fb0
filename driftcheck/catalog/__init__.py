"""Reading a database: what kinds of objects it has, and how each is read and written as DDL."""

from __future__ import annotations

from driftcheck.catalog.base import Catalog
from driftcheck.catalog.mysql import MySQLCatalog
from driftcheck.catalog.postgresql import PostgreSQLCatalog
from driftcheck.catalog.sqlite import SQLiteCatalog
from driftcheck.errors import CatalogError

_CATALOGS: tuple[tuple[str, type[Catalog]], ...] = (
    ("postgresql", PostgreSQLCatalog),
    ("sqlite", SQLiteCatalog),
    ("mysql", MySQLCatalog),
    ("mariadb", MySQLCatalog),
)


def catalog_for(dialect_name: str) -> Catalog:
    """The catalog that reads and writes databases of SQLAlchemy's dialect of that name.

    Raises:
        CatalogError: No catalog knows databases of that sort.
    """
    for name, catalog in _CATALOGS:
        if name == dialect_name:
            return catalog()
    known = ", ".join(name for name, _ in _CATALOGS)
    raise CatalogError(
        f"A {dialect_name} database cannot be read.", hint=f"driftcheck reads {known}."
    )
