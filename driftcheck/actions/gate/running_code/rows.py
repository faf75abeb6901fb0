"""Inserts rows as the running code does, each with the rows that it references, and undoes that.

Only columns that need a value get one. Defaults are left to SQLAlchemy and to the database, as the
running code leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from driftcheck.actions.gate.running_code.values import Value, Values, values_for
from driftcheck.databases.database import Database
from driftcheck.databases.messages import database_message
from driftcheck.databases.statement_errors import Reason, StatementError
from driftcheck.errors import DriftcheckError

Table: TypeAlias = sa.Table
Column: TypeAlias = "sa.Column[Any]"
Row: TypeAlias = "Mapping[Column, Value]"
"""The values of a row, without those of references."""

OF_EVERY_ROW = (Reason.MISSING, Reason.NOT_NULL, Reason.NOT_WRITABLE)
"""The reasons that other values do not change."""
_ATTEMPTS = 40


class Refused(NamedTuple):
    """Why a row was refused, and the statement."""

    error: StatementError
    statement: str


class NotInsertedError(Exception):
    """A row cannot be tried, because a row that it references cannot be inserted."""


class Rows:
    """Inserts rows by one connection.

    Args:
        connection: A SQLAlchemy connection of the project, in a transaction.
        database: The database system.
        known: The rows that are inserted into referenced tables.

    Attributes:
        known: These rows, and those that were found.
    """

    def __init__(
        self, connection: sa.Connection, database: Database, known: Mapping[Table, Row]
    ) -> None:
        self._connection = connection
        self._database = database
        self.known = dict(known)
        self._sought: set[Table] = set()
        self._referenced: dict[Table, dict[Column, Any]] = {}
        self._statement = ""

    def attempt(self, table: Table, row: Row) -> Refused | None:
        """Insert a row with the rows that it references, and undo that.

        Returns:
            Why the table refuses the row; ``None`` if it accepts it.

        Raises:
            NotInsertedError: A row that it references cannot be inserted.
        """
        self._referenced.clear()
        savepoint = self._connection.begin_nested()
        try:
            self._insert(table, row, ())
        except (DriftcheckError, NotInsertedError):
            raise
        except Exception as error:  # noqa: BLE001  (defaults and types of the project raise any)
            return Refused(error_of(error, self._database), self._statement)
        finally:
            savepoint.rollback()
        return None

    def find(self, table: Table) -> tuple[Row | None, Refused | None]:
        """Find a row that a table accepts, with values for the columns that need one.

        Returns:
            The row, or why the first one was refused.

        Raises:
            NotInsertedError: A row that it must reference cannot be inserted.
        """
        self._sought.add(table)
        for reference in references(table):
            parent = reference.referred_table
            if parent not in self._sought and parent not in self.known:
                found, refused = self.find(parent)
                if found is None:
                    reason = refused.error.message if refused else ""
                    raise NotInsertedError(f"it references {parent.fullname}: {reason}")
        row, first = self._search(table, _needed(table))
        if row is None and first is not None and first.error.reason not in OF_EVERY_ROW:
            row, _ = self._search(table, [*_needed(table), *_with_python_default(table)])
        if row is not None:
            self.known[table] = row
        return row, first

    def values(self, column: Column) -> Values:
        """Return values for a column."""
        return values_for(column, _conditions(column), self._connection.dialect)

    def _search(self, table: Table, columns: Sequence[Column]) -> tuple[Row | None, Refused | None]:
        choices = {}
        for column in columns:
            values = self.values(column)
            choices[column] = [*values.usual, *values.largest]
        if not all(choices.values()):
            error = StatementError(
                Reason.OTHER, "driftcheck knows no value of the type of a column"
            )
            return None, Refused(error, "")
        positions = dict.fromkeys(columns, 0)
        first = None
        for _ in range(_ATTEMPTS):
            row = {c: choices[c][positions[c] % len(choices[c])] for c in columns}
            refused = self.attempt(table, row)
            if refused is None:
                return row, first
            first = first or refused
            if refused.error.reason in OF_EVERY_ROW or not columns:
                break
            for column in _concerned(table, columns, refused.error):
                positions[column] += 1
        return None, first

    def _insert(self, table: Table, row: Row, path: Sequence[Table]) -> dict[Column, Any]:
        """Insert a row and those that it references, and return the values of its columns."""
        values: dict[Column, Any] = {}
        for reference in references(table):
            parent = reference.referred_table
            if parent in (table, *path) or parent not in self.known:
                raise NotInsertedError(f"it references {parent.fullname}, which has no row")
            if parent not in self._referenced:  # two references may lead to the same row
                try:
                    made = self._insert(parent, self.known[parent], (table, *path))
                except DBAPIError as error:
                    message = error_of(error, self._database).message
                    raise NotInsertedError(f"it references {parent.fullname}: {message}") from error
                self._referenced[parent] = made
            for element in reference.elements:
                values[element.parent] = self._referenced[parent].get(element.column)
        values |= {column: value.expression for column, value in row.items()}
        statement = table.insert().values(values)
        self._statement = str(statement.compile(dialect=self._connection.dialect))
        result = self._connection.execute(statement)
        keys = result.inserted_primary_key or ()
        return {**dict(zip(table.primary_key.columns, keys, strict=False)), **values}


def error_of(error: BaseException, database: Database) -> StatementError:
    """Return why a statement of SQLAlchemy has failed."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return database.statement_error(error.orig)
    return StatementError(Reason.OTHER, database_message(error))


def references(table: Table) -> Iterator[sa.ForeignKeyConstraint]:
    """Yield the foreign keys that must reference a row."""
    for constraint in sorted(table.foreign_key_constraints, key=_columns_of):
        if all(_needs_value(column) for column in constraint.columns):
            yield constraint


def _columns_of(constraint: sa.ForeignKeyConstraint) -> list[str]:
    return [column.name for column in constraint.columns]


def _needed(table: Table) -> list[Column]:
    """Return the columns that need a value, without those of references."""
    referencing = {column for key in references(table) for column in key.columns}
    return [
        column
        for column in table.columns
        if column not in referencing and _needs_value(column) and not is_numbered(column)
    ]


def is_written(column: Column) -> bool:
    """Whether the code can write a column: it is not generated."""
    return column.computed is None and column.identity is None


def is_numbered(column: Column) -> bool:
    """Whether the database numbers the rows of a table by a column."""
    return column is column.table._autoincrement_column  # noqa: SLF001  (public in SQLAlchemy 2 only)


def _needs_value(column: Column) -> bool:
    return (
        not column.nullable
        and column.default is None
        and column.server_default is None
        and is_written(column)
    )


def _with_python_default(table: Table) -> list[Column]:
    """The columns with a default of the project's code, which may fail outside of the app."""
    return [
        column
        for column in table.columns
        if column.default is not None and not column.default.is_sequence
    ]


def _conditions(column: Column) -> list[str]:
    """The conditions of the check constraints of the models that mention a column."""
    checks = (c for c in column.table.constraints if isinstance(c, sa.CheckConstraint))
    texts = [str(check.sqltext) for check in checks]
    return [text for text in texts if column.name in text]


def _concerned(table: Table, columns: Sequence[Column], error: StatementError) -> Sequence[Column]:
    """The columns to give another value; all of them if the error names none."""
    names = {error.column} | {
        column.name
        for constraint in table.constraints
        if isinstance(constraint, sa.schema.ColumnCollectionConstraint)
        if constraint.name and constraint.name == error.constraint
        for column in constraint.columns
    }
    return [column for column in columns if column.name in names] or columns
