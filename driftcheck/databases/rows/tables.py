"""Tables as whoever puts rows into them sees them, and what a database that has them can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from driftcheck.schema import Address


@dataclass(frozen=True)
class Column:
    """A column that takes a value.

    Attributes:
        name: Its name.
        values: What to try, as SQL expressions: likely ones first, all of them different.
        nullable: Whether it may be NULL.
        has_default: Whether the database knows a value of its own for it.
        is_numbered: Whether that value comes from a sequence, so that no other is put there.
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
        columns: The columns that refer.
        table: The table referred to.
        referred: Its columns.
        full: Whether all of its columns are NULL or none is (``MATCH FULL``).
    """

    columns: tuple[str, ...]
    table: Address
    referred: tuple[str, ...]
    full: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        address: What it is called.
        columns: Those that take a value, by name.
        unique: The columns of each key and unique index.
        foreign_keys: Its foreign keys.
        why_not: Why no row can be put into it, where that is known beforehand.
    """

    address: Address
    columns: Mapping[str, Column]
    unique: Sequence[tuple[str, ...]] = ()
    foreign_keys: Sequence[ForeignKey] = ()
    why_not: str = ""

    def needs(self, key: ForeignKey) -> bool:
        """Whether a foreign key of it has to refer to something."""
        columns = [self.columns[name] for name in key.columns if name in self.columns]
        return not (all if key.full else any)(column.nullable for column in columns)


@dataclass(frozen=True)
class Refusal:
    """Why a database does not take a row.

    Attributes:
        message: In its own words.
        table: The table that the rule belongs to; ``None`` where that is not known.
        columns: The columns that the rule is about; none where that is not known.
    """

    message: str
    table: Address | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Insert:
    """A row to be put into a table.

    Attributes:
        table: The table.
        values: SQL expressions by column; ``None`` for the database's own value.
    """

    table: Table
    values: Mapping[str, str | None] = field(default_factory=dict)


class Store(Protocol):
    """A database that takes rows."""

    def tables(self) -> list[Table]:
        """Every table of its users."""

    def attempt(self, inserts: Sequence[Insert]) -> Refusal | None:
        """Put rows into it together, or leave it as it was and say why."""

    def keys(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """What a foreign key can refer to, as SQL expressions; the first few."""

    def draw(self, table: Table, column: str) -> str | None:
        """Take the database's own next value for a column."""

    def is_empty(self, table: Table) -> bool:
        """Whether a table has no row."""
