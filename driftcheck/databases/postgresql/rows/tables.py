"""Reads the tables of PostgreSQL with the information that inserting rows needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from driftcheck.databases.postgresql.catalog.query_parts import USERS_SCHEMA, not_in_extension
from driftcheck.databases.postgresql.rows.types import Types
from driftcheck.databases.reading import Cursor
from driftcheck.databases.rows.tables import Column, ForeignKey, Table
from driftcheck.databases.version_table import VersionTable
from driftcheck.schema import Address

# https://www.postgresql.org/docs/current/catalog-pg-class.html
_TABLES = f"""
select c.oid::bigint, n.nspname, c.relname, c.relkind,
  coalesce(pg_partition_root(c.oid), c.oid)::bigint, pg_get_expr(c.relpartbound, c.oid),
  n.nspname = current_schema()
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
order by n.nspname, c.relname
"""

# https://www.postgresql.org/docs/current/catalog-pg-attribute.html
_COLUMNS = """
select a.attrelid::bigint, a.attname, a.atttypid::bigint, a.atttypmod, a.attnotnull,
  case when a.attidentity <> '' then format('nextval(%L)',
    pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname))
  else pg_get_expr(d.adbin, d.adrelid) end, a.attgenerated <> ''
from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""

_NAMES = """array(select a.attname::text from unnest({numbers}) with ordinality k (number, place)
  join pg_attribute a on a.attrelid = {table} and a.attnum = k.number order by k.place)"""

# https://www.postgresql.org/docs/current/catalog-pg-constraint.html
_CONSTRAINTS = f"""
select c.conrelid::bigint, c.conname, c.contype,
  {_NAMES.format(numbers="c.conkey", table="c.conrelid")}, c.confrelid::bigint,
  {_NAMES.format(numbers="c.confkey", table="c.confrelid")}, c.confmatchtype,
  pg_get_constraintdef(c.oid)
from pg_constraint c where c.conrelid <> 0 order by c.conrelid, c.conname
"""

# https://www.postgresql.org/docs/current/catalog-pg-index.html
_UNIQUE_INDEXES = f"""
select i.indrelid::bigint, c.relname,
  {_NAMES.format(numbers="i.indkey::int2[]", table="i.indrelid")}, i.indexprs is not null
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indisunique order by i.indrelid, c.relname
"""

# https://www.postgresql.org/docs/current/catalog-pg-partitioned-table.html
_PARTITION_KEYS = """
select p.partrelid::bigint, array(select a.attname::text from pg_attribute a
  where a.attrelid = p.partrelid and a.attnum = any(p.partattrs::int2[]))
from pg_partitioned_table p
"""

Name = tuple[str, str]
"""The schema and the name of a table."""


@dataclass
class TableCatalog:
    """The tables of a database.

    Attributes:
        tables: The tables to fill, without partitions.
        root_tables: The partitioned table at the root, by the name of the partition.
        rules: The columns of each constraint and unique index, by schema, table and name.
        partition_keys: The columns of the partition key and those of subpartitions.
        types: The type of each column, as SQL.
        defaults: The default of each column, as SQL.
    """

    tables: list[Table] = field(default_factory=list)
    root_tables: dict[Name, Address] = field(default_factory=dict)
    rules: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    partition_keys: dict[Address, tuple[str, ...]] = field(default_factory=dict)
    types: dict[tuple[Address, str], str] = field(default_factory=dict)
    defaults: dict[tuple[Address, str], str] = field(default_factory=dict)

    def root_table(self, name: Name) -> Address:
        """The table to fill, for the name of a table or a partition."""
        return self.root_tables.get(name) or _address(name)


def read_tables(cursor: Cursor, excluded: Collection[VersionTable]) -> TableCatalog:
    """Read every user table.

    Args:
        cursor: A cursor in a transaction that allows savepoints.
        excluded: Alembic's version tables, which are not read.
    """
    return _TableReader(cursor, {(table.schema, table.name) for table in excluded}).catalog()


class _Attribute(NamedTuple):
    """A column as the catalog returns it."""

    name: str
    type: int
    modifier: int
    not_null: bool
    default: str | None
    is_generated: bool


@dataclass
class _TableSource:
    """The catalog data of a table and all its partitions."""

    address: Address
    kind: str
    bounds: list[str] = field(default_factory=list)
    conditions: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    partition_key: set[str] = field(default_factory=set)
    unique: list[tuple[str, ...]] = field(default_factory=list)
    keys: list[tuple[tuple[str, ...], int, tuple[str, ...], bool]] = field(default_factory=list)
    columns: list[_Attribute] = field(default_factory=list)


class _TableReader:
    def __init__(self, cursor: Cursor, excluded: AbstractSet[Name]) -> None:
        self._cursor = cursor
        self._names: dict[int, Name] = {}
        self._of: dict[int, _TableSource] = {}
        self._rules: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._read_tables(excluded)
        self._read_columns()
        self._read_rules()
        self._types = Types(cursor)

    def catalog(self) -> TableCatalog:
        catalog = TableCatalog(rules=self._rules)
        catalog.root_tables = {name: self._of[oid].address for oid, name in self._names.items()}
        for source in {id(source): source for source in self._of.values()}.values():
            catalog.tables.append(self._table(source))
            catalog.partition_keys[source.address] = tuple(sorted(source.partition_key))
            for column in source.columns:
                catalog.types[source.address, column.name] = self._types.name(column.type)
                if column.default is not None and not column.is_generated:
                    catalog.defaults[source.address, column.name] = column.default
        return catalog

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        self._cursor.execute(query)
        yield from self._cursor.fetchall()

    def _read_tables(self, excluded: AbstractSet[Name]) -> None:
        rows = [*self._rows(_TABLES)]
        roots = {}
        for oid, schema, name, kind, root, _, is_default in rows:
            if oid == root and excluded.isdisjoint(
                {(schema, name), ("" if is_default else schema, name)}
            ):
                roots[oid] = _TableSource(_address((schema, name)), kind)
        for oid, schema, name, _, root, bound, _ in rows:
            if root in roots:
                self._names[oid], self._of[oid] = (schema, name), roots[root]
                roots[root].bounds += [bound] if bound else []

    def _read_columns(self) -> None:
        for oid, *row in self._rows(_COLUMNS):
            source = self._of.get(oid)
            if source and self._names[oid] == (source.address.schema, source.address.name):
                source.columns.append(_Attribute(*row))

    def _read_rules(self) -> None:
        for oid, name, kind, columns, other, referred, match, text in self._rows(_CONSTRAINTS):
            if oid not in self._of:
                continue
            source = self._of[oid]
            self._rules[(*self._names[oid], name)] = tuple(columns)
            if kind == "c":
                source.conditions.append((tuple(columns), text))
            elif kind == "f" and other in self._of:
                key = tuple(columns), other, tuple(referred), match == "f"
                source.keys += [key] if key not in source.keys else []
        for oid, name, columns, has_expressions in self._rows(_UNIQUE_INDEXES):
            if oid in self._of:
                self._rules[(*self._names[oid], name)] = () if has_expressions else tuple(columns)
                self._of[oid].unique.append(tuple(columns))
        for oid, columns in self._rows(_PARTITION_KEYS):
            if oid in self._of:
                self._of[oid].partition_key.update(columns)

    def _table(self, source: _TableSource) -> Table:
        skip_reason = ""
        if source.kind == "f":
            skip_reason = "a foreign table stores its rows on another server"
        elif source.kind == "p" and not source.bounds:
            skip_reason = "the partitioned table has no partition"
        keys = [
            ForeignKey(columns, self._of[other].address, referred, full)
            for columns, other, referred, full in source.keys
        ]
        filled = [] if skip_reason else [c for c in source.columns if not c.is_generated]
        columns = {column.name: self._column(source, column) for column in filled}
        return Table(source.address, columns, source.unique, keys, skip_reason)

    def _column(self, source: _TableSource, column: _Attribute) -> Column:
        name, default = column.name, column.default
        conditions = [text for columns, text in source.conditions if name in columns]
        if name in source.partition_key:
            conditions += source.bounds
        return Column(
            name,
            self._types.values(column.type, column.modifier, conditions),
            nullable=not column.not_null and not self._types.not_null(column.type),
            has_default=default is not None,
            is_numbered=default is not None and "nextval(" in default,
        )


def _address(name: Name) -> Address:
    return Address("table", name[0], (name[1],))
