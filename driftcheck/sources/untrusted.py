"""Runs untrusted SQL: SQL that comes from the live database, the cache or a snapshot file.

Such a statement may call functions of other users, and a file can contain any SQL. So untrusted SQL
runs in restricted shadows only. On PostgreSQL, it runs as a role without privileges on a private
server; on SQLite, in a file from which no other file can be opened. For MySQL and MariaDB, see
``driftcheck.databases.mysql.database``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from driftcheck.databases.database import Database
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import build
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.schema import SchemaObject, Snapshot
from driftcheck.sources.reading import Refused, read_restricted, run_and_commit

_REPLACING = re.compile(r"CREATE OR REPLACE (?:FUNCTION|PROCEDURE)\b")
_NO_RIGHTS = (
    "it is created by a role without superuser privileges, because a schema can contain functions"
)


def run_untrusted(shadow: ShadowDatabase, statements: Iterable[str]) -> list[Refused]:
    """Run untrusted statements. A failed statement does not affect the others.

    Args:
        shadow: A restricted shadow database.
        statements: The statements.

    Returns:
        The statements that the database refused, with its messages.

    Raises:
        ShadowError: The shadow is not restricted. No statement was run.
    """
    if not shadow.restricted:
        raise ShadowError(f"the shadow database {shadow.name} is not restricted")
    dialect = shadow.url.get_backend_name()
    database = database_for(dialect)
    with closing(database.connect_untrusted(shadow.url)) as connection:
        return run_and_commit(connection, _without_code(statements, database), dialect)


def rebuild_untrusted(snapshot: Snapshot, shadow: ShadowDatabase) -> list[Refused]:
    """Create the objects of a snapshot in an empty restricted shadow, as far as that is possible.

    Statements that the database refuses are run again after the others, because an object can
    depend on an object of the same or of a later kind. A function is first created without its
    body. If that was refused at first, it has replaced the body, so the bodies are set again.

    Args:
        snapshot: The schema, without owners and privileges.
        shadow: A restricted shadow database.

    Returns:
        The statements that the database refuses in any order.

    Raises:
        ShadowError: The shadow is not a restricted one, or an extension cannot be installed.
    """
    shadow.install(extensions_of(snapshot))
    catalog = catalog_for(snapshot.dialect)
    existing = read_restricted(shadow, Scope())
    waiting = statements = [*build(snapshot, catalog, existing).statements]
    while True:
        refused = run_untrusted(shadow, [*catalog.rebuild_settings, *waiting])
        left = _statements_of(refused, waiting, database_for(snapshot.dialect))
        if len(left) == len(waiting):
            return refused
        if not left:
            break
        waiting = left
    if waiting is statements:
        return []
    bodies = [statement for statement in statements if _REPLACING.match(statement)]
    return run_untrusted(shadow, [*catalog.rebuild_settings, *bodies])


def _statements_of(
    refused: Iterable[Refused], statements: Iterable[str], database: Database
) -> list[str]:
    """Return the refused statements as they were before they were changed to run without code."""
    texts = {each.statement for each in refused}
    return [s for s in statements if texts.intersection(_without_code([s], database))]


def build_untrusted(
    snapshot: Snapshot,
    shadow: ShadowDatabase,
    counted: Callable[[Collection[str]], Iterable[str]] = iter,
) -> None:
    """Build the schema of a snapshot in an empty restricted shadow.

    Kinds that a restricted shadow never has are left out.

    Args:
        snapshot: The schema.
        shadow: The shadow.
        counted: Yields the statements that it is given, and shows how many have run.

    Raises:
        ReplayError: The server refuses a statement.
        ShadowError: An extension cannot be installed.
    """
    shadow.install(extensions_of(snapshot))
    existing = read_restricted(shadow, Scope())
    catalog = catalog_for(snapshot.dialect)
    objects = {
        address: _without_owner(obj)
        for address, obj in snapshot.objects.items()
        if not catalog.kind(address.kind).left_out_of_copies
    }
    statements = build(replace(snapshot, objects=objects), catalog, existing).statements
    refused = run_untrusted(shadow, counted(statements))
    if refused:
        first = refused[0]
        why = f"; {_NO_RIGHTS}" if lacks_rights(first.message) else ""
        raise ReplayError(
            f"the schema cannot be created in a shadow database: {first.message}{why}",
            details=first.statement,
        )


def extensions_of(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the extensions of a snapshot, each with its schema."""
    for address, obj in snapshot.objects.items():
        if address.kind == "extension":
            yield address.name, str(obj.attributes["in_schema"])


def _without_owner(obj: SchemaObject) -> SchemaObject:
    """Return an object without its owner: in a restricted shadow, one role owns all objects."""
    attributes = {name: value for name, value in obj.attributes.items() if name != "owner"}
    return replace(obj, attributes=attributes)


def _without_code(statements: Iterable[str], database: Database) -> Iterator[str]:
    """Yield the statements that may be run, changed so that they run no code of others."""
    for statement in statements:
        harmless = database.without_code(statement)
        if harmless is not None:
            yield harmless
