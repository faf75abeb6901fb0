"""Says what a person has to do for a column whose values nothing determines."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.schema import SchemaObject

EVERY_ROW = "every row of {}"
ROWS_WITHOUT_VALUE = "each row of {} that has no value"


def filling_by_hand(column: SchemaObject, rows: str, table: str, remaining: Sequence[str]) -> str:
    """Return the manual step for a column that must have values.

    Args:
        column: The column.
        rows: The rows that have no value, or may have none, with ``{}`` for the table.
        table: The table in SQL.
        remaining: The statements that complete the column when every row has a value.
    """
    return (
        f"Set {column.address} in {rows.format(table)}, because nothing determines its values. "
        f"Then run: {'; '.join(remaining)}"
    )
