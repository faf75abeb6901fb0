"""The live database: opened by driftcheck alone, read only, as of one moment, with time limits.

The server enforces that nothing is written; on SQLite, the file is opened for reading only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Scope
from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.own_work import own_work
from driftcheck.databases.postgresql.readonly import make_read_only
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import CatalogError, ConnectionFailedError
from driftcheck.process.deadline import aborter, watchdog
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.stamps import not_plain, read_stamps


@dataclass(frozen=True)
class Live:
    """A live database as it was read.

    Attributes:
        snapshot: Its schema, without the version tables.
        revisions: The revisions in each version table that is there.
    """

    snapshot: Snapshot
    revisions: dict[VersionTable, tuple[str, ...]]

    @property
    def has_tables(self) -> bool:
        """Whether it has any table besides its version tables."""
        return any(address.kind == "table" for address in self.snapshot.objects)

    @property
    def stamped(self) -> tuple[str, ...] | None:
        """All the revisions it is stamped with; ``None`` where it has no version table."""
        if not self.revisions:
            return None
        return tuple(sorted({r for rows in self.revisions.values() for r in rows}))


def read_live(url: URL, version_tables: Iterable[VersionTable], scope: Scope) -> Live:
    """Read a live database.

    Raises:
        ConnectionFailedError: It cannot be reached.
        CatalogError: It cannot be read, or not in time.
    """
    with reading(url) as connection:
        snapshot = catalog_for(url.get_backend_name()).read(connection, scope)
        there = [t for t in version_tables if _is_there(t, snapshot)]
        revisions = {t: _revisions(connection, url, t.address(snapshot)) for t in there}
    return Live(snapshot.without(t.address(snapshot) for t in there), revisions)


@contextmanager
def reading(url: URL) -> Iterator[Any]:
    """Open a DB-API connection on which the server refuses to write, in one transaction."""
    connection = _OPENERS.get(url.get_backend_name(), _open_other)(url)
    try:
        with _watched(connection, url):
            yield connection
    except Exception as error:
        if type(error).__module__.startswith(("psycopg2", "sqlite3", "pymysql", "MySQLdb")):
            raise CatalogError(
                f"cannot read the schema of {shown(url)}", details=str(error).strip()
            ) from error
        raise
    finally:
        with suppress(Exception):  # nothing was written: closing ends what is left
            connection.rollback()
        with suppress(Exception):
            connection.close()


def _watched(connection: Any, url: URL) -> AbstractContextManager[Any]:
    """Give the reading of a file a deadline as a whole; what a server is asked has one each."""
    if url.get_backend_name() != "sqlite":
        return nullcontext()
    return watchdog.call(shown(url), aborter(connection))


def _open_postgresql(url: URL) -> Any:
    connection = connect(url)
    make_read_only(connection)
    return connection


def _open_sqlite(url: URL) -> sqlite3.Connection:
    path = Path(url.database or "")
    if not path.is_file():
        raise ConnectionFailedError(
            f"there is no SQLite database at {url.database or ':memory:'}",
            hint="Create it with your upgrade command, or name another with --database-url.",
        )
    with own_work():
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("BEGIN")
    return connection


def _open_other(url: URL) -> Any:
    connection = connect(url)
    cursor = connection.cursor()
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    cursor.close()
    return connection


_OPENERS = {"postgresql": _open_postgresql, "sqlite": _open_sqlite}


def _is_there(version_table: VersionTable, snapshot: Snapshot) -> bool:
    """Whether anything has a version table's name.

    Raises:
        CatalogError: It is a view: to select from it could run functions of others.
    """
    address = version_table.address(snapshot)
    for kind in ("view", "materialized view", "foreign table"):
        if address._replace(kind=kind) in snapshot.objects:
            raise not_plain(address, f"a {kind}")
    return address in snapshot.objects


def _revisions(connection: Any, url: URL, address: Address) -> tuple[str, ...]:
    if url.get_backend_name() == "postgresql":
        return read_stamps(connection, address)
    source = table(address.name, schema=address.schema or None)
    query: Any = select(column("version_num")).select_from(source)
    cursor = connection.cursor()
    cursor.execute(str(query.compile(dialect=url.get_dialect()())))
    rows = cursor.fetchall()
    cursor.close()
    return tuple(sorted(str(row[0]) for row in rows))
