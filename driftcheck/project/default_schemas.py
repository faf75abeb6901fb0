"""Keeps what SQLAlchemy remembers of an engine's database true in every shadow set.

SQLAlchemy asks for the default schema once for each engine, on the first connection. An engine
that lives longer than a shadow set is sent to several databases. On MySQL the default schema is
the database, so SQLAlchemy would go on looking for tables in an earlier shadow database.
Source: ``DefaultDialect.initialize`` of SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import closing
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Dialect

from driftcheck.databases.registry import find_database


class DefaultSchemas:
    """Sets the default schema of each dialect to that of the current shadow set.

    A default schema that comes from elsewhere is left alone: from a listener of the project that
    sets the search path, or from an assignment.
    """

    def __init__(self) -> None:
        self._of_dialect: WeakKeyDictionary[Dialect, _DefaultSchema] = WeakKeyDictionary()

    def connected(self, dialect: Dialect, connection: Any, shadow_set: Hashable) -> None:
        """Ask a new connection for its default schema.

        Args:
            dialect: The dialect of the engine that the connection was opened for.
            connection: A DB-API connection on which no transaction has begun.
            shadow_set: The shadow set that the connection leads to.
        """
        database = find_database(dialect.name)
        if database is None or not database.default_schema_query:
            return
        with closing(connection.cursor()) as cursor:
            cursor.execute(database.default_schema_query)
            (name,) = cursor.fetchone()
        connection.rollback()
        known = self._of_dialect.get(dialect)
        if known is None:  # SQLAlchemy has not asked yet, and does so next
            self._of_dialect[dialect] = known = _DefaultSchema(name)
        known.by_set[shadow_set] = name
        known.switch(dialect, shadow_set)

    def switch(self, shadow_set: Hashable) -> None:
        """Set the default schemas to those of a shadow set, as far as it was connected to."""
        for dialect, known in list(self._of_dialect.items()):
            known.switch(dialect, shadow_set)


class _DefaultSchema:
    """The default schema of one dialect, by the shadow set."""

    def __init__(self, current: str | None) -> None:
        self.current = current
        self.by_set: dict[Hashable, str | None] = {}

    def switch(self, dialect: Dialect, shadow_set: Hashable) -> None:
        if shadow_set in self.by_set and dialect.default_schema_name == self.current:
            dialect.default_schema_name = self.current = self.by_set[shadow_set]
