"""Inserts rows into SQLite. The message of an error identifies the violated constraint."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from driftcheck.databases.messages import database_message
from driftcheck.databases.rows import values
from driftcheck.databases.rows.tables import Column, ForeignKey, Insert, Refusal, Table
from driftcheck.databases.sqlite.catalog.definition import TableDefinition
from driftcheck.databases.sqlite.catalog.kind import address, definitions
from driftcheck.databases.sqlite.catalog.tokens import quote, tokens_of
from driftcheck.databases.version_table import VersionTable

_KEYS = 20
_TYPE = re.compile(r"\s*([^(]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.DOTALL)
_FAILED = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.+)", re.DOTALL)

# Hidden columns are generated columns: https://www.sqlite.org/pragma.html#pragma_table_xinfo
_COLUMNS = """SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?)
WHERE hidden = 0 ORDER BY cid"""
_UNIQUE = """SELECT i.name, c.name FROM pragma_index_list(?) i, pragma_index_info(i.name) c
WHERE i."unique" AND c.name IS NOT NULL ORDER BY i.name, c.seqno"""
_FOREIGN_KEYS = """SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?)
ORDER BY id, seq"""


class SQLiteStore:
    """A SQLite database into which rows are inserted.

    Args:
        connection: An open connection of the sqlite3 module. The caller commits it.
        excluded: Alembic's version tables.
    """

    def __init__(self, connection: sqlite3.Connection, excluded: Collection[VersionTable]) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._excluded = {table.name for table in excluded}
        self._cursor.execute("PRAGMA foreign_keys = ON")
        self._cursor.execute("BEGIN")
        self._has_deferred_keys = any(
            constraint.reference is not None and constraint.reference.manner.endswith(" DEFERRED")
            for table in definitions(self._cursor).values()
            for constraint in table.constraints
        )

    def tables(self) -> list[Table]:
        """Every user table, without virtual tables."""
        tables = definitions(self._cursor)
        return [
            self._table(name, definition)
            for name, definition in sorted(tables.items())
            if name not in self._excluded
        ]

    def attempt(self, inserts: Sequence[Insert]) -> Refusal | None:
        """Insert the rows together, or undo that and return the reason."""
        self._cursor.execute("SAVEPOINT driftcheck")
        try:
            for insert in inserts:
                self._cursor.execute(_statement(insert))
            self._check_deferred_keys()
        except sqlite3.Error as error:
            self._cursor.execute("ROLLBACK TO driftcheck")
            return _refusal(error, inserts)
        finally:
            self._cursor.execute("RELEASE driftcheck")
        return None

    def _check_deferred_keys(self) -> None:
        """Raise the error that a deferred foreign key would raise at the commit."""
        if self._has_deferred_keys and self._rows("SELECT 1 FROM pragma_foreign_key_check LIMIT 1"):
            raise sqlite3.IntegrityError("FOREIGN KEY constraint failed")

    def keys(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """The first key values that a foreign key can reference, as SQL expressions."""
        names = [quote(name) for name in key.referred]
        return self._rows(
            f"SELECT {', '.join(f'quote({name})' for name in names)} FROM {key.table.sql} "
            f"WHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)} "
            f"ORDER BY {', '.join(names)} LIMIT {_KEYS}"
        )

    def next_value(self, table: Table, column: str) -> str | None:
        """The next row ID, if the column is the row ID."""
        if not table.columns[column].is_numbered:
            return None
        name, of = quote(column), quote(table.address.name)
        ((number,),) = self._rows(f"SELECT coalesce(max({name}), 0) + 1 FROM {of}")
        return str(number)

    def is_empty(self, table: Table) -> bool:
        """Whether a table has no row."""
        return not self._rows(f"SELECT 1 FROM {quote(table.address.name)} LIMIT 1")

    def _rows(self, query: str, *parameters: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query, parameters)
        return self._cursor.fetchall()

    def _table(self, name: str, definition: TableDefinition) -> Table:
        rows = self._rows(_COLUMNS, name)
        keys = tuple(row[0] for row in sorted(rows, key=lambda row: row[4]) if row[4])
        checks = [c.definition for c in definition.constraints if c.kind == "check constraint"]
        numbered = len(keys) == 1 and "WITHOUT ROWID" not in definition.options
        columns = {
            column: Column(
                column,
                _values(str(type_), [check for check in checks if _contains_name(check, column)]),
                nullable=not not_null and column not in keys,
                has_default=default is not None,
                is_numbered=numbered and column in keys and str(type_).upper() == "INTEGER",
            )
            for column, type_, not_null, default, _ in rows
        }
        unique: dict[str, list[str]] = {"": list(keys)}
        for index, column in self._rows(_UNIQUE, name):
            unique.setdefault(index, []).append(column)
        return Table(
            address("table", name),
            columns,
            [tuple(names) for names in unique.values()],
            [*self._foreign_keys(name)],
        )

    def _foreign_keys(self, name: str) -> Iterator[ForeignKey]:
        keys: dict[int, list[tuple[str, str, str | None]]] = {}
        for number, table, column, referred in self._rows(_FOREIGN_KEYS, name):
            keys.setdefault(number, []).append((table, column, referred))
        for rows in keys.values():
            table = rows[0][0]
            referred = [row[2] for row in rows]
            if None in referred:  # the primary key of the referenced table
                target = sorted(self._rows(_COLUMNS, table), key=lambda row: row[4])
                referred = [row[0] for row in target if row[4]]
            names = tuple(map(str, referred))
            yield ForeignKey(tuple(row[1] for row in rows), address("table", table), names)


def _statement(insert: Insert) -> str:
    given = {name: value for name, value in insert.values.items() if value is not None}
    table = quote(insert.table.address.name)
    if not given:
        return f"INSERT INTO {table} DEFAULT VALUES"
    names = ", ".join(map(quote, given))
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(given.values())})"


def _refusal(error: sqlite3.Error, inserts: Sequence[Insert]) -> Refusal:
    message = database_message(error)
    failed = _FAILED.fullmatch(message)
    for insert in inserts:
        name = insert.table.address.name
        if failed and failed[1].startswith(f"{name}."):
            columns = [part.removeprefix(f"{name}.") for part in failed[1].split(", ")]
            return Refusal(message, insert.table.address, tuple(columns))
    if len(inserts) == 1:
        insert = inserts[0]
        named = [column for column in insert.values if _contains_name(message, column)]
        return Refusal(message, insert.table.address, tuple(named))
    return Refusal(message)


def _contains_name(text: str, column: str) -> bool:
    return any(token.name.casefold() == column.casefold() for token in tokens_of(text))


def _values(type_: str, checks: Sequence[str]) -> tuple[str, ...]:
    """Values for the declared type of a column. SQLite itself accepts nearly every value."""
    first, *rest = _strings(type_.upper())
    named = dict.fromkeys(text for check in checks for text in values.values_near(check))
    return tuple(_literal(text) for text in dict.fromkeys([first, *named, *rest]))


def _strings(type_: str) -> Iterator[str]:
    matched = _TYPE.fullmatch(type_)
    name, length, scale = matched.groups() if matched else (type_, None, None)
    size = int(length) if length else None
    for words, maker in _MAKERS:
        if any(word in name for word in words):
            return maker(size, int(scale or 0))
    return values.strings(size)


# The order is that of https://www.sqlite.org/datatype3.html#determination_of_column_affinity.
_MAKERS: tuple[tuple[tuple[str, ...], Callable[[int | None, int], Iterator[str]]], ...] = (
    (("SMALLINT",), lambda _size, _scale: values.integers(16)),
    (("BIGINT",), lambda _size, _scale: values.integers(64)),
    (("INT",), lambda _size, _scale: values.integers(32)),
    (("CHAR", "CLOB", "TEXT"), lambda size, _scale: values.strings(size)),
    (("JSON",), lambda _size, _scale: values.documents()),
    (("BOOL",), lambda _size, _scale: iter("10")),
    (("DATETIME", "TIMESTAMP"), lambda _size, _scale: values.timestamps()),
    (("DATE",), lambda _size, _scale: values.days()),
    (("TIME",), lambda _size, _scale: values.times()),
    (("NUM", "DEC"), values.decimals),
    (("REAL", "FLOA", "DOUB"), lambda _size, _scale: values.decimals(None, 0)),
)
"""By words in the name of the type: a function from length and scale to strings."""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
