"""Reads shadow databases into snapshots, and runs trusted statements in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.connection import connect
from driftcheck.databases.database import Database
from driftcheck.databases.messages import database_message, is_refused_in_transaction
from driftcheck.databases.own_statements import require_own_database
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.databases.version_table import VersionTable
from driftcheck.schema import Snapshot, Value


@dataclass(frozen=True)
class Refused:
    """A statement that a database refused.

    Attributes:
        statement: The statement.
        message: The message of the database.
        in_transaction: Whether it was refused only because it ran in a transaction block.
    """

    statement: str
    message: str
    in_transaction: bool = False


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
    """Read a shadow database, without the version tables.

    In a restricted shadow, the restricted role owns all objects. In the snapshot, the role is
    replaced by the role that owns the objects in other shadows.
    """
    snapshot = read_shadow(shadow.url, version_tables, scope)
    if not shadow.role or not (scope.owners or scope.grants):
        return snapshot
    replaced = partial(_with_owner, role=shadow.role, owner=shadow.replaced_role)
    objects = {
        address: replace(
            obj, attributes={name: replaced(value) for name, value in obj.attributes.items()}
        )
        for address, obj in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects)


def _with_owner(value: Value, *, role: str, owner: str) -> Value:
    """Return a value with the role replaced by the owner."""
    if isinstance(value, tuple):
        return tuple(_with_owner(element, role=role, owner=owner) for element in value)
    return owner if value == role else value


def read_connected(
    connection: Any, catalog: Catalog, version_tables: Iterable[VersionTable], scope: Scope
) -> Snapshot:
    """Read the schema in a connection's current transaction, without the version tables."""
    snapshot = catalog.read(connection, scope)
    return snapshot.without(table.address(snapshot) for table in version_tables)


def run_statements(url: URL, statements: Iterable[str]) -> list[Refused]:
    """Run trusted statements in a shadow database. A failed statement does not affect the others.

    Statements of the project and of driftcheck are trusted. For others, see
    ``driftcheck.sources.untrusted``.

    Returns:
        The statements that the database refused, with its messages.

    Raises:
        RedirectError: A statement writes in another database.
    """
    connection = connect(url)
    try:
        return run_and_commit(connection, _own(statements, url), url.get_backend_name())
    finally:
        connection.close()


def _own(statements: Iterable[str], url: URL) -> Iterator[str]:
    """Yield statements that write in no other database than that of a URL."""
    database, name = database_for(url.get_backend_name()), url.database or ""
    for statement in statements:
        require_own_database(database, statement, name)
        yield statement


def run_and_commit(connection: Any, statements: Iterable[str], dialect: str) -> list[Refused]:
    """Run statements on a DB-API connection, and commit. A failed one does not affect the others.

    Statements that the database refuses in a transaction block run after the commit, outside of
    one, such as ``CREATE INDEX CONCURRENTLY``.

    Returns:
        The statements that the database refused, with its messages.
    """
    refused = run_each(connection, statements, dialect)
    connection.commit()
    if not any(refusal.in_transaction for refusal in refused):
        return refused
    connection.autocommit = True
    outside = (_refusal(connection, r.statement) if r.in_transaction else r for r in refused)
    return [refusal for refusal in outside if refusal is not None]


def _refusal(connection: Any, statement: str) -> Refused | None:
    """Run a statement outside of a transaction, and return its refusal, if any."""
    try:
        connection.cursor().execute(statement)
    except Exception as error:  # noqa: BLE001  (each driver has its own errors)
        return Refused(statement, database_message(error))
    return None


def run_each(connection: Any, statements: Iterable[str], dialect: str) -> list[Refused]:
    """Run statements on a DB-API connection. A failed statement does not affect the others.

    Statements are sent in batches. A batch that fails is run again in halves, down to the
    statements that fail.

    Returns:
        The statements that the database refused, with its messages.
    """
    database = database_for(dialect)
    return [
        refusal
        for batch in database.in_batches(statements)
        for refusal in _run_batch(connection, batch, database)
    ]


def _run_batch(connection: Any, batch: Sequence[str], database: Database) -> list[Refused]:
    try:
        database.run_batch(connection, batch)
    except Exception as error:  # noqa: BLE001  (each driver has its own errors)
        if len(batch) == 1:
            in_transaction = is_refused_in_transaction(error)
            return [Refused(batch[0], database_message(error), in_transaction)]
    else:
        return []
    middle = len(batch) // 2
    halves = batch[:middle], batch[middle:]
    return [refusal for half in halves for refusal in _run_batch(connection, half, database)]
