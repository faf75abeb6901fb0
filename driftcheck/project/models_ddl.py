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
            statement = _bare(str(statement.compile(dialect=connection.dialect)), connection)
        if not isinstance(statement, str):
            return connection.execute(statement, *filter(None, parameters), **named)
        statements.append(statement.strip())
        return None

    for metadata in dict.fromkeys(models):
        metadata.create_all(MockConnection(connection.dialect, keep), checkfirst=False)
    return tuple(statements)


def _bare(statement: str, connection: Any) -> str:
    """A statement as the server is to see it, for it is run without parameters.

    Compiled for a driver that puts them in for ``%s``, it has each ``%`` of its own doubled.
    """
    takes_percents = connection.dialect.paramstyle in ("format", "pyformat")
    return statement.replace("%%", "%") if takes_percents else statement
