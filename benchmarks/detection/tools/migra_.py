"""migra, which compares two databases."""

from __future__ import annotations

import warnings
from importlib.metadata import version as version_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of pkg_resources
    from migra import Migration
    from schemainspect import get_inspector
from sqlalchemy import Connection

NAME = "migra"
COMMITTED = False
BEFORE = "alter foreign table school.elsewhere drop constraint elsewhere_id_check"
"""It stops with a KeyError where a foreign table has a constraint."""


def version() -> str:
    """Its versions."""
    packages = ("migra", "schemainspect", "sqlalchemy")
    return ", ".join(f"{package} {version_of(package)}" for package in packages)


class Tool:
    """Inspects the base once, and then writes the migration to it."""

    def __init__(self, connection: Connection) -> None:
        self._base = get_inspector(connection)

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The migration."""
        migration = Migration(get_inspector(connection), self._base)
        migration.set_safety(False)
        migration.add_all_changes(privileges=privileges)
        return str(migration.sql)
