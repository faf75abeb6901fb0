"""Builds SQLAlchemy's objects of a snapshot's tables, as reflection would give them to a filter.

The project's ``include_object`` may look at anything: names, types, columns, comments. A snapshot
may come from the live database, where no code of the project runs, or from the cache. So tables are
built from the snapshot, and no database is reflected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.engine import URL
from sqlalchemy.types import NULLTYPE

from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot

_TYPE = re.compile(
    r"(?P<name>[^(\[]+?)\s*(?:\((?P<arguments>[\d, ]+)\)(?P<rest>[^\[]*))?(?P<array>\[\])*"
)
_FIRST_LIST = re.compile(r"\(.*?\)", re.DOTALL)
_REFERENCE = re.compile(r"REFERENCES (?P<table>.+?) ?\((?P<columns>[^)]*)\)")
_INDEXES_AND_CONSTRAINTS = frozenset({"index", "primary key", "unique constraint", "foreign key"})
_QUOTES = '"`'


class ReflectedTables:
    """The tables of a snapshot as SQLAlchemy's objects. Each table is built when it is asked for.

    Args:
        snapshot: The snapshot.
        default_schema: The schema of tables whose ``Table.schema`` is ``None``.
    """

    def __init__(self, snapshot: Snapshot, default_schema: str) -> None:
        self._snapshot = snapshot
        self._default_schema = default_schema
        self._tables: dict[Address, Table] = {}
        self._constraints: dict[Address, Any] = {}

    def has(self, address: Address) -> bool:
        """Return whether the snapshot has a table with this address."""
        return address.kind == "table" and address in self._snapshot.objects

    def table(self, address: Address) -> Table | None:
        """Return the table with this address; ``None`` if the snapshot has no such table."""
        if not self.has(address):
            return None
        if address not in self._tables:
            self._tables[address] = self._built(self._snapshot.objects[address])
        return self._tables[address]

    def part(self, address: Address) -> Any | None:
        """Return the column, index or constraint with this address, as a part of its table."""
        part = self._snapshot.objects.get(address)
        table = self.table(part.part_of) if part is not None and part.part_of is not None else None
        if part is None or table is None:
            return None
        if address.kind == "column":
            return table.columns.get(address.name)
        return self._constraints.get(address)

    def _built(self, found: SchemaObject) -> Table:
        parts = self._snapshot.parts.get(found.address, ())
        columns = [self._column(part) for part in parts if part.address.kind == "column"]
        comment = found.attributes.get("comment")
        schema = found.address.schema
        table = Table(
            found.address.name,
            MetaData(),
            *columns,
            schema=None if schema == self._default_schema else schema or None,
            comment=str(comment) if comment else None,
        )
        for part in parts:
            if part.address.kind in _INDEXES_AND_CONSTRAINTS:
                self._constraints[part.address] = _added(table, part, self._default_schema)
        return table

    def _column(self, column: SchemaObject) -> Column[Any]:
        facts = column.attributes
        comment = facts.get("comment")
        return Column(
            column.address.name,
            self._type(str(facts["type"])),
            nullable=bool(facts.get("nullable")),
            comment=str(comment) if comment else None,
        )

    def _type(self, text: str) -> Any:
        """Return the type with this name; ``NULLTYPE``, as in reflection, if it is unknown."""
        match = _TYPE.fullmatch(text)
        if match is None:
            return NULLTYPE
        name = f"{match['name']}{match['rest'] or ''}".strip()
        arguments = [int(number) for number in (match["arguments"] or "").split(",") if number]
        names = self._type_classes
        if name in self._enums:
            label, values = self._enums[name]
            built: Any = names["enum"](*values, name=label)
        else:
            built = _instance(names.get(name) or names.get(name.upper()), arguments)
        return _array_of(built, names) if match["array"] else built

    @cached_property
    def _type_classes(self) -> Mapping[str, Any]:
        dialect: Any = URL.create(self._snapshot.dialect).get_dialect()
        names: dict[str, Any] = dict(dialect.ischema_names)
        package = import_module(dialect.__module__.rpartition(".")[0])
        constructors = {name.lower(): getattr(package, name, None) for name in ("ENUM", "ARRAY")}
        return names | {name: made for name, made in constructors.items() if made is not None}

    @cached_property
    def _enums(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """The name and the values of every enum, by its name in SQL with and without a schema."""
        enums: dict[str, tuple[str, Sequence[str]]] = {}
        for address, found in self._snapshot.objects.items():
            values = found.attributes.get("values")
            if address.kind == "enum" and isinstance(values, tuple):
                enum = address.name, [str(value) for value in values]
                enums[quote_identifier(address.name)] = enums[address.sql] = enum
        return enums


def _instance(class_: Any, arguments: Sequence[int]) -> Any:
    if class_ is None:
        return NULLTYPE
    try:
        return class_(*arguments)
    except (TypeError, ValueError):  # a type whose arguments have another meaning
        return class_()


def _array_of(item: Any, names: Mapping[str, Any]) -> Any:
    return names["array"](item) if "array" in names and item is not NULLTYPE else NULLTYPE


def name_of(part: SchemaObject) -> str | None:
    """Return the name that reflection gives a part; ``None`` for a constraint without a name.

    SQLite has such constraints. In a snapshot, their name is their definition in parentheses.
    """
    name = part.address.name
    is_named = part.address.kind in ("column", "index") or not name.startswith("(")
    return name if is_named else None


def _added(table: Table, part: SchemaObject, default_schema: str) -> Any | None:
    """Add an index or a constraint to its table and return it; ``None`` if it cannot be built."""
    columns = list(_columns_of(table, part))
    name, kind = name_of(part), part.address.kind
    if kind == "index":
        unique = bool(part.attributes.get("unique"))
        return Index(name, *columns, unique=unique, _table=table)
    if kind == "foreign key":
        local, remote = _references(part, columns, default_schema)
        constraint: Any = ForeignKeyConstraint(local, remote, name=name) if local else None
    elif kind == "primary key":
        constraint = PrimaryKeyConstraint(*columns, name=name)
    else:
        constraint = UniqueConstraint(*columns, name=name)
    if constraint is not None:
        table.append_constraint(constraint)
    return constraint


def _columns_of(table: Table, part: SchemaObject) -> Iterator[Column[Any]]:
    """Yield the columns in the first list of a definition, in their order."""
    found = _FIRST_LIST.search(str(part.attributes.get("definition", "")))
    text = found[0] if found else ""
    places = {column.name: _place(column.name, text) for column in table.columns}
    named = (name for name, place in places.items() if place is not None)
    yield from (table.columns[name] for name in sorted(named, key=lambda name: places[name] or 0))


def _place(name: str, text: str) -> int | None:
    if name not in text:
        return None
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return match.start() if match else None


def _references(
    foreign_key: SchemaObject, columns: Sequence[Column[Any]], default_schema: str
) -> tuple[list[str], list[str]]:
    """Return the columns of a foreign key and the columns that they reference."""
    found = _REFERENCE.search(str(foreign_key.attributes.get("definition", "")))
    if found is None:
        return [], []
    table = ".".join(part.strip(_QUOTES) for part in found["table"].split("."))
    table = table.removeprefix(f"{default_schema}.") if default_schema else table
    remote = [f"{table}.{name.strip().strip(_QUOTES)}" for name in found["columns"].split(",")]
    local = [column.name for column in columns]
    return (local, remote) if len(local) == len(remote) else ([], [])
