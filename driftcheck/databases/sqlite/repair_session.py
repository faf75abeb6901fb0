"""Changes a live SQLite database in one transaction, which locks the file.

A transaction that begins with ``BEGIN IMMEDIATE`` excludes every other writer of the file, so also
another repair, and a migration from its next statement on.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.location import shown
from driftcheck.databases.own_work import own_work
from driftcheck.databases.repair_session import RepairLimits, RepairSession
from driftcheck.databases.sqlite.files import deny_other_files, distrust_schema
from driftcheck.errors import LockUnavailableError, RepairError
from driftcheck.process.deadline import aborter, watchdog
from driftcheck.schema import Address

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PRIMARY_CODE = 0xFF


class SQLiteRepairSession(RepairSession):
    """A connection to the file. It can open no other file.

    Foreign keys are not enforced while a table is created again, because its rows are away for a
    moment. Before the commit, they are checked. https://www.sqlite.org/lang_altertable.html

    Args:
        url: The live database.
        limits: The time limits.
    """

    def __init__(self, url: URL, limits: RepairLimits) -> None:
        self._url = url
        self._limits = limits
        self._violations: Counter[tuple[Any, ...]] = Counter()
        path = Path(url.database or "").resolve()
        with own_work():
            self.connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=limits.lock_seconds,
            )
        distrust_schema(self.connection)
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.set_authorizer(deny_other_files)

    def lock(self) -> None:
        """Do nothing: the transaction locks the file."""

    def begin(self, version_tables: Collection[Address]) -> None:
        """Start the transaction, and lock the file against writing."""
        del version_tables  # the whole file is locked
        self.execute("BEGIN IMMEDIATE")
        self._violations = self._violated()

    def execute(self, statement: str) -> None:
        """Run a statement in the transaction."""
        self._rows(statement)

    def commit(self) -> None:
        """Commit, unless a row now refers to a row that does not exist."""
        added = self._violated() - self._violations
        if added:
            tables = ", ".join(sorted({str(table) for table, _ in added}))
            raise RepairError(f"rows would refer to rows that do not exist, in the table {tables}")
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back."""
        with suppress(sqlite3.Error):
            self.connection.rollback()

    def execute_separately(self, statement: str, *, in_transaction: bool) -> None:
        """Run a statement by itself."""
        del in_transaction
        self.execute(statement)

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self.connection.close()

    def _violated(self) -> Counter[tuple[Any, ...]]:
        """The number of rows that refer to rows that do not exist, by the two tables.

        There is no answer if a foreign key refers to columns that are not unique.
        """
        try:
            rows = self._rows("PRAGMA foreign_key_check")
        except RepairError:
            return Counter()
        return Counter((table, parent) for table, _row, parent, _key in rows)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._errors_of(statement):
            return list(self.connection.execute(statement).fetchall())

    @contextmanager
    def _errors_of(self, statement: str) -> Iterator[None]:
        """Give a statement its time limit, and convert the errors of the driver."""
        seconds = self._limits.statement_seconds
        try:
            with watchdog.call(shown(self._url), aborter(self.connection), seconds):
                yield
        except sqlite3.Error as error:
            if (getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE) in _LOCKED:
                raise LockUnavailableError(
                    "another connection has locked the file", details=statement
                ) from error
            raise RepairError(f"SQLite refused a statement: {error}", details=statement) from error
