"""Reads a shadow database into a snapshot, and runs statements of driftcheck's own on one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog, Scope
from driftcheck.databases.connection import connect
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.schema import Snapshot


@dataclass(frozen=True)
class Refused:
    """A statement that a database does not run, and what it says."""

    statement: str
    message: str


def read_shadow(url: URL, version_tables: Iterable[VersionTable], scope: Scope) -> Snapshot:
    """Read a shadow database, without the version tables."""
    connection = connect(url)
    try:
        catalog = catalog_for(url.get_backend_name())
        return read_connected(connection, catalog, version_tables, scope)
    finally:
        connection.rollback()
        connection.close()


def read_connected(
    connection: Any, catalog: Catalog, version_tables: Iterable[VersionTable], scope: Scope
) -> Snapshot:
    """Read what a connection's transaction sees, without the version tables."""
    snapshot = catalog.read(connection, scope)
    return snapshot.without(table.address(snapshot) for table in version_tables)


def run_statements(url: URL, statements: Iterable[str]) -> list[Refused]:
    """Run statements on a shadow database one by one, each of them on its own.

    Returns:
        What the database refused, with its reason.
    """
    connection = connect(url)
    savepoints = url.get_backend_name() == "postgresql"
    refused = []
    try:
        cursor = connection.cursor()
        for statement in statements:
            try:
                if savepoints:
                    cursor.execute("SAVEPOINT driftcheck")
                cursor.execute(statement)
            except Exception as error:  # noqa: BLE001  (every driver has errors of its own)
                refused.append(Refused(statement, database_message(error)))
                if savepoints:
                    cursor.execute("ROLLBACK TO SAVEPOINT driftcheck")
        connection.commit()
    finally:
        connection.close()
    return refused
