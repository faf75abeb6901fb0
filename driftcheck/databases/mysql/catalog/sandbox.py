"""The selftest's sandbox on MySQL and MariaDB, where DDL cannot be rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from driftcheck.databases.mysql.catalog.kind import quote
from driftcheck.databases.sandbox import Sandbox
from driftcheck.errors import ShadowError
from driftcheck.storage.shadow_names import origin_of


class RebuiltSandbox(Sandbox):
    """A shadow database that is dropped and created again after each batch of mutations.

    Args:
        connection: See ``Sandbox``.
        statements: The statements that create the schema in an empty database.

    Raises:
        ShadowError: The connection leads to a database that is no shadow database.
    """

    def __init__(self, connection: Any, statements: Sequence[str]) -> None:
        super().__init__(connection)
        ((self._name, charset, collation),) = self._run(
            "SELECT DATABASE(), @@character_set_database, @@collation_database"
        )
        if origin_of(self._name) is None:
            raise ShadowError(f"{self._name} is no shadow database, and is not changed")
        self._statements = (
            f"DROP DATABASE {quote(self._name)}",
            f"CREATE DATABASE {quote(self._name)} CHARACTER SET {charset} COLLATE {collation}",
            f"USE {quote(self._name)}",
            *statements,
        )
        # The text of code can change when it is created again, so the first time comes first.
        self._is_changed = True
        self.undo()

    def apply(self, statements: Sequence[str]) -> None:
        """Run the statements. Those before a refused one stay until ``undo``."""
        for statement in statements:
            self._run(statement)
            self._is_changed = True

    def undo(self) -> None:
        """Create the database again, if it was changed."""
        self.connection.rollback()
        if self._is_changed:
            self._run(*self._statements)
            self._is_changed = False

    def _run(self, *statements: str) -> Sequence[Any]:
        with closing(self.connection.cursor()) as cursor:
            rows: Sequence[Any] = ()
            for statement in statements:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else ()
            return rows
