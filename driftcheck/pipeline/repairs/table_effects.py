"""Finds out what a statement did to tables that are in use.

Statements are not parsed. The effects are derived from the locks that a statement took and from the
changes in the catalog, so they are known for any SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from driftcheck.databases.names import Fetch
from driftcheck.databases.postgresql.table_state import (
    Column,
    Constraint,
    Index,
    Table,
    implicit_cast,
)
from driftcheck.quoting import quote_identifier
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


BLOCKING_LOCKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AccessExclusiveLock": ("ACCESS EXCLUSIVE", "reads and writes"),
        "ExclusiveLock": ("EXCLUSIVE", "writes"),
        "ShareRowExclusiveLock": ("SHARE ROW EXCLUSIVE", "writes"),
        "ShareLock": ("SHARE", "writes"),
    }
)
"""The lock modes that block other sessions, the strongest first: each with its name in PostgreSQL's
manual, and what it blocks. https://www.postgresql.org/docs/current/explicit-locking.html"""

_NUMERIC = 1700  # the OID of numeric
_STRING_TYPES = frozenset((25, 1042, 1043))  # text, character, character varying
_HEADER = 4  # VARHDRSZ, which PostgreSQL adds to a type modifier

Effect = tuple[HazardKind, Address, str]
"""The kind of a hazard, the object that is affected, and a text: the change of a column's type, or
the SQL that creates an index or a constraint without blocking writes."""

_INDEX_SQL = """
SELECT pg_catalog.pg_get_indexdef(x.oid)::text, x.relkind::text, k.contype::text,
  pg_catalog.pg_get_constraintdef(k.oid)::text
FROM pg_catalog.pg_class x LEFT JOIN pg_catalog.pg_constraint k
  ON k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')
WHERE x.oid = {oid}
"""
_CONSTRAINT_SQL = """
SELECT pg_catalog.pg_get_constraintdef(k.oid)::text, c.relkind::text
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
WHERE k.oid = {oid}
"""
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX ")
_DEFERRABLE = re.compile(r"( DEFERRABLE)?( INITIALLY DEFERRED)?\Z")


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
        *_indexes(address, before, after, fetch),
        *_constraints(address, before, after, fetch),
    ):
        path = (name,) if kind == "index" else (*address.path, name)
        yield hazard, Address(kind, address.schema, path), change


_Named = TypeVar("_Named", Index, Constraint)

_PartEffect = tuple[HazardKind, str, str, str]
"""The kind of a hazard, the kind and name of the affected part, and the text of the effect."""


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


def _indexes(table: Address, before: Table, after: Table, fetch: Fetch) -> Iterator[_PartEffect]:
    for oid, index in _new(before.indexes, after.indexes):
        if index.at_once:
            sql = _concurrent_index(table, oid, quote_identifier(index.name), fetch)
            yield HazardKind.INDEX_BUILD, "index", index.name, sql


def _concurrent_index(table: Address, oid: int, name: str, fetch: Fetch) -> str:
    """The SQL that builds an index concurrently; empty if the server cannot do that.

    It cannot for an exclusion constraint and for a partitioned table.
    """
    ((definition, kind, constraint, added),) = fetch(_INDEX_SQL.format(oid=oid))
    if kind == "I" or constraint == "x":
        return ""
    sql = _INDEX.sub(lambda match: f"{match[0]}CONCURRENTLY ", definition, count=1)
    if constraint is None:
        return sql
    key = "PRIMARY KEY" if constraint == "p" else "UNIQUE"
    deferrable = _DEFERRABLE.search(added)
    rest = deferrable[0] if deferrable else ""
    return f"{sql};\nALTER TABLE {table.sql} ADD CONSTRAINT {name} {key} USING INDEX {name}{rest}"


def _constraints(
    table: Address, before: Table, after: Table, fetch: Fetch
) -> Iterator[_PartEffect]:
    """The new constraints that ALTER TABLE validated under its lock, by a scan of the table."""
    for oid, constraint in _new(before.constraints, after.constraints):
        if constraint.validated:
            kind = "foreign key" if constraint.type == "f" else "check constraint"
            sql = _later_validation(table, oid, quote_identifier(constraint.name), fetch)
            yield HazardKind.CONSTRAINT, kind, constraint.name, sql


def _later_validation(table: Address, oid: int, name: str, fetch: Fetch) -> str:
    """The SQL that adds a constraint and validates it later; empty if the server cannot do that.

    A foreign key of a partitioned table cannot be NOT VALID before PostgreSQL 18.
    """
    ((definition, kind),) = fetch(_CONSTRAINT_SQL.format(oid=oid))
    if kind == "p" and definition.startswith("FOREIGN KEY"):
        return ""
    altered = f"ALTER TABLE {table.sql}"
    return (
        f"{altered} ADD CONSTRAINT {name} {definition} NOT VALID;\n"
        f"{altered} VALIDATE CONSTRAINT {name}"
    )


def _new(before: Mapping[int, _Named], after: Mapping[int, _Named]) -> Iterator[tuple[int, _Named]]:
    """The indexes or constraints that are new, with their OIDs.

    A change of a column's type recreates the indexes and constraints of the column under their
    names; these are not new.
    """
    names = {existing.name for existing in before.values()}
    for oid, item in after.items():
        if oid not in before and item.name not in names:
            yield oid, item


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
    strength = [*BLOCKING_LOCKS]
    return dict(sorted(blocking, key=lambda lock: -strength.index(lock[1])))
