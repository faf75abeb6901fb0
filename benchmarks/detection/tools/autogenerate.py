"""Alembic's autogenerate, with the models that SQLAlchemy reflects from the base.

Models written by hand could say no more than reflected ones do, and would say it less exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.metadata import version as version_of
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData


def versions(*packages: str) -> str:
    """The versions of Alembic, SQLAlchemy and what else there is."""
    return ", ".join(
        f"{package} {version_of(package)}" for package in ("alembic", "sqlalchemy", *packages)
    )


class Autogenerate:
    """Writes the migration that leads from the database to the models of the base."""

    def __init__(self, connection: Connection, schemas: tuple[str | None, ...]) -> None:
        self.metadata = MetaData()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types that it does not know
            for schema in schemas:
                self.metadata.reflect(connection, schema=schema)

    def migration(self, connection: Connection, options: Mapping[str, Any]) -> str:
        """The operations of the upgrade, as Python."""
        context = MigrationContext.configure(
            connection, opts={"target_metadata": self.metadata, **options}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            operations = produce_migrations(context, self.metadata).upgrade_ops
            return "" if operations is None else render_python_code(operations)
