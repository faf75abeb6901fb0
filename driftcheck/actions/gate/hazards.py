"""Watches what the statements of revisions do to tables that a database in use already has.

Nothing is guessed from the text of a statement: what counts is which locks it was seen to take,
and what it was seen to have changed. So a migration's own SQL is watched like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.names import Fetch
from driftcheck.databases.postgresql.table_state import (
    Column,
    Constraint,
    Index,
    Locks,
    Table,
    implicit_cast,
    read_tables,
)
from driftcheck.schema import Address
from driftcheck.sources.journal import Entry


class Harm(StrEnum):
    """What a statement can do to a table that is in use."""

    LOCK = "lock"
    REWRITE = "rewrite"
    INDEX_BUILD = "index-build"
    NOT_NULL = "not-null"
    CONSTRAINT = "constraint"
    REQUIRED_COLUMN = "required-column"
    NARROWER_TYPE = "narrower-type"
    COLUMN_DROPPED = "column-dropped"
    TABLE_DROPPED = "table-dropped"
    ROWS_REMOVED = "rows-removed"


@dataclass(frozen=True)
class Hazard:
    """What one statement of a revision does to a table that was there before.

    Attributes:
        harm: What it does.
        address: The table, or the column, index or constraint of it that is concerned.
        change: From what to what a type is changed; empty for other harms.
        table: The table.
        entry: The statement, with the revision, the file and the line that it comes from.
        lock: The strongest lock that the statement took on the table; empty where none was seen.
    """

    harm: Harm
    address: Address
    change: str
    table: Address
    entry: Entry
    lock: str


# Those that keep others from reading or writing, the strongest first:
# https://www.postgresql.org/docs/current/explicit-locking.html
STRONG = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")

_NUMERIC = 1700
_STRINGS = frozenset((25, 1042, 1043))  # text, character, character varying
_HEADER = 4  # what a modifier of these types is larger by


class HazardWatch:
    """Watches the statements that run on one shadow database.

    Args:
        url: The shadow database, as it is before the revisions run. Only the tables that it has
            now are in use.

    Attributes:
        hazards: What was seen.
    """

    def __init__(self, url: URL) -> None:
        connection = connect(url)
        try:
            with connection.cursor() as cursor:
                self._tables = read_tables(lambda query: _fetched(cursor, query))
        finally:
            connection.close()
        self._in_use = {
            oid: Address("table", table.schema, (table.name,))
            for oid, table in self._tables.items()
        }
        self._locks: Locks | None = None
        self.hazards: list[Hazard] = []

    def look(self, entry: Entry, connection: Any) -> None:
        """See what a statement has done, on the SQLAlchemy connection on which it ran."""

        def fetch(query: str) -> Iterable[Sequence[Any]]:
            return connection.exec_driver_sql(query).fetchall()  # type: ignore[no-any-return]

        locks, tables = Locks.read(fetch), read_tables(fetch)
        taken = _strongest(locks.since(self._locks))
        for oid, address in [*self._in_use.items()]:
            lock, now, seen = taken.get(oid, ""), tables.get(oid), []
            if now != self._tables[oid]:
                seen = [*_seen(address, self._tables[oid], now, fetch)]
            if lock and not seen:
                seen = [(Harm.LOCK, address, "")]
            self.hazards += [Hazard(*one, address, entry, lock) for one in seen]
            if now is None:
                del self._in_use[oid]
        self._tables, self._locks = tables, locks


def _seen(
    address: Address, before: Table, after: Table | None, fetch: Fetch
) -> Iterator[tuple[Harm, Address, str]]:
    """What became of one table: the harm, what it concerns, and a word about it."""
    if after is None:
        yield Harm.TABLE_DROPPED, address, ""
        return
    if before.has_rows and not after.has_rows:
        yield Harm.ROWS_REMOVED, address, ""
    elif before.file != after.file:
        yield Harm.REWRITE, address, ""
    for harm, kind, name, change in (
        *_columns(before.columns, after.columns, fetch),
        *_indexes(before, after),
        *_constraints(before, after),
    ):
        path = (name,) if kind == "index" else (*address.path, name)
        yield harm, Address(kind, address.schema, path), change


_Named = TypeVar("_Named", Index, Constraint)

_Part = tuple[Harm, str, str, str]
"""A harm, the kind and the name of the part of a table that it concerns, a word about it."""


def _columns(
    before: Mapping[int, Column], after: Mapping[int, Column], fetch: Fetch
) -> Iterator[_Part]:
    for number, had in before.items():
        has = after.get(number)
        if has is None:
            yield Harm.COLUMN_DROPPED, "column", had.name, ""
            continue
        if has.not_null and not had.not_null:
            yield Harm.NOT_NULL, "column", had.name, ""
        if _is_narrower(had, has, fetch):
            yield Harm.NARROWER_TYPE, "column", had.name, f"{had.type} to {has.type}"
    for number, has in after.items():
        if number not in before and has.not_null and not has.filled:
            yield Harm.REQUIRED_COLUMN, "column", has.name, ""


def _indexes(before: Table, after: Table) -> Iterator[_Part]:
    for index in _new(before.indexes, after.indexes):
        if index.at_once:
            yield Harm.INDEX_BUILD, "index", index.name, ""


def _constraints(before: Table, after: Table) -> Iterator[_Part]:
    """Those that came as valid ones, with every row looked at under the lock of ALTER TABLE."""
    for constraint in _new(before.constraints, after.constraints):
        if constraint.validated:
            kind = "foreign key" if constraint.type == "f" else "check constraint"
            yield Harm.CONSTRAINT, kind, constraint.name, ""


def _new(before: Mapping[int, _Named], after: Mapping[int, _Named]) -> Iterator[_Named]:
    """What has come; another type makes the same ones again, which is told of the type."""
    names = {one.name for one in before.values()}
    return (one for oid, one in after.items() if oid not in before and one.name not in names)


def _is_narrower(before: Column, after: Column, fetch: Fetch) -> bool:
    """Whether a value can be lost, or refused, when a column's type changes."""
    same = before.type_id == after.type_id
    if same and before.modifier == after.modifier:
        return False
    strings = {before.type_id, after.type_id} <= _STRINGS
    if same or strings:
        return _is_shorter(before.modifier, after.modifier, numeric=before.type_id == _NUMERIC)
    if after.modifier != -1:
        return True
    return after.type_id not in _STRINGS and not implicit_cast(fetch, before.type_id, after.type_id)


def _is_shorter(before: int, after: int, *, numeric: bool) -> bool:
    """Whether a type's modifier allows less than another: its length, its digits.

    https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c, which keeps
    the precision above the scale.
    """
    if after == -1:
        return False
    if before == -1:
        return True
    if not numeric:
        return after < before
    (precision, scale), (new_precision, new_scale) = map(_digits, (before, after))
    return new_scale < scale or new_precision - new_scale < precision - scale


def _digits(modifier: int) -> tuple[int, int]:
    packed = modifier - _HEADER
    scale = packed & 0x7FF
    return packed >> 16 & 0xFFFF, (scale ^ 1024) - 1024


def _strongest(taken: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The strongest lock on each relation, of those that keep others from their work."""
    strong = [(oid, mode) for oid, mode in taken if mode in STRONG]
    return dict(sorted(strong, key=lambda lock: -STRONG.index(lock[1])))


def _fetched(cursor: Any, query: str) -> Sequence[Sequence[Any]]:
    cursor.execute(query)
    return cursor.fetchall()  # type: ignore[no-any-return]
