"""The tables to fill, and the interface of a database that is filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from driftcheck.schema import Address


@dataclass(frozen=True)
class Column:
    """A column to fill.

    Attributes:
        name: The name of the column.
        values: Different values as SQL expressions. Values that are more likely valid come first.
        nullable: Whether the column can be NULL.
        has_default: Whether the column has a default.
        is_numbered: Whether the default comes from a sequence. Then it is always used.
    """

    name: str
    values: tuple[str, ...]
    nullable: bool = True
    has_default: bool = False
    is_numbered: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key.

    Attributes:
        columns: The referencing columns.
        table: The referenced table.
        referred: The referenced columns.
        full: Whether the foreign key is ``MATCH FULL``: all columns are NULL, or none.
    """

    columns: tuple[str, ...]
    table: Address
    referred: tuple[str, ...]
    full: bool = False


@dataclass(frozen=True)
class Table:
    """A table to fill.

    Attributes:
        address: The address of the table.
        columns: The columns to fill, by name.
        unique: The columns of each key and unique index.
        foreign_keys: The foreign keys.
        skip_reason: Why no row can be inserted, if that is known in advance.
    """

    address: Address
    columns: Mapping[str, Column]
    unique: Sequence[tuple[str, ...]] = ()
    foreign_keys: Sequence[ForeignKey] = ()
    skip_reason: str = ""

    def needs(self, key: ForeignKey) -> bool:
        """Whether a foreign key of the table must reference a row."""
        columns = [self.columns[name] for name in key.columns if name in self.columns]
        return not (all if key.full else any)(column.nullable for column in columns)


@dataclass(frozen=True)
class Refusal:
    """The reason why a database refused a row.

    Attributes:
        message: The message of the database.
        table: The table of the violated constraint; ``None`` if it is not known.
        columns: The columns of the violated constraint; empty if they are not known.
    """

    message: str
    table: Address | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Insert:
    """A row to insert.

    Attributes:
        table: The table.
        values: SQL expressions by column; ``None`` for the default.
    """

    table: Table
    values: Mapping[str, str | None] = field(default_factory=dict)


class Store(Protocol):
    """A database into which rows are inserted."""

    def tables(self) -> list[Table]:
        """Every user table."""

    def attempt(self, inserts: Sequence[Insert]) -> Refusal | None:
        """Insert the rows together, or undo that and return the reason."""

    def keys(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """The first key values that a foreign key can reference, as SQL expressions."""

    def next_value(self, table: Table, column: str) -> str | None:
        """Evaluate the default of a column; ``None`` if it has none."""

    def is_empty(self, table: Table) -> bool:
        """Whether a table has no row."""
