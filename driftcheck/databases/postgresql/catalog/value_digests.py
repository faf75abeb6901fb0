"""Reads digests of the values in tables, to find out whether statements have kept them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driftcheck.databases.reading import Cursor
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address

# A NULL adds nothing, so that it differs from every text.
_DIGEST = "md5(string_agg(coalesce(md5({0}::text), ''), '' ORDER BY md5({0}::text)))"


def value_digests(
    cursor: Cursor, columns: Mapping[Address, Sequence[str]]
) -> dict[tuple[Address, str], str]:
    """Read the number of rows, and a digest of the values of each column, in any order.

    The rows of partitions and of inheriting tables are rows of these tables only.

    Args:
        cursor: A cursor on a shadow database.
        columns: The names of the columns, by table.
    """
    found: dict[tuple[Address, str], str] = {}
    for table, names in columns.items():
        digests = (_DIGEST.format(quote_identifier(name)) for name in names)
        cursor.execute(f"SELECT {', '.join(('count(*)', *digests))} FROM ONLY {table.sql}")
        (values,) = cursor.fetchall()
        keys = ((table, name) for name in ("", *names))
        found.update(zip(keys, map(str, values), strict=True))
    return found
