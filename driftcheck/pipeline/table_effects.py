"""Finds out what a statement did to tables that are in use.

Statements are not parsed. The effects are derived from the locks that a statement took and from the
changes in the catalog, so they are known for any SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from driftcheck.databases.names import Fetch
from driftcheck.databases.postgresql.table_state import (
    Column,
    Constraint,
    Index,
    Table,
    implicit_cast,
)
from driftcheck.schema import Address


class HazardKind(StrEnum):
    """What a statement does to a table in use."""

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


BLOCKING_LOCKS = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")
"""The lock modes that block reads or writes of other sessions, the strongest first:
https://www.postgresql.org/docs/current/explicit-locking.html"""

_NUMERIC = 1700  # the OID of numeric
_STRING_TYPES = frozenset((25, 1042, 1043))  # text, character, character varying
_HEADER = 4  # VARHDRSZ, which PostgreSQL adds to a type modifier

Effect = tuple[HazardKind, Address, str]
"""The kind of a hazard, the object that is affected, the change of its type."""


def effects_on(
    address: Address, before: Table, after: Table | None, fetch: Fetch
) -> Iterator[Effect]:
    """Yield what a statement did to one table.

    Args:
        address: The table.
        before: The table before the statement.
        after: The table after it; ``None`` if it does not exist any more.
        fetch: Runs a query.
    """
    if after is None:
        yield HazardKind.TABLE_DROPPED, address, ""
        return
    if before.has_rows and not after.has_rows:
        yield HazardKind.ROWS_REMOVED, address, ""
    elif before.file != after.file:
        yield HazardKind.REWRITE, address, ""
    for hazard, kind, name, change in (
        *_columns(before.columns, after.columns, fetch),
        *_indexes(before, after),
        *_constraints(before, after),
    ):
        path = (name,) if kind == "index" else (*address.path, name)
        yield hazard, Address(kind, address.schema, path), change


_Named = TypeVar("_Named", Index, Constraint)

_PartEffect = tuple[HazardKind, str, str, str]
"""The kind of a hazard, the kind and name of the affected part, the change of its type."""


def _columns(
    before: Mapping[int, Column], after: Mapping[int, Column], fetch: Fetch
) -> Iterator[_PartEffect]:
    for number, old in before.items():
        new = after.get(number)
        if new is None:
            yield HazardKind.COLUMN_DROPPED, "column", old.name, ""
            continue
        if new.not_null and not old.not_null:
            yield HazardKind.NOT_NULL, "column", old.name, ""
        if _is_narrower(old, new, fetch):
            yield HazardKind.NARROWER_TYPE, "column", old.name, f"{old.type} to {new.type}"
    for number, new in after.items():
        if number not in before and new.not_null and not new.filled:
            yield HazardKind.REQUIRED_COLUMN, "column", new.name, ""


def _indexes(before: Table, after: Table) -> Iterator[_PartEffect]:
    for index in _new(before.indexes, after.indexes):
        if index.at_once:
            yield HazardKind.INDEX_BUILD, "index", index.name, ""


def _constraints(before: Table, after: Table) -> Iterator[_PartEffect]:
    """The new constraints that ALTER TABLE validated under its lock, by a scan of the table."""
    for constraint in _new(before.constraints, after.constraints):
        if constraint.validated:
            kind = "foreign key" if constraint.type == "f" else "check constraint"
            yield HazardKind.CONSTRAINT, kind, constraint.name, ""


def _new(before: Mapping[int, _Named], after: Mapping[int, _Named]) -> Iterator[_Named]:
    """The indexes or constraints that are new.

    A change of a column's type recreates the indexes and constraints of the column under their
    names; these are not new.
    """
    names = {existing.name for existing in before.values()}
    return (item for oid, item in after.items() if oid not in before and item.name not in names)


def _is_narrower(before: Column, after: Column, fetch: Fetch) -> bool:
    """Whether the change of a column's type can lose or reject a value."""
    same = before.type_id == after.type_id
    if same and before.modifier == after.modifier:
        return False
    strings = {before.type_id, after.type_id} <= _STRING_TYPES
    if same or strings:
        return _is_shorter(before.modifier, after.modifier, numeric=before.type_id == _NUMERIC)
    if after.modifier != -1:
        return True
    return after.type_id not in _STRING_TYPES and not implicit_cast(
        fetch, before.type_id, after.type_id
    )


def _is_shorter(before: int, after: int, *, numeric: bool) -> bool:
    """Whether the new type modifier allows a smaller length, or fewer digits.

    The modifier of numeric holds the precision in its upper and the scale in its lower bits:
    https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c
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
    """Precision and scale of a type modifier of numeric."""
    packed = modifier - _HEADER
    scale = packed & 0x7FF
    return packed >> 16 & 0xFFFF, (scale ^ 1024) - 1024


def strongest(locks: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Return the strongest blocking lock on each relation."""
    blocking = [(oid, mode) for oid, mode in locks if mode in BLOCKING_LOCKS]
    return dict(sorted(blocking, key=lambda lock: -BLOCKING_LOCKS.index(lock[1])))
