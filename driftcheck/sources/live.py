"""Reads the live database: read only, in one transaction, with time limits.

The server enforces that nothing is written. On SQLite, the file is opened for reading only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect_read_only
from driftcheck.databases.location import shown
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import database_for
from driftcheck.databases.version_table import NOT_PLAIN, VersionTable, not_plain
from driftcheck.errors import CatalogError
from driftcheck.process.deadline import aborter, watchdog
from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class Live:
    """A live database as it was read.

    Attributes:
        snapshot: Its schema, without the version tables.
        revisions: The revisions in each version table that exists.
        foreign: The tables of other projects and of other tenants.
    """

    snapshot: Snapshot
    revisions: dict[VersionTable, tuple[str, ...]]
    foreign: Collection[Address] = frozenset()

    @property
    def has_tables(self) -> bool:
        """Whether the database has any table besides version tables and foreign tables."""
        return any(a.kind == "table" and a not in self.foreign for a in self.snapshot.objects)

    @property
    def stamped(self) -> tuple[str, ...] | None:
        """The revisions that the database is stamped with; ``None`` without a version table."""
        if not self.revisions:
            return None
        return tuple(sorted({r for rows in self.revisions.values() for r in rows}))


def read_live(url: URL, version_tables: Iterable[VersionTable], scope: Scope) -> Live:
    """Read a live database.

    Raises:
        ConnectionFailedError: The database cannot be reached.
        CatalogError: The database cannot be read, or not in time.
    """
    with reading(url) as connection:
        database = database_for(url.get_backend_name())
        snapshot = database.catalog.read(connection, scope)
        addresses = {
            table.found(snapshot): table.address(snapshot)
            for table in version_tables
            if exists(table, snapshot)
        }
        revisions = {
            table: database.read_revisions(connection, address)
            for table, address in addresses.items()
        }
    return Live(snapshot.without(addresses.values()), revisions)


@contextmanager
def reading(url: URL) -> Iterator[Any]:
    """Open a DB-API connection on which the server refuses to write, in one transaction."""
    connection = connect_read_only(url)
    try:
        with _watched(connection, url):
            yield connection
    except Exception as error:
        if isinstance(error, getattr(connection, "Error", ())):  # PEP 249: the driver's errors
            raise CatalogError(
                f"cannot read the schema of {shown(url)}", details=str(error).strip()
            ) from error
        raise
    finally:
        with suppress(Exception):  # nothing was written
            connection.rollback()
        with suppress(Exception):
            connection.close()


def _watched(connection: Any, url: URL) -> AbstractContextManager[Any]:
    """Give the reading of a file one deadline. On a server, each statement has a deadline."""
    if not database_for(url.get_backend_name()).is_file:
        return nullcontext()
    return watchdog.call(shown(url), aborter(connection))


def exists(version_table: VersionTable, snapshot: Snapshot) -> bool:
    """Return whether a version table exists.

    Args:
        version_table: The version table.
        snapshot: The schema of the database.

    Raises:
        CatalogError: A view has its name. A SELECT from it could run functions of other users.
    """
    address = version_table.address(snapshot)
    for kind in NOT_PLAIN:
        if address._replace(kind=kind) in snapshot.objects:
            raise not_plain(address, f"a {kind}")
    return address in snapshot.objects
