"""Reads a schema again after a change, but only the kinds that the change can affect.

A replay reads the schema after each revision, and most revisions change a single table. So each
system catalog gets a mark: the number of its rows and a sum over their ``ctid`` and ``xmin``. Each
write of a row changes its ``ctid`` or ``xmin``, even in a transaction that is still open. A catalog
with an unchanged mark has not changed, and a kind whose catalogs have not changed is not read.
https://www.postgresql.org/docs/current/ddl-system-columns.html

Many revisions only add columns. These do not affect indexes, constraints and sequences, because the
definitions of these objects use nothing but the names of existing columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.subscriptions import SUBSCRIPTIONS
from driftcheck.databases.postgresql.catalog.user_rows import USER_ROWS, kinds_with_rows
from driftcheck.databases.reading import Cursor, ObjectsByRow, Reading, Scope, in_scope
from driftcheck.schema import SchemaObject

_ByKind: TypeAlias = "Mapping[str, tuple[SchemaObject, ...]]"

_CATALOG = re.compile(r"\bpg_[a-z_]+\b(?!\s*\()")
_JOIN_OF_MEMBERS = re.compile(r"\bpg_depend e\s+where e\.refclassid = 'pg_extension'::regclass")
_MEMBERS = "members of extensions"
_INDEXES = "indexes and sequences"
_COLUMNS_OF_INDEXES = "columns of indexes"
_INDEX_OIDS = "select i.oid from pg_class i where i.relkind in ('i', 'I')"

_TABLES = frozenset({"pg_class", "pg_attribute"})
"""The catalogs that contain tables and columns."""

_VIEWS = frozenset({"pg_user_mappings"})
"""System views in catalog queries. Their rows have no ``ctid``, so the values are hashed."""

_SOURCES = {"pg_subscription": f"({SUBSCRIPTIONS})"}
"""SQL: what is read in place of a catalog of which not every user may read every column."""

_NAMES = frozenset(
    """
    pg_namespace pg_class pg_attribute pg_type pg_enum pg_proc pg_operator pg_opclass pg_collation
    pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template pg_language
    """.split()
)
"""The catalogs from which the server takes names when it prints definitions. A renamed type, for
example, changes the printed definition of a function without a change of the function's row."""


def read_changed(
    kinds: Sequence[PostgreSQLKind], cursor: Cursor, scope: Scope, last: Reading | None
) -> Reading:
    """Read the kinds that can have changed since the last reading, and reuse the others.

    Example: a revision runs ``ALTER TABLE students ADD COLUMN age integer``.

    1. The marks of ``pg_attribute``, ``pg_class`` and ``pg_depend`` differ from the last reading;
       all other marks are equal.
    2. Of the kinds that depend on the definition of tables, those are read whose query uses one of
       these catalogs: tables, columns, views and others. Kinds without any object, such as domains,
       are not read: their own catalog has no new row.
    3. The new columns are a superset of the old columns, so the changes of ``pg_class`` and
       ``pg_attribute`` cannot affect kinds that depend on the names of tables and columns only.
    4. Indexes, constraints and sequences are therefore reused from the last reading, unless another
       catalog that they use has changed. If the revision had renamed a column, step 3 would not
       apply, and they would be read again.

    Args:
        kinds: The kinds, in build order.
        cursor: A cursor of a session in which ``reading_session`` is active.
        scope: The part of the database to read.
        last: The last reading; ``None`` to read everything.

    Returns:
        The new reading; ``last`` itself if nothing has changed.
    """
    # Owners and grantees are names of roles, and pg_authid is not a catalog of this database, so
    # it has no mark.
    marks = {} if scope.owners or scope.grants else read_marks(kinds, cursor)
    if last is None or not marks:
        known: dict[str, ObjectsByRow] = (
            {kind.name: {} for kind in kinds} if last is None else last.known
        )
        by_kind: _ByKind = {kind.name: () for kind in kinds}
        read = _read(kinds_with_rows(kinds, cursor), cursor, scope, known)
        return Reading({**by_kind, **read}, marks, known)
    changed = {catalog for catalog, mark in marks.items() if last.marks.get(catalog) != mark}
    if not changed:
        return last
    return Reading(_read_affected(kinds, cursor, scope, last, changed), marks, last.known)


def _read_affected(
    kinds: Sequence[PostgreSQLKind],
    cursor: Cursor,
    scope: Scope,
    last: Reading,
    changed: Collection[str],
) -> _ByKind:
    """The objects of all kinds, with the kinds that a change of these catalogs affects read again.

    Kinds that depend on the names of tables and columns only are decided last, because the decision
    needs the columns.
    """
    by_kind = dict(last.by_kind)
    affected = [
        kind for kind in kinds if not kind.depends_on_names_only and _affects(changed, kind, last)
    ]
    by_kind |= _read(affected, cursor, scope, last.known)
    if scope.schemas is None and _keeps_columns(last.by_kind, by_kind):
        changed = set(changed) - _TABLES
    affected = [
        kind for kind in kinds if kind.depends_on_names_only and _affects(changed, kind, last)
    ]
    return by_kind | _read(affected, cursor, scope, last.known)


def _read(
    kinds: Iterable[PostgreSQLKind],
    cursor: Cursor,
    scope: Scope,
    known: Mapping[str, ObjectsByRow],
) -> dict[str, tuple[SchemaObject, ...]]:
    return {
        kind.name: tuple(in_scope(kind.read(cursor, scope, known[kind.name]), scope))
        for kind in kinds
    }


def _affects(changed: Collection[str], kind: PostgreSQLKind, last: Reading) -> bool:
    """Whether a change of these catalogs can affect the objects of a kind.

    If the kind had no object, a new object needs a new row in the main catalog of the kind.
    """
    if not last.by_kind[kind.name]:
        return not {kind.catalog, "pg_namespace", _MEMBERS}.isdisjoint(changed)
    return not (_catalogs(kind) | _NAMES).isdisjoint(changed)


def _keeps_columns(last: _ByKind, current: _ByKind) -> bool:
    """Whether all columns of the last reading still exist under their names.

    Indexes can also be on the columns of materialized views, so these must be unchanged.
    """
    old, new = (
        {(column.address, column.number) for column in by_kind["column"]}
        for by_kind in (last, current)
    )
    return old <= new and last["materialized view"] == current["materialized view"]


@cache
def _catalogs(kind: PostgreSQLKind) -> frozenset[str]:
    """The catalogs in a kind's query, and the parts of catalogs with a mark of their own."""
    query = kind.query(Scope())
    catalogs = set(_CATALOG.findall(_JOIN_OF_MEMBERS.sub("", query)))
    if _JOIN_OF_MEMBERS.search(query):
        catalogs.add(_MEMBERS)
    if kind.depends_on_names_only:
        catalogs |= {_INDEXES, _COLUMNS_OF_INDEXES}
    return frozenset(catalogs)


def read_marks(kinds: Iterable[PostgreSQLKind], cursor: Cursor) -> dict[str, str]:
    """Read the marks of all catalogs and parts of catalogs, by name, in one query.

    Args:
        kinds: The kinds whose catalogs get a mark.
        cursor: A cursor of a session in which ``reading_session`` is active.
    """
    names = frozenset().union(*map(_catalogs, kinds), _NAMES)
    parts = {
        "pg_database": ("pg_database", "x.datname = current_database()"),
        "pg_depend": ("pg_depend", "x.deptype <> 'e'"),
        _MEMBERS: ("pg_depend", "x.deptype = 'e'"),
        _INDEXES: ("pg_class", "x.relkind in ('i', 'I', 'S')"),
        _COLUMNS_OF_INDEXES: ("pg_attribute", f"x.attrelid in ({_INDEX_OIDS})"),
    }
    queries = [_mark(name, *parts.get(name, (name, "true"))) for name in sorted(names)]
    cursor.execute("select * from (" + " union all ".join(queries) + ") marks")
    return {str(name): str(mark) for name, mark in cursor.fetchall()}


def _mark(name: str, catalog: str, condition: str) -> str:
    """SQL: the name and the mark of a catalog: the number of rows and a sum over their versions."""
    row = "hashtid(x.ctid)::bigint * (1 + x.xmin::text::bigint % 1000003)"
    if catalog in _VIEWS or catalog in _SOURCES:
        row = "hashtextextended(x::text, 0)"
    source, of_users = _SOURCES.get(catalog, catalog), USER_ROWS.get(catalog, "true")
    return f"""select '{name}' as name, count(*) || ' ' || coalesce(sum({row}), 0) as mark
        from {source} x where {condition} and {of_users}"""
