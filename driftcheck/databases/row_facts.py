"""What plans know of the rows in the tables of a schema."""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.schema import Address


@dataclass(frozen=True)
class RowFacts:
    """The tables that have rows, and the columns that have rows without a value.

    Attributes:
        tables: The tables that have rows, or may have some.
        columns: The columns that have, or may have, rows without a value.
    """

    tables: frozenset[Address] = frozenset()
    columns: frozenset[Address] = frozenset()

    def has_rows(self, table: Address) -> bool:
        """Whether a table may have a row."""
        return table in self.tables

    def has_nulls(self, column: Address) -> bool:
        """Whether a row may have no value in a column."""
        return column in self.columns


NO_ROWS = RowFacts()
"""The facts about a schema without rows."""
