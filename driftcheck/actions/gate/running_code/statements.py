"""The statements of the running code on one database: what its models read, and what they write.

First, the statements are run on the base's schema. Those that succeed are run again later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from driftcheck.actions.gate.running_code.messages import Action
from driftcheck.actions.gate.running_code.rows import (
    OF_EVERY_ROW,
    NotInsertedError,
    Refused,
    Row,
    Rows,
    error_of,
    is_numbered,
    is_written,
)
from driftcheck.actions.gate.running_code.values import NULL, Value, default_of
from driftcheck.databases.registry import database_for
from driftcheck.databases.statement_errors import Reason, StatementError
from driftcheck.errors import DriftcheckError

Mappers = Mapping[sa.Table, Sequence[Any]]
"""The mappers of each table."""

_CERTAIN = (*OF_EVERY_ROW, Reason.TYPE, Reason.CHECK)
"""The reasons for refusing a row with the fewest values that do not depend on arbitrary values. Of
a check constraint, the gate finds out whether it does."""


@dataclass(frozen=True)
class Failed:
    """A statement that fails.

    Attributes:
        action: What it does.
        table: The table.
        column: The column, or the property of a class; empty for the whole table.
        value: The value; ``None`` if it reads, or inserts the row with the fewest values.
        error: Why it fails.
        statement: The statement.
        undeclared: The columns of the row whose values the models do not declare.
    """

    action: Action
    table: sa.Table
    column: str
    value: Value | None
    error: StatementError
    statement: str
    undeclared: tuple[str, ...] = ()


@dataclass
class Accepted:
    """The statements that succeed on the base's schema.

    Attributes:
        reads: The tables whose columns can be read.
        readable: The tables whose columns can certainly be read as before, so that this is not
            tried.
        properties: The properties of classes that can be read, with their tables.
        rows: A row for each table. Tables that others reference are among them.
        writes: For the tables that were tried, the values that each column accepts.
        not_tried: For a table for which no row was found, the reason.
    """

    reads: list[sa.Table] = field(default_factory=list)
    readable: set[sa.Table] = field(default_factory=set)
    properties: list[tuple[sa.Table, str, Any]] = field(default_factory=list)
    rows: dict[sa.Table, Row] = field(default_factory=dict)
    writes: dict[sa.Table, list[tuple[sa.Column[Any], Value]]] = field(default_factory=dict)
    not_tried: dict[str, str] = field(default_factory=dict)


class Statements:
    """Runs the statements of the running code by one connection.

    Args:
        connection: A connection of the project.
        mappers: The mappers of each table.
        accepted: The statements that succeed on the base's schema, as far as they are known.
    """

    def __init__(self, connection: sa.Connection, mappers: Mappers, accepted: Accepted) -> None:
        self._connection = connection
        self._database = database_for(connection.dialect.name)
        self._mappers = mappers
        self._accepted = accepted
        self._rows = Rows(connection, self._database, accepted.rows)

    def find(
        self,
        tables: Iterable[sa.Table],
        written: Collection[sa.Table],
        readable: Collection[sa.Table],
    ) -> None:
        """Find the statements that succeed on the base's schema.

        Args:
            tables: The tables of the models.
            written: The tables into which rows are to be inserted.
            readable: The tables whose columns can certainly be read as before.
        """
        accepted = self._accepted
        for table in tables:
            if table in readable:
                accepted.readable.add(table)
            elif self._read(table.columns) is None:
                accepted.reads.append(table)
            for name, expression in _properties(self._mappers.get(table, ())):
                if self._read([expression]) is None:
                    accepted.properties.append((table, name, expression))
            if table in written:
                self._find_row(table)
        accepted.rows |= self._rows.known

    def repeat(self) -> Iterator[Failed]:
        """Run the statements that succeed on the base's schema again, and yield those that fail."""
        for table in self._accepted.reads:
            yield from self._failing_reads(table)
        for table, name, expression in self._accepted.properties:
            error = self._read([expression])
            if error is not None:
                statement = str(sa.select(expression).compile(dialect=self._connection.dialect))
                yield Failed(Action.READ, table, name, None, error, statement)
        for table, writes in self._accepted.writes.items():
            with suppress(NotInsertedError):  # the failure of the referenced table is reported
                yield from self._failing_writes(table, writes)

    # Reading

    def _read(self, columns: Iterable[Any]) -> StatementError | None:
        savepoint = self._connection.begin_nested()
        try:
            self._connection.execute(sa.select(*columns).where(sa.false())).close()
        except DriftcheckError:
            raise
        except Exception as error:  # noqa: BLE001  (types of the project raise any)
            return error_of(error, self._database)
        finally:
            savepoint.rollback()
        return None

    def _failing_reads(self, table: sa.Table) -> Iterator[Failed]:
        error = self._read(table.columns)
        if error is None:
            return
        errors = {column: self._read([column]) for column in table.columns}
        failing = {column: error for column, error in errors.items() if error is not None}
        if len(failing) == len(errors):
            yield self._failed_read(table, table.columns, "", error)
            return
        for column, error in failing.items():
            yield self._failed_read(table, [column], column.name, error)

    def _failed_read(
        self, table: sa.Table, columns: Iterable[Any], name: str, error: StatementError
    ) -> Failed:
        statement = sa.select(*columns).compile(dialect=self._connection.dialect)
        return Failed(Action.READ, table, name, None, error, str(statement))

    # Writing

    def _find_row(self, table: sa.Table) -> None:
        accepted = self._accepted
        try:
            row, refused = self._rows.find(table)
        except NotInsertedError as reason:
            accepted.not_tried[table.fullname] = str(reason)
            return
        if row is None:
            if refused is None or refused.error.reason is not Reason.NOT_WRITABLE:
                accepted.not_tried[table.fullname] = refused.error.message if refused else ""
            return  # a view that takes no rows: the code writes none
        accepted.writes[table] = [*self._accepted_values(table, row)]

    def _accepted_values(self, table: sa.Table, row: Row) -> Iterator[tuple[sa.Column[Any], Value]]:
        """Yield the values of single columns with which the base's schema accepts the row."""
        for column in table.columns:
            if self._writes_null(column) and self._accepts(table, row, column, NULL):
                yield column, NULL
            if column.foreign_keys or is_numbered(column) or not is_written(column):
                continue
            values = self._rows.values(column)
            tried = (
                (column, value)
                for value in (*values.largest, *values.usual)
                if self._accepts(table, row, column, value)
            )
            yield from tried if values.are_declared else islice(tried, 1)
            default = default_of(column)
            if default and self._accepts(table, row, column, default):
                yield column, default

    def _writes_null(self, column: sa.Column[Any]) -> bool:
        """Whether an object without a value for a column writes NULL.

        Source: ``Mapper._insert_cols_as_none`` of SQLAlchemy.
        """
        return (
            column.table in self._mappers
            and bool(column.nullable)
            and not column.primary_key
            and column.default is None
            and column.server_default is None
        )

    def _accepts(self, table: sa.Table, row: Row, column: sa.Column[Any], value: Value) -> bool:
        return self._rows.attempt(table, {**row, column: value}) is None

    def _failing_writes(
        self, table: sa.Table, writes: Sequence[tuple[sa.Column[Any], Value]]
    ) -> Iterator[Failed]:
        row = self._accepted.rows[table]
        refused = self._rows.attempt(table, row)
        if refused is not None:
            found = None if refused.error.reason in OF_EVERY_ROW else self._rows.find(table)[0]
            if found is None:
                if refused.error.reason in _CERTAIN:
                    yield _failed_write(table, row, None, refused)
                return
            row = found
        for column, value in writes:
            refused = self._rows.attempt(table, {**row, column: value})
            if refused and _is_certain(value, refused.error):
                yield _failed_write(table, {**row, column: value}, (column, value), refused)


def _is_certain(value: Value, error: StatementError) -> bool:
    """Whether an error shows that a column does not take what the models say of it."""
    match error.reason:
        case Reason.OTHER:
            return False
        case Reason.CHECK | Reason.VALUE:
            return value.is_declared
    return True


def _failed_write(
    table: sa.Table, row: Row, written: tuple[sa.Column[Any], Value] | None, refused: Refused
) -> Failed:
    return Failed(
        Action.INSERT if written is None else Action.WRITE,
        table,
        written[0].name if written else "",
        written[1] if written else None,
        refused.error,
        refused.statement,
        tuple(column.name for column, value in row.items() if not value.is_declared),
    )


def _properties(mappers: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the properties of classes that are not columns of a table, as ``column_property``."""
    for mapper in mappers:
        for key, mapped in mapper.column_attrs.items():
            if not all(isinstance(column, sa.Column) for column in mapped.columns):
                yield f"{mapper.class_.__name__}.{key}", getattr(mapper.class_, key)
