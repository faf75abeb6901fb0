"""Reads a shadow database into a snapshot, and runs statements of driftcheck's own on one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog, Scope
from driftcheck.databases.connection import connect
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.databases.version_table import VersionTable
from driftcheck.schema import Snapshot, Value


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


def read_restricted(
    shadow: ShadowDatabase, scope: Scope, version_tables: Iterable[VersionTable] = ()
) -> Snapshot:
    """Read a shadow; what a restricted one's role owns is told as the maker's user's."""
    snapshot = read_shadow(shadow.url, version_tables, scope)
    if not shadow.role or not (scope.owners or scope.grants):
        return snapshot
    said = partial(_said, role=shadow.role, owner=shadow.stands_for)
    objects = {
        address: replace(
            thing, attributes={name: said(value) for name, value in thing.attributes.items()}
        )
        for address, thing in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects)


def _said(value: Value, *, role: str, owner: str) -> Value:
    if isinstance(value, tuple):
        return tuple(_said(one, role=role, owner=owner) for one in value)
    return owner if value == role else value


def read_connected(
    connection: Any, catalog: Catalog, version_tables: Iterable[VersionTable], scope: Scope
) -> Snapshot:
    """Read what a connection's transaction sees, without the version tables."""
    snapshot = catalog.read(connection, scope)
    return snapshot.without(table.address(snapshot) for table in version_tables)


def run_statements(url: URL, statements: Iterable[str]) -> list[Refused]:
    """Run statements on a shadow database one by one, each of them on its own.

    What they contain must be trusted: of the project itself, or of driftcheck. For anything else
    see ``driftcheck.sources.untrusted``.

    Returns:
        What the database refused, with its reason.
    """
    connection = connect(url)
    try:
        refused = run_one_by_one(connection, statements, url.get_backend_name())
        connection.commit()
    finally:
        connection.close()
    return refused


def run_one_by_one(connection: Any, statements: Iterable[str], dialect: str) -> list[Refused]:
    """Run statements on a DB-API connection; PostgreSQL's are in one transaction.

    Returns:
        What the database refused, with its reason.
    """
    savepoints = dialect == "postgresql"
    refused = []
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
        if savepoints:  # else savepoints pile up, each within the one before
            cursor.execute("RELEASE SAVEPOINT driftcheck")
    return refused
