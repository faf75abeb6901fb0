"""Reads the state of a PostgreSQL database's tables, to find out what a statement did to them.

https://www.postgresql.org/docs/current/catalog-pg-class.html and the following pages. The queries
work with every driver: they have no parameters, and return only strings, integers and Booleans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from driftcheck.databases.names import Fetch

_TABLES = """
SELECT c.oid::bigint AS oid FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_FILES = f"""
SELECT c.oid::bigint, n.nspname::text, c.relname::text,
  coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint,
  coalesce(pg_catalog.pg_relation_size(c.oid), 0) > 0
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN ({_TABLES})
"""
_COLUMNS = f"""
SELECT a.attrelid::bigint, a.attnum::integer, a.attname::text,
  pg_catalog.format_type(a.atttypid, a.atttypmod)::text, a.atttypid::bigint,
  a.atttypmod::integer, a.attnotnull,
  a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
FROM pg_catalog.pg_attribute a
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN ({_TABLES})
"""
# CREATE INDEX CONCURRENTLY uses several transactions, so the rows have different xmin values.
_INDEXES = f"""
SELECT i.indrelid::bigint, i.indexrelid::bigint, x.relname::text, i.xmin::text = x.xmin::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid IN ({_TABLES})
"""
_CONSTRAINTS = f"""
SELECT k.conrelid::bigint, k.oid::bigint, k.conname::text, k.contype::text, k.convalidated
FROM pg_catalog.pg_constraint k
WHERE k.contype IN ('c', 'f') AND k.conparentid = 0 AND k.conrelid IN ({_TABLES})
"""
_LOCKS = """
SELECT l.relation::bigint, l.mode::text FROM pg_catalog.pg_locks l
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
  AND l.database = (
    SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
"""
_TRANSACTION = "SELECT extract(epoch FROM pg_catalog.now())::text"


class Column(NamedTuple):
    """A column. ``filled`` is true if it has a default, an identity or a generation expression."""

    name: str
    type: str
    type_id: int
    modifier: int
    not_null: bool
    filled: bool


class Index(NamedTuple):
    """An index. ``at_once`` is true if it was not built concurrently, which blocks writes."""

    name: str
    at_once: bool


class Constraint(NamedTuple):
    """A check (type ``c``) or a foreign key (``f``). ``validated`` is true unless NOT VALID."""

    name: str
    type: str
    validated: bool


@dataclass
class Table:
    """A table with its columns by number, and its indexes and constraints by OID.

    Attributes:
        schema: The name of the schema.
        name: The name of the table.
        file: The number of the file that contains the rows.
        has_rows: Whether the file is not empty.
        columns: The columns.
        indexes: The indexes.
        constraints: The checks and foreign keys.
    """

    schema: str
    name: str
    file: int
    has_rows: bool
    columns: dict[int, Column] = field(default_factory=dict)
    indexes: dict[int, Index] = field(default_factory=dict)
    constraints: dict[int, Constraint] = field(default_factory=dict)


def read_tables(fetch: Fetch) -> dict[int, Table]:
    """Read every table, by OID, in the current transaction of a session."""
    tables = {oid: Table(*rest) for oid, *rest in fetch(_FILES)}
    for oid, number, *rest in fetch(_COLUMNS):
        tables[oid].columns[number] = Column(*rest)
    for oid, number, *rest in fetch(_INDEXES):
        tables[oid].indexes[number] = Index(*rest)
    for oid, number, *rest in fetch(_CONSTRAINTS):
        tables[oid].constraints[number] = Constraint(*rest)
    return tables


@dataclass(frozen=True)
class Locks:
    """The locks on relations that a session holds, and the start time of its transaction."""

    transaction: str
    held: frozenset[tuple[int, str]]

    @classmethod
    def read(cls, fetch: Fetch) -> Locks:
        """Read the locks: https://www.postgresql.org/docs/current/view-pg-locks.html."""
        ((transaction,),) = fetch(_TRANSACTION)
        return cls(str(transaction), frozenset((oid, mode) for oid, mode in fetch(_LOCKS)))


def implicit_cast(fetch: Fetch, source: int, target: int) -> bool:
    """Whether the server casts one type to another implicitly, so that no value can be lost."""
    query = f"""SELECT 1 FROM pg_catalog.pg_cast
        WHERE castsource = {source} AND casttarget = {target} AND castcontext = 'i'"""
    return bool([*fetch(query)])
