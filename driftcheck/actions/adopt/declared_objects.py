"""SQLAlchemy's objects of a schema: the project's own as far as possible, else reflected ones.

The project's own are taken where the models declare the same. Their types and arguments are known
from the models only; reflection returns the types of the database instead.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Constraint, Index, MetaData, Table, event, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import NULLTYPE, NullType, TypeDecorator

from driftcheck.databases.connection import own_engine
from driftcheck.schema import Address, SchemaObject, Snapshot


@dataclass
class SchemaSide:
    """One schema of a migration, with SQLAlchemy's objects of it.

    Attributes:
        snapshot: The schema.
        url: A shadow database with this schema.
        models: The schema of the models; ``None`` if they were not compared.
        tables: The tables that the models declare, by schema and name.
        impl: Alembic's implementation of the dialect, which corrects reflected columns.
    """

    snapshot: Snapshot
    url: URL
    models: Snapshot | None
    tables: Mapping[tuple[str, str], Table]
    impl: Any
    _reflected: dict[Address, Table | None] = field(default_factory=dict, init=False)

    def schema_argument(self, address: Address) -> str | None:
        """Return the ``schema=`` argument for an object; ``None`` for the default schema."""
        return None if address.schema == self.snapshot.default_schema else address.schema or None

    def table(self, address: Address) -> Table | None:
        """Return a table: the project's own if the models declare the same in every part."""
        declared = self._declared(address)
        objects = (address, *(part.address for part in self.snapshot.parts.get(address, ())))
        if declared is not None and all(map(self._is_as_declared, objects)):
            return declared
        return self.reflected(address)

    def column(self, obj: SchemaObject) -> Column[Any] | None:
        """Return a column: the project's own if the models declare the same."""
        parent = _table_of(obj)
        declared = self._declared(parent)
        if declared is not None and self._is_as_declared(obj.address):
            found = [column for column in declared.columns if column.name == obj.address.name]
            if len(found) == 1:
                return self.with_existing_type(found[0], parent)
        reflected = self.reflected(parent)
        return None if reflected is None else reflected.columns.get(obj.address.name)

    def with_existing_type(self, column: Column[Any], table: Address) -> Column[Any]:
        """Return a column whose type, such as an enum, is not created together with the column.

        A step of its own creates the type, or it exists already.

        Args:
            column: The column, as the models declare it.
            table: Its table.
        """
        reflected = self.reflected(table)
        found = None if reflected is None else reflected.columns.get(column.name)
        if found is None or isinstance(column.type, TypeDecorator) or not _is_named(found.type):
            return column
        copied = column._copy()  # noqa: SLF001  (as Table.to_metadata does)
        copied.type = found.type
        return copied

    def index(self, obj: SchemaObject) -> Index | None:
        """Return an index: the project's own if the models declare the same under its name."""
        parent = _table_of(obj)
        declared = self._declared(parent)
        if declared is not None and self._is_as_declared(obj.address):
            own: Index | None = _named(declared.indexes, obj.address.name)
            if own is not None:
                return own
        reflected = self.reflected(parent)
        return None if reflected is None else _named(reflected.indexes, obj.address.name)

    def constraint(self, obj: SchemaObject) -> Constraint | None:
        """Return a constraint, reflected: it may have no name in the models."""
        reflected = self.reflected(_table_of(obj))
        return None if reflected is None else _named(reflected.constraints, obj.address.name)

    def reflected(self, address: Address) -> Table | None:
        """Return a table as it is in the shadow database; ``None`` if it cannot be reflected."""
        if address not in self._reflected:
            self._reflected[address] = self._reflect(address)
        return self._reflected[address]

    def has_unknown_types(self, address: Address) -> bool:
        """Whether a table has columns of types that SQLAlchemy does not know, and warns of."""
        table = self.reflected(address)
        columns = () if table is None else table.columns
        return any(isinstance(_element(column.type), NullType) for column in columns)

    def _declared(self, address: Address) -> Table | None:
        schema = address.schema
        return self.tables.get((schema, address.name))

    def _is_as_declared(self, address: Address) -> bool:
        if self.models is None:
            return False
        declared, own = self.models.objects.get(address), self.snapshot.objects.get(address)
        return declared is not None and own is not None and declared.attributes == own.attributes

    def _reflect(self, address: Address) -> Table | None:
        if Address("table", address.schema, address.path) not in self.snapshot.objects:
            return None
        table = Table(address.name, MetaData(), schema=self.schema_argument(address))
        with own_engine(self.url).connect() as connection:
            inspector = inspect(connection)
            with _corrected(table, self.impl, inspector), warnings.catch_warnings():
                # Of what SQLAlchemy does not know, such as a type or NOT VALID: see the proof.
                warnings.simplefilter("ignore", SAWarning)
                inspector.reflect_table(table, None, resolve_fks=False)
            for key in inspector.get_foreign_keys(address.name, table.schema):
                _referred(key, table.metadata)
        self._remove_unknown_keys(table, address)
        _without_defaults(table)
        return table

    def _remove_unknown_keys(self, table: Table, address: Address) -> None:
        """Remove the foreign keys to partitions: the server makes them together with another key.

        Reflection does not tell them apart.
        """
        for key in [*table.foreign_key_constraints]:
            name = str(key.name)
            if Address("foreign key", address.schema, (*address.path, name)) not in (
                self.snapshot.objects
            ):
                table.constraints.discard(key)


@contextmanager
def _corrected(table: Table, impl: Any, inspector: Any) -> Iterator[None]:
    """Reflect columns as autogenerate does: without the sequence of a serial column."""

    def correct(_inspector: Any, found: Table, info: Any) -> None:
        impl.autogen_column_reflect(inspector, found, info)

    event.listen(table, "column_reflect", correct)
    try:
        yield
    finally:
        event.remove(table, "column_reflect", correct)


def _referred(key: Mapping[str, Any], metadata: MetaData) -> None:
    """Add the columns that a foreign key refers to, without reflecting their table."""
    name, schema = key["referred_table"], key["referred_schema"]
    table = Table(name, metadata, schema=schema, keep_existing=True)
    for column in key["referred_columns"]:
        if column not in table.columns:
            table.append_column(Column(column, NULLTYPE))


def _is_named(type_: Any) -> bool:
    """Whether a type, or that of the elements of an array, is an object of the database."""
    return hasattr(_element(type_), "create_type")


def _element(type_: Any) -> Any:
    return getattr(type_, "item_type", type_)


def _without_defaults(table: Table) -> None:
    """Remove what reflection adds to a table and what is the default, such as an empty INCLUDE.

    ``autoincrement`` has a meaning for the columns of a primary key only. Types that are objects of
    the database are not to be created together with the table: they have steps of their own.
    """
    items: list[Index | Constraint] = [*table.indexes, *table.constraints]
    for item in items:
        for name, value in [*item.dialect_kwargs.items()]:
            if not value:
                del item.dialect_kwargs[name]
    for column in table.columns:
        if not column.primary_key:
            column.autoincrement = "auto"
        if _is_named(column.type):
            _element(column.type).create_type = False


def _table_of(part: SchemaObject) -> Address:
    parent = part.part_of
    return (
        parent
        if parent is not None
        else Address("table", part.address.schema, part.address.path[:1])
    )


def _named(items: Iterable[Any], name: str) -> Any | None:
    return next((item for item in items if item.name == name), None)
