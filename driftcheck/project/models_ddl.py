"""Writes models as DDL: the statements that ``create_all()`` would run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import DDLElement


def ddl_of(models: Iterable[MetaData], connection: Any) -> tuple[str, ...]:
    """Return the DDL of models.

    Args:
        models: The metadata.
        connection: A SQLAlchemy connection to a shadow database. The statements are compiled for
            its dialect, and queries of event listeners of the models run on it.

    Returns:
        The statements, in the order in which ``create_all()`` runs them.
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
    """Return a statement that can be run without parameters.

    For drivers with the parameter style ``%s``, SQLAlchemy doubles each ``%`` of a statement.
    """
    takes_percents = connection.dialect.paramstyle in ("format", "pyformat")
    return statement.replace("%%", "%") if takes_percents else statement
