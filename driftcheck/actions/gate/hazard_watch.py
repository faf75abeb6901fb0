"""Watches what the statements of revisions do to the tables that exist before the revisions run.

Statements are not parsed. See ``driftcheck.pipeline.table_effects``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.table_state import Locks, read_tables
from driftcheck.pipeline.table_effects import Effect, HazardKind, effects_on, strongest
from driftcheck.schema import Address
from driftcheck.sources.statement_log import ExecutedStatement


@dataclass(frozen=True)
class Hazard:
    """A hazard of one statement to a table that existed before the revisions ran.

    Attributes:
        kind: What the statement does.
        address: The table, or its column, index or constraint that is affected.
        change: The old and the new type of a column, or the SQL that creates an index or a
            constraint without blocking writes; empty for other kinds.
        table: The table.
        statement: The statement, with its revision, file and line.
        lock: The strongest lock that the statement took on the table; empty if none was seen.
    """

    kind: HazardKind
    address: Address
    change: str
    table: Address
    statement: ExecutedStatement
    lock: str


class HazardWatch:
    """Watches the statements that run on one shadow database.

    Args:
        url: The shadow database before the revisions run. Its present tables count as in use.

    Attributes:
        hazards: The hazards seen so far.
    """

    def __init__(self, url: URL) -> None:
        connection = connect(url)
        try:
            with connection.cursor() as cursor:
                self._tables = read_tables(lambda query: _fetch_all(cursor, query))
        finally:
            connection.close()
        self._in_use = {
            oid: Address("table", table.schema, (table.name,))
            for oid, table in self._tables.items()
        }
        self._locks: Locks | None = None
        self.hazards: list[Hazard] = []

    def observe(self, statement: ExecutedStatement, connection: Any) -> None:
        """Record the hazards of a statement that has just run on a SQLAlchemy connection."""

        def fetch(query: str) -> Iterable[Sequence[Any]]:
            return connection.exec_driver_sql(query).fetchall()  # type: ignore[no-any-return]

        locks, tables = Locks.read(fetch), read_tables(fetch)
        locked = strongest(locks.since(self._locks))
        for oid, address in [*self._in_use.items()]:
            lock, table = locked.get(oid, ""), tables.get(oid)
            effects: list[Effect] = []
            if table != self._tables[oid]:
                effects = [*effects_on(address, self._tables[oid], table, fetch)]
            if lock and not effects:
                effects = [(HazardKind.LOCK, address, "")]
            self.hazards += [Hazard(*effect, address, statement, lock) for effect in effects]
            if table is None:
                del self._in_use[oid]
        self._tables, self._locks = tables, locks


def _fetch_all(cursor: Any, query: str) -> Sequence[Sequence[Any]]:
    cursor.execute(query)
    return cursor.fetchall()  # type: ignore[no-any-return]
