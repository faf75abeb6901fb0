"""Puts rows into tables: in the order of their foreign keys, by trying what the database takes."""

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
    """A table that has no row, and why."""

    table: Address
    reason: str


def fill_tables(store: Store, rows: int) -> list[Unfilled]:
    """Put rows into every table that a database has.

    Of three rows, the first two are alike but for what has to be unique, and the third one has
    NULLs and defaults where it may.

    Args:
        store: The database.
        rows: How many for each table.
    """
    tables = store.tables()
    reasons = {table.address: table.why_not for table in tables}
    for group in _in_order([table for table in tables if not table.why_not]):
        for number in range(rows):
            reason = _insert(store, group, number)
            if reason:
                if number == 0:
                    empty = (table.address for table in group if store.is_empty(table))
                    reasons |= dict.fromkeys(empty, reason)
                break
    return [Unfilled(address, reason) for address, reason in reasons.items() if reason]


def _in_order(tables: Sequence[Table]) -> Iterator[list[Table]]:
    """Tables after those that they refer to; those that need each other, together."""
    left = {table.address: table for table in tables}
    while left:
        group = _next(left)
        yield group
        for table in group:
            del left[table.address]


def _next(left: Mapping[Address, Table]) -> list[Table]:
    """The tables to be filled first of those that are left."""
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
    """Put one row into each table of a group.

    Returns:
        Why that cannot be done, if it cannot.
    """
    fixed = _drawn(store, group, number)
    rows = {}
    for table in group:
        rows[table.address] = row = _Row(store, table, number, fixed[table.address])
        if row.lacks:
            return f"it needs a row of {row.lacks.sql}, which has none"
    return _search(store, rows)


def _search(store: Store, rows: Mapping[Address, _Row]) -> str:
    """Try one choice after the other for what the database refuses."""
    first = ""
    for _ in range(_ATTEMPTS):
        refusal = store.attempt([row.insert for row in rows.values()])
        if refusal is None:
            return ""
        first = first or refusal.message
        if not _move_on(rows, refusal):
            break
    return first


def _move_on(rows: Mapping[Address, _Row], refusal: Refusal) -> bool:
    row = rows.get(refusal.table) if refusal.table else None
    if row is not None:
        return row.move_on(refusal.columns)
    moved = [one.move_on(()) for one in rows.values()]
    return all(moved)


def _drawn(store: Store, group: Sequence[Table], number: int) -> dict[Address, dict[str, str]]:
    """The values of columns by which tables that need each other refer to each other."""
    fixed: dict[Address, dict[str, str]] = {table.address: {} for table in group}
    by_address = {table.address: table for table in group}
    for table in group:
        for key in table.foreign_keys:
            there_too = by_address.get(key.table)
            if there_too is None or not table.needs(key):
                continue
            if not there_too.columns.keys() >= set(key.referred):
                continue  # what is generated cannot be known beforehand
            there = fixed[key.table]
            for column, referred in zip(key.columns, key.referred, strict=True):
                if referred not in there:
                    value = _new(store, there_too, referred, number)
                    there[referred] = fixed[table.address].get(column, value)
                fixed[table.address][column] = there[referred]
    return fixed


def _new(store: Store, table: Table, column: str, number: int) -> str:
    drawn = store.draw(table, column)
    if drawn is not None:
        return drawn
    values = table.columns[column].values
    return values[number % len(values)]


Choice = Mapping[str, str | None]
"""Values for columns that are chosen together."""


class _Row:
    """A row on its way into its table: for each column, or group of them, the present choice.

    Attributes:
        lacks: The table that would have to have a row, and has none.
    """

    def __init__(self, store: Store, table: Table, number: int, fixed: Mapping[str, str]) -> None:
        self._table = table
        self._number = number
        self._unique = {columns[0] for columns in table.unique if columns}
        self.lacks: Address | None = None
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
        """The row as it is now."""
        return Insert(self._table, {k: v for slot in self._slots for k, v in slot.choice.items()})

    def move_on(self, columns: Sequence[str]) -> bool:
        """Make another choice for some columns, or for all where none is named.

        Returns:
            Whether there is one that was not tried.
        """
        concerned = [slot for slot in self._slots if not slot.columns.isdisjoint(columns)]
        if concerned:
            return any(slot.advance() for slot in concerned)
        for slot in self._slots:
            slot.advance()
        self._moved += 1
        return self._moved < _ROUNDS

    def _values(self, column: Column) -> list[Choice]:
        values: list[str | None] = list(_turned(column.values, self._start({column.name})))
        if column.is_numbered:
            values = [*[None] * _ROUNDS, *values]
        elif column.has_default:
            values.insert(0 if self._is_sparse else len(values), None)
        choices: list[Choice] = [{column.name: value} for value in values]
        if column.nullable and not column.is_numbered:
            choices.insert(0 if self._is_sparse else 1, {column.name: "NULL"})
        return choices

    def _references(self, store: Store, keys: Sequence[ForeignKey]) -> list[Choice]:
        """What foreign keys that share columns can refer to together."""
        choices: list[Choice] = [{}]
        for key in sorted(keys, key=lambda key: -len(key.columns)):
            found: list[Choice] = [
                dict(zip(key.columns, values, strict=True)) for values in store.keys(key)
            ]
            found = list(_turned(found, self._start(set(key.columns))))
            if not self._table.needs(key):
                found.insert(0 if self._is_sparse else len(found), self._nothing(key))
            if not found:
                self.lacks = key.table
            choices = list(_joined(choices, found))[:_COMBINATIONS]
            if not choices:
                self.lacks = self.lacks or key.table
                return [{}]
        return choices

    def _nothing(self, key: ForeignKey) -> Choice:
        columns = (self._table.columns[name] for name in key.columns)
        return {column.name: "NULL" for column in columns if column.nullable}

    @property
    def _is_sparse(self) -> bool:
        """Whether it is the row with NULLs and defaults."""
        return self._number % _CYCLE == _CYCLE - 1

    def _start(self, columns: set[str]) -> int:
        """Where to begin among the values: rows 0 and 1 are alike, unless they have to differ."""
        return self._number if columns & self._unique else max(0, self._number - 1)


def _overlapping(keys: Sequence[ForeignKey]) -> list[list[ForeignKey]]:
    """Foreign keys in groups that share columns."""
    groups: list[list[ForeignKey]] = []
    for key in keys:
        near = [g for g in groups if any(set(key.columns) & set(one.columns) for one in g)]
        groups = [group for group in groups if group not in near]
        groups.append([*(one for group in near for one in group), key])
    return groups


def _joined(left: Sequence[Choice], right: Sequence[Choice]) -> Iterator[Choice]:
    for one in left:
        for other in right:
            if all(one.get(name, value) == value for name, value in other.items()):
                yield {**one, **other}


def _turned(values: Sequence[T], start: int) -> Sequence[T]:
    place = start % len(values) if values else 0
    return [*values[place:], *values[:place]]


class _Slot:
    """One or several columns with their choices, and the one that is made at present."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices or [{}]
        self._place = 0
        self.columns = {name for choice in self._choices for name in choice}

    @property
    def choice(self) -> Choice:
        return self._choices[self._place]

    def advance(self) -> bool:
        """Make the next choice; after the last one comes the first, which was tried."""
        self._place = (self._place + 1) % len(self._choices)
        return self._place != 0
