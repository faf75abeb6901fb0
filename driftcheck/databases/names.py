"""Reads the names of a database's objects, without details: fast enough after every revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from driftcheck.databases.registry import find_database
from driftcheck.schema import Address

Fetch = Callable[[str], Iterable[Sequence[Any]]]


def names(dialect: str, fetch: Fetch) -> frozenset[Address]:
    """Return the addresses of tables, columns, indexes, constraints, sequences, views and types.

    Args:
        dialect: The name of SQLAlchemy's dialect. For an unsupported dialect, the result is empty.
        fetch: Runs a query and returns its rows.
    """
    database = find_database(dialect)
    if database is None:
        return frozenset()
    return frozenset(
        Address(kind, schema, (name,) if part is None else (name, part))
        for kind, schema, name, part in fetch(database.names_query)
    )
