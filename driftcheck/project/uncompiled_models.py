"""Finds the table and the column for which SQLAlchemy cannot write DDL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from driftcheck.errors import ProjectError
from driftcheck.process.exception_text import exception_lines


class UncompiledModelsError(ProjectError):
    """SQLAlchemy cannot write the DDL of a table of the models.

    Args:
        reason: The exception of SQLAlchemy, as text.
        dialect: The name of the dialect.
        table: The table.
        column: The column, if the failure is about one column.
    """

    def __init__(self, reason: str, dialect: str, table: Table, column: Column[Any] | None) -> None:
        what = f"table {table.fullname}"
        if column is not None:
            what = f"column {column.name} of {what}"
        super().__init__(
            f"SQLAlchemy cannot write the {what} of the models as DDL for {dialect}: {reason}",
            hint=f"Correct the {'column' if column is not None else 'table'} in the models: "
            f"create_all() and migrate fail there too on {dialect}.",
        )
        self.table = table
        self.column = column


def uncompiled(metadata: MetaData, dialect: Any, error: Exception) -> UncompiledModelsError | None:
    """Return the error for the first table whose DDL cannot be written; ``None`` if there is none.

    Args:
        metadata: The models.
        dialect: The dialect for which the DDL is written.
        error: The exception of SQLAlchemy that writing all tables has raised.
    """
    for table in metadata.tables.values():
        elements = [CreateTable(table), *map(CreateIndex, table.indexes)]
        if all(_compiles(element, dialect) for element in elements):
            continue
        columns = (c for c in table.columns if not _compiles(CreateColumn(c), dialect))
        reason = exception_lines(error)[0]
        return UncompiledModelsError(reason, dialect.name, table, next(columns, None))
    return None


def _compiles(element: Any, dialect: Any) -> bool:
    try:
        element.compile(dialect=dialect)
    except Exception:  # noqa: BLE001  (types and compilers may be the project's own)
        return False
    return True
