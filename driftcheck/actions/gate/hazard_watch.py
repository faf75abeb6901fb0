"""Watches what the statements of revisions do to the tables that exist before the revisions run.

Statements are not parsed. See ``driftcheck.pipeline.repairs.table_effects``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.pipeline.repairs.table_effects import HazardKind
from driftcheck.pipeline.repairs.table_watch import TableWatch, fetch_on
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
        with closing(connect(url)) as connection:
            self._watch = TableWatch(fetch_on(connection))
        self.hazards: list[Hazard] = []

    def observe(self, statement: ExecutedStatement, connection: Any) -> None:
        """Record the hazards of a statement that has just run on a SQLAlchemy connection."""

        def fetch(query: str) -> Iterable[Sequence[Any]]:
            return connection.exec_driver_sql(query).fetchall()  # type: ignore[no-any-return]

        seen = self._watch.effects(fetch)
        for table, effect in seen.effects:
            lock = seen.locks.get(table, "")
            self.hazards.append(Hazard(*effect, table, statement, lock))
        affected = {table for table, _ in seen.effects}
        for table, lock in seen.locks.items():
            if table not in affected:
                self.hazards.append(Hazard(HazardKind.LOCK, table, "", table, statement, lock))
