"""Where the selftest applies mutations, and how they are undone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from typing import Any


class Sandbox(ABC):
    """A shadow database to which mutations are applied.

    Args:
        connection: An open DB-API connection to the shadow database, without a transaction.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @abstractmethod
    def apply(self, statements: Sequence[str]) -> None:
        """Run the statements of a mutation. The driver's error is raised if one is refused."""

    @abstractmethod
    def undo(self) -> None:
        """Undo every mutation that was applied, also a part of one that was refused."""


class TransactionSandbox(Sandbox):
    """A database that can roll DDL back. A refused mutation leaves nothing behind."""

    def apply(self, statements: Sequence[str]) -> None:
        """Run the statements in a savepoint."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("SAVEPOINT driftcheck_mutation")
            try:
                for statement in statements:
                    cursor.execute(statement)
            except Exception:
                cursor.execute("ROLLBACK TO SAVEPOINT driftcheck_mutation")
                raise

    def undo(self) -> None:
        """Roll the transaction back."""
        self.connection.rollback()
