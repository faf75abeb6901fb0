"""The connection on which a repair changes a live database. Every other connection only reads it.

Each database system has a session of its own, because locks and transactions differ. The order of
the calls is the same for all: ``lock``, then ``begin``, ``execute`` for each statement, and
``commit`` or ``rollback``; then ``execute_separately``; ``close`` at the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from driftcheck.schema import Address


@dataclass(frozen=True)
class RepairLimits:
    """The time limits of a repair.

    Attributes:
        lock_seconds: How long one statement waits for a lock.
        statement_seconds: How long one statement may take.
    """

    lock_seconds: float
    statement_seconds: float


class RepairSession(ABC):
    """A connection that may change a live database.

    Attributes:
        connection: The DB-API connection, on which the schema can be read.
        default_schema: The schema in which an unqualified name is found.
    """

    connection: Any
    default_schema: str = ""

    @abstractmethod
    def lock(self) -> None:
        """Take the lock that one repair of this database holds at a time, until ``close``.

        Raises:
            LockUnavailableError: Another repair of the database is running.
        """

    @abstractmethod
    def begin(self, version_tables: Collection[Address]) -> None:
        """Start the transaction, and lock Alembic's version tables in it.

        Args:
            version_tables: The version tables that exist.

        Raises:
            LockUnavailableError: Another session uses a version table, or writes to the database.
            RepairError: The server refuses it.
        """

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement in the transaction.

        Raises:
            LockUnavailableError: It needs a lock that another session holds.
            RepairError: The server refuses it, or the connection is lost.
        """

    @abstractmethod
    def commit(self) -> None:
        """Commit, and make sure that it is committed.

        Raises:
            LockUnavailableError: The database is locked; nothing is committed.
            OutcomeUnknownError: The connection was lost, and the server cannot be asked.
            RepairError: The transaction is rolled back.
        """

    @abstractmethod
    def rollback(self) -> None:
        """Roll back. An error means that the connection is lost, which has the same effect."""

    @abstractmethod
    def execute_separately(self, statement: str, *, in_transaction: bool) -> None:
        """Run a statement after the transaction, and commit it by itself.

        Args:
            statement: The statement.
            in_transaction: Whether it could run in a transaction block.

        Raises:
            LockUnavailableError: It needs a lock that another session holds.
            RepairError: The server refuses it, or the connection is lost.
        """

    def holders(self, objects: Collection[Address]) -> list[str]:
        """Return a text about each other session that has locks on objects, if they are known.

        Args:
            objects: Tables, indexes and views.
        """
        del objects
        return []

    @abstractmethod
    def close(self) -> None:
        """Release all locks, and close the connection."""
