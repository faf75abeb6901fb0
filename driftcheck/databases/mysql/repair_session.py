"""Changes a live MySQL or MariaDB database. A statement that changes the schema commits by itself.

So nothing can be rolled back, and no lock on the version table can be held: the commit would
release it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.messages import database_message
from driftcheck.databases.repair_session import RepairLimits, RepairSession
from driftcheck.errors import ConnectionFailedError, LockUnavailableError, RepairError
from driftcheck.schema import Address

_LOCKED = (1205, 1213)
"""Lock wait timeout exceeded, deadlock found. Source: MySQL Error Message Reference."""
_LOST = (2006, 2013)
"""Server has gone away, lost connection during query."""
_LONGEST_NAME = 64


def lock_name(database: str) -> str:
    """Return the name of the lock of a database. Such names belong to the whole server."""
    name = f"driftcheck repair {database}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"driftcheck repair {hashlib.sha256(database.encode()).hexdigest()[:32]}"


class MySQLRepairSession(RepairSession):
    """A connection on which every statement is committed by itself.

    Args:
        url: The live database.
        limits: The time limits. The limit of a statement is kept by the connection.
    """

    def __init__(self, url: URL, limits: RepairLimits) -> None:
        self._url = url
        self.connection = connect(url)
        seconds = max(1, math.ceil(limits.lock_seconds))
        self._rows("SET SESSION autocommit = 1")
        self._rows(f"SET SESSION lock_wait_timeout = {seconds}")
        self._rows(f"SET SESSION innodb_lock_wait_timeout = {seconds}")

    def lock(self) -> None:
        """Take the lock by its name, until the connection ends."""
        name = lock_name(self._url.database or "")
        ((is_taken,),) = self._rows("SELECT GET_LOCK(%s, 0)", (name,))
        if not is_taken:
            raise LockUnavailableError(
                f"another repair of {shown(self._url)} is running",
                hint="Wait until it has ended. Then run the command again.",
            )

    def begin(self, version_tables: Collection[Address]) -> None:
        """Do nothing: there is no transaction."""

    def execute(self, statement: str) -> None:
        """Run a statement. It is committed by itself."""
        self._rows(statement)

    def commit(self) -> None:
        """Do nothing: every statement is committed."""

    def rollback(self) -> None:
        """Do nothing: nothing can be rolled back."""

    def execute_separately(self, statement: str, *, in_transaction: bool) -> None:
        """Run a statement. It is committed by itself."""
        del in_transaction
        self.execute(statement)

    def close(self) -> None:
        """Close the connection, which releases the lock."""
        with suppress(Exception):  # each driver has its own errors
            self.connection.close()

    def _rows(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with self._errors_of(statement):
            cursor = self.connection.cursor()
            cursor.execute(statement, parameters)
            rows = list(cursor.fetchall()) if cursor.description else []
            cursor.close()
            return rows

    @contextmanager
    def _errors_of(self, statement: str) -> Iterator[None]:
        try:
            yield
        except self.connection.Error as error:
            code = next(iter(getattr(error, "args", ())), None)
            message = database_message(error)
            if code in _LOCKED:
                raise LockUnavailableError(message, details=statement) from error
            if code in _LOST:
                raise ConnectionFailedError(
                    f"the connection to {shown(self._url)} was lost", details=message
                ) from error
            raise RepairError(
                f"the server refused a statement: {message}", details=statement
            ) from error
