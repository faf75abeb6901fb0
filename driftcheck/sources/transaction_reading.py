"""Reads a shadow database inside the transaction in which a revision has just run."""

from __future__ import annotations

from contextlib import closing

from sqlalchemy.engine import URL, Connection

from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Reading, Scope
from driftcheck.databases.registry import database_for


def read_in_transaction(
    connection: Connection, shadow: URL, scope: Scope, last: Reading | None
) -> Reading:
    """Read the schema after a revision, committed or not.

    An uncommitted schema is read on the connection of the revision, which may use any driver. A
    committed schema is read on a connection of driftcheck's own.

    Args:
        connection: The SQLAlchemy connection on which the revision ran.
        shadow: The URL of the shadow that it is connected to.
        scope: The part of the database that is read.
        last: The previous reading of the database, if any.

    Raises:
        CatalogError: The database cannot be read.
    """
    database = database_for(connection.dialect.name)
    uncommitted = database.uncommitted_connection(connection)
    if uncommitted is not None:
        return database.catalog.read_again(uncommitted, scope, last)
    with closing(connect(shadow)) as own:
        return database.catalog.read_again(own, scope, last)
