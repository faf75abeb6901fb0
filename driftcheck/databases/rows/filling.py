"""Inserts rows into tables, in the order of foreign keys, with values that the database accepts.

If the database refuses a row, the columns of the violated constraint get their next values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from driftcheck.databases.rows.tables import Column, ForeignKey, Insert, Refusal, Store, Table
from driftcheck.schema import Address

T = TypeVar("T")

_ATTEMPTS = 400
_ROUNDS = 20
_COMBINATIONS = 60
_CYCLE = 3


@dataclass(frozen=True)
class Unfilled:
    """A table without rows, and the reason."""

    table: Address
    reason: str


def fill_tables(store: Store, rows: int) -> list[Unfilled]:
    """Insert rows into every table of a database.

    Of each three rows, the first two are equal except for unique columns. The third row has NULLs
    and defaults wherever possible.

    Args:
        store: The database.
        rows: The number of rows per table.

    Returns:
        The tables that remain empty.
    """
    tables = store.tables()
    reasons = {table.address: table.skip_reason for table in tables}
    for group in _in_order([table for table in tables if not table.skip_reason]):
        for number in range(rows):
            reason = _insert(store, group, number)
            if reason:
                if number == 0:
                    empty = (table.address for table in group if store.is_empty(table))
                    reasons |= dict.fromkeys(empty, reason)
                break
    return [Unfilled(address, reason) for address, reason in reasons.items() if reason]


def _in_order(tables: Sequence[Table]) -> Iterator[list[Table]]:
    """Groups of tables in the order of foreign keys. Tables in a cycle are in one group."""
    left = {table.address: table for table in tables}
    while left:
        group = _next(left)
        yield group
        for table in group:
            del left[table.address]


def _next(left: Mapping[Address, Table]) -> list[Table]:
    """The next group: a table without unfilled required references, or a cycle of tables."""
    needed = {address: _needed(table, left) for address, table in left.items()}
    free = [table for table in left.values() if not needed[table.address] - {table.address}]
    if free:
        first = min(free, key=lambda table: sum(k.table in left for k in table.foreign_keys))
        return [first]
    path = [next(iter(left))]
    while (address := min(needed[path[-1]] - {path[-1]})) not in path:
        path.append(address)
    return [left[address] for address in path[path.index(address) :]]


def _needed(table: Table, left: Mapping[Address, Table]) -> set[Address]:
    return {key.table for key in table.foreign_keys if table.needs(key)} & left.keys()


def _insert(store: Store, group: Sequence[Table], number: int) -> str:
    """Insert one row into each table of a group.

    Returns:
        The reason if that is not possible; otherwise an empty string.
    """
    fixed = _shared_key_values(store, group, number)
    rows = {}
    for table in group:
        rows[table.address] = row = _Row(store, table, number, fixed[table.address])
        if row.missing_table:
            return f"it references {row.missing_table.sql}, which has no row"
    return _search(store, rows)


def _search(store: Store, rows: Mapping[Address, _Row]) -> str:
    """Insert the rows, with the next values for the columns that the database refuses."""
    first = ""
    for _ in range(_ATTEMPTS):
        refusal = store.attempt([row.insert for row in rows.values()])
        if refusal is None:
            return ""
        first = first or refusal.message
        if not _advance(rows, refusal):
            break
    return first


def _advance(rows: Mapping[Address, _Row], refusal: Refusal) -> bool:
    row = rows.get(refusal.table) if refusal.table else None
    if row is not None:
        return row.advance(refusal.columns)
    advanced = [other.advance(()) for other in rows.values()]
    return all(advanced)


def _shared_key_values(
    store: Store, group: Sequence[Table], number: int
) -> dict[Address, dict[str, str]]:
    """The key values by which the tables of a cycle reference each other."""
    fixed: dict[Address, dict[str, str]] = {table.address: {} for table in group}
    by_address = {table.address: table for table in group}
    for table in group:
        for key in table.foreign_keys:
            target = by_address.get(key.table)
            if target is None or not table.needs(key):
                continue
            if not target.columns.keys() >= set(key.referred):
                continue  # a generated value is not known in advance
            target_values = fixed[key.table]
            for column, referred in zip(key.columns, key.referred, strict=True):
                if referred not in target_values:
                    value = _new(store, target, referred, number)
                    target_values[referred] = fixed[table.address].get(column, value)
                fixed[table.address][column] = target_values[referred]
    return fixed


def _new(store: Store, table: Table, column: str, number: int) -> str:
    next_value = store.next_value(table, column)
    if next_value is not None:
        return next_value
    values = table.columns[column].values
    return values[number % len(values)]


Choice = Mapping[str, str | None]
"""Values for a group of columns."""


class _Row:
    """A row to insert: for each column or group of columns, a list of choices and the current one.

    Attributes:
        missing_table: A table that the row must reference, but which has no rows.
    """

    def __init__(self, store: Store, table: Table, number: int, fixed: Mapping[str, str]) -> None:
        self._table = table
        self._number = number
        self._unique = {columns[0] for columns in table.unique if columns}
        self.missing_table: Address | None = None
        self._slots: list[_Slot] = [_Slot([{name: value}]) for name, value in fixed.items()]
        taken = set(fixed)
        for keys in _overlapping(table.foreign_keys):
            columns = {name for key in keys for name in key.columns}
            if taken.isdisjoint(columns) and columns <= table.columns.keys():
                self._slots.append(_Slot(self._references(store, keys)))
                taken |= columns
        for name, column in table.columns.items():
            if name not in taken:
                self._slots.append(_Slot(self._values(column)))
        self._moved = 0

    @property
    def insert(self) -> Insert:
        """The row with the current choices."""
        return Insert(self._table, {k: v for slot in self._slots for k, v in slot.choice.items()})

    def advance(self, columns: Sequence[str]) -> bool:
        """Take the next choice for some columns, or for all columns if none is given.

        Returns:
            Whether there is a choice that was not used yet.
        """
        concerned = [slot for slot in self._slots if not slot.columns.isdisjoint(columns)]
        if concerned:
            return any(slot.advance() for slot in concerned)
        for slot in self._slots:
            slot.advance()
        self._moved += 1
        return self._moved < _ROUNDS

    def _values(self, column: Column) -> list[Choice]:
        values: list[str | None] = list(_rotated(column.values, self._start({column.name})))
        if column.is_numbered:
            values = [*[None] * _ROUNDS, *values]
        elif column.has_default:
            values.insert(0 if self._is_sparse else len(values), None)
        choices: list[Choice] = [{column.name: value} for value in values]
        if column.nullable and not column.is_numbered:
            choices.insert(0 if self._is_sparse else 1, {column.name: "NULL"})
        return choices

    def _references(self, store: Store, keys: Sequence[ForeignKey]) -> list[Choice]:
        """The key values that foreign keys with common columns can reference together."""
        choices: list[Choice] = [{}]
        for key in sorted(keys, key=lambda key: -len(key.columns)):
            references: list[Choice] = [
                dict(zip(key.columns, values, strict=True)) for values in store.keys(key)
            ]
            references = list(_rotated(references, self._start(set(key.columns))))
            if not self._table.needs(key):
                references.insert(
                    0 if self._is_sparse else len(references), self._null_reference(key)
                )
            if not references:
                self.missing_table = key.table
            choices = list(_combined(choices, references))[:_COMBINATIONS]
            if not choices:
                self.missing_table = self.missing_table or key.table
                return [{}]
        return choices

    def _null_reference(self, key: ForeignKey) -> Choice:
        columns = (self._table.columns[name] for name in key.columns)
        return {column.name: "NULL" for column in columns if column.nullable}

    @property
    def _is_sparse(self) -> bool:
        """Whether this is the row with NULLs and defaults."""
        return self._number % _CYCLE == _CYCLE - 1

    def _start(self, columns: set[str]) -> int:
        """The position of the first value. Rows 0 and 1 are equal, except for unique columns."""
        return self._number if columns & self._unique else max(0, self._number - 1)


def _overlapping(keys: Sequence[ForeignKey]) -> list[list[ForeignKey]]:
    """Group foreign keys that have common columns."""
    groups: list[list[ForeignKey]] = []
    for key in keys:
        near = [g for g in groups if any(set(key.columns) & set(other.columns) for other in g)]
        groups = [group for group in groups if group not in near]
        groups.append([*(member for group in near for member in group), key])
    return groups


def _combined(left: Sequence[Choice], right: Sequence[Choice]) -> Iterator[Choice]:
    """The combinations of choices that agree in their common columns."""
    for first in left:
        for second in right:
            if all(first.get(name, value) == value for name, value in second.items()):
                yield {**first, **second}


def _rotated(values: Sequence[T], start: int) -> Sequence[T]:
    position = start % len(values) if values else 0
    return [*values[position:], *values[:position]]


class _Slot:
    """A group of columns with its choices, and the current choice."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices or [{}]
        self._position = 0
        self.columns = {name for choice in self._choices for name in choice}

    @property
    def choice(self) -> Choice:
        return self._choices[self._position]

    def advance(self) -> bool:
        """Take the next choice. Return false if it is the first one again."""
        self._position = (self._position + 1) % len(self._choices)
        return self._position != 0
