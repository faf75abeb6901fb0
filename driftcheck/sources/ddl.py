"""Writes models as DDL: all that ``create_all()`` would run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import DDLElement


def ddl_of(models: Iterable[MetaData], connection: Any) -> tuple[str, ...]:
    """Write models as DDL.

    Args:
        models: The metadata.
        connection: A SQLAlchemy connection to a shadow database: its dialect knows the server,
            and what listeners of the models ask of the database is asked of it.
    """
    statements: list[str] = []

    def keep(statement: Any, *parameters: Any, **named: Any) -> Any:
        if isinstance(statement, DDLElement):
            statement = str(statement.compile(dialect=connection.dialect))
        if not isinstance(statement, str):
            return connection.execute(statement, *filter(None, parameters), **named)
        statements.append(statement.strip())
        return None

    for metadata in dict.fromkeys(models):
        metadata.create_all(MockConnection(connection.dialect, keep), checkfirst=False)
    return tuple(statements)
