"""Reads a schema again after something has changed in it: the kinds that can be concerned, only.

While a history is replayed the schema is wanted after each of its revisions, and most of them
change one table or none. Every catalog that a kind's query names is given a mark: which versions of
which rows are in it. A row that is written anew, also within a transaction that is still open, gets
another place (``ctid``) or transaction (``xmin``): where no mark has changed nothing has.
https://www.postgresql.org/docs/current/ddl-system-columns.html

Every other revision adds a column. To constraints, indexes and sequences it is nothing, as long as
whoever had a name before still has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from driftcheck.databases.catalog import Cursor, Made, Reading, Scope, in_scope
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.own_rows import OWN_ROWS, present
from driftcheck.schema import SchemaObject

_Things: TypeAlias = "Mapping[str, tuple[SchemaObject, ...]]"

_CATALOG = re.compile(r"\bpg_[a-z_]+\b(?!\s*\()")
_OF_MEMBERS = re.compile(r"\bpg_depend e\s+where e\.refclassid = 'pg_extension'::regclass")
_MEMBERS = "members of extensions"
_INDEXES = "indexes and sequences"
_COLUMNS_OF_INDEXES = "columns of indexes"
_INDEX_OIDS = "select i.oid from pg_class i where i.relkind in ('i', 'I')"

_TABLES = frozenset({"pg_class", "pg_attribute"})
"""What tables and columns are, and how they are called. A table's name is that of a type, too."""

_VIEWS = frozenset({"pg_user_mappings"})
"""What a query may name that is no catalog: its rows have no place, only what is in them."""

_NAMES = frozenset(
    """
    pg_namespace pg_class pg_attribute pg_type pg_enum pg_proc pg_operator pg_opclass pg_collation
    pg_ts_config pg_ts_dict pg_language
    """.split()
)
"""Where the server takes the names from with which it prints an object's definition."""


def read_changed(
    kinds: Sequence[PostgreSQLKind], cursor: Cursor, scope: Scope, last: Reading | None
) -> Reading:
    """Read every kind that can have changed since the last time; take the others from there.

    Args:
        kinds: The kinds, in build order.
        cursor: Where to read, its session settled.
        scope: What of the database is read.
        last: What was read the last time, if it was.
    """
    things: dict[str, tuple[SchemaObject, ...]] = {kind.name: () for kind in kinds}
    made: dict[str, Made] = {kind.name: {} for kind in kinds} if last is None else last.made

    def read(several: Iterable[PostgreSQLKind]) -> None:
        for kind in several:
            found = kind.read(cursor, scope, made[kind.name])
            things[kind.name] = tuple(in_scope(found, scope))

    # Owners and grantees are named by roles, and these are in no catalog of the database.
    marks = {} if scope.owners or scope.grants else _marks(kinds, cursor)
    if last is None or not marks:
        read(present(kinds, cursor))
        return Reading(things, marks, made)
    changed = {name for name, mark in marks.items() if last.marks.get(name) != mark}
    if not changed:
        return last
    things |= last.things
    read(k for k in kinds if not k.takes_names_only and _is_concerned(k, last, changed))
    if scope.schemas is None and _keeps_columns(last.things, things):
        changed -= _TABLES
    read(k for k in kinds if k.takes_names_only and _is_concerned(k, last, changed))
    return Reading(things, marks, made)


def _is_concerned(kind: PostgreSQLKind, last: Reading, changed: Collection[str]) -> bool:
    """Whether a change of the catalogs can be one of a kind.

    Of a kind that had no object, one must have come into the catalog that it is read from.
    """
    if not last.things[kind.name]:
        return not {kind.catalog, "pg_namespace", _MEMBERS}.isdisjoint(changed)
    return not (_catalogs(kind) | _NAMES).isdisjoint(changed)


def _keeps_columns(last: _Things, now: _Things) -> bool:
    """Whether every column that an index or a constraint may name is there and called as before."""
    columns = [{(thing.address, thing.number) for thing in each["column"]} for each in (last, now)]
    views = [each["materialized view"] for each in (last, now)]
    return columns[0] <= columns[1] and views[0] == views[1]


@cache
def _catalogs(kind: PostgreSQLKind) -> frozenset[str]:
    """The catalogs that a kind's query names."""
    query = kind.query(Scope())
    named = set(_CATALOG.findall(_OF_MEMBERS.sub("", query)))
    if _OF_MEMBERS.search(query):
        named.add(_MEMBERS)
    if kind.takes_names_only:
        named |= {_INDEXES, _COLUMNS_OF_INDEXES}
    return frozenset(named)


def _marks(kinds: Iterable[PostgreSQLKind], cursor: Cursor) -> dict[str, str]:
    """The marks of all catalogs, in one query."""
    named = frozenset().union(*map(_catalogs, kinds), _NAMES)
    parts = {
        "pg_depend": ("pg_depend", "x.deptype <> 'e'"),
        _MEMBERS: ("pg_depend", "x.deptype = 'e'"),
        _INDEXES: ("pg_class", "x.relkind in ('i', 'I', 'S')"),
        _COLUMNS_OF_INDEXES: ("pg_attribute", f"x.attrelid in ({_INDEX_OIDS})"),
    }
    queries = [_mark(name, *parts.get(name, (name, "true"))) for name in sorted(named)]
    cursor.execute("select * from (" + " union all ".join(queries) + ") marks")
    return {str(name): str(mark) for name, mark in cursor.fetchall()}


def _mark(name: str, catalog: str, condition: str) -> str:
    """SQL: a name, and how many rows a catalog has with the sum of what tells them apart."""
    row = "hashtid(x.ctid)::bigint * (1 + x.xmin::text::bigint % 1000003)"
    if catalog in _VIEWS:
        row = "hashtextextended(x::text, 0)"
    return f"""select '{name}' as name, count(*) || ' ' || coalesce(sum({row}), 0) as mark
        from {catalog} x where {condition} and {OWN_ROWS.get(catalog, "true")}"""
