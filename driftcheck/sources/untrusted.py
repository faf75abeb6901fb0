"""Runs SQL that comes from the live database, from the cache or from a snapshot file.

Any such statement may call functions that somebody else wrote, and a file can hold any SQL. So it
runs in restricted shadows only: on PostgreSQL as a role without rights on a private server, on
SQLite in a file of its own from which no other file can be opened. On MySQL and MariaDB a shadow is
on live's own server. There, what the catalog writes for tables, columns, keys, checks and views
cannot call stored code while it runs: the server refuses stored functions in defaults, generated
columns and checks, and a view's query is not evaluated when the view is made. A trigger would run
with the rights of driftcheck's user as soon as a row is written, so none is made.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Scope
from driftcheck.databases.connection import connect, own_options
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import build
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import ReplayError, ShadowError
from driftcheck.schema import Snapshot
from driftcheck.sources.reading import Refused, read_restricted, run_one_by_one

_MATERIALIZED_VIEW = re.compile(r"\s*CREATE\s+MATERIALIZED\s+VIEW\b", re.IGNORECASE)
_TRIGGER = re.compile(r"\s*CREATE\s+TRIGGER\b", re.IGNORECASE)
_UNCHECKED = "-c check_function_bodies=off"
_OTHER_FILES = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
_NO_RIGHTS = (
    "it is built by a role without a superuser's rights, because a function in a snapshot could do "
    "anything otherwise"
)


def run_untrusted(shadow: ShadowDatabase, statements: Iterable[str]) -> list[Refused]:
    """Run statements that are not to be trusted, one by one, each of them on its own.

    Args:
        shadow: A restricted shadow database.
        statements: The statements.

    Returns:
        What the database refused, with its reason.

    Raises:
        ShadowError: The shadow is not a restricted one; nothing was run.
    """
    if not shadow.restricted:
        raise ShadowError(f"{shadow.name} is not made for SQL from elsewhere")
    dialect = shadow.url.get_backend_name()
    with closing(_connected(shadow.url)) as connection:
        refused = run_one_by_one(connection, _without_code(statements, dialect), dialect)
        connection.commit()
    return refused


def build_untrusted(snapshot: Snapshot, shadow: ShadowDatabase) -> None:
    """Build the schema of a snapshot in an empty restricted shadow.

    Raises:
        ReplayError: The server does not build it.
        ShadowError: An extension cannot be installed.
    """
    shadow.install(extensions_of(snapshot))
    there = read_restricted(shadow, Scope())
    wanted = replace(snapshot, objects={at: _ownerless(t) for at, t in snapshot.objects.items()})
    statements = build(wanted, catalog_for(snapshot.dialect), there).statements
    refused = run_untrusted(shadow, statements)
    if refused:
        first = refused[0]
        why = f"; {_NO_RIGHTS}" if lacks_rights(first.message) else ""
        raise ReplayError(
            f"the bootstrap snapshot does not run: {first.message}{why}", details=first.statement
        )


def extensions_of(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The extensions of a snapshot, each with its schema."""
    for address, thing in snapshot.objects.items():
        if address.kind == "extension":
            yield address.name, str(thing.attributes["in_schema"])


def _ownerless(thing: Any) -> Any:
    """An object without its owner: in a restricted shadow everything belongs to one role."""
    attributes = {name: value for name, value in thing.attributes.items() if name != "owner"}
    return replace(thing, attributes=attributes)


def _without_code(statements: Iterable[str], dialect: str) -> Iterator[str]:
    """The statements, none of which evaluates a query; MySQL's without triggers."""
    for statement in statements:
        if dialect == "postgresql" and _MATERIALIZED_VIEW.match(statement):
            yield f"{statement.rstrip().rstrip(';')}\nWITH NO DATA"
        elif dialect not in ("mysql", "mariadb") or not _TRIGGER.match(statement):
            yield statement


def _connected(url: URL) -> Any:
    if url.get_backend_name() == "postgresql":
        options = f"{own_options()} {_UNCHECKED}".strip()
        return connect(url.update_query_dict({"options": options}))
    connection = connect(url)
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.set_authorizer(_only_this_file)
    return connection


def _only_this_file(action: int, *_: Any) -> int:
    """Refuse to open or write another file than the shadow's."""
    return sqlite3.SQLITE_DENY if action in _OTHER_FILES else sqlite3.SQLITE_OK
