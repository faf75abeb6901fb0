"""Watches the tables of a database while statements run: those of a plan, or of revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftcheck.databases.names import Fetch
from driftcheck.databases.postgresql.table_state import Locks, read_tables
from driftcheck.pipeline.repairs.table_effects import Effect, effects_on, strongest
from driftcheck.schema import Address


@dataclass(frozen=True)
class StepEffects:
    """What a statement did to the tables that existed when the watch began.

    Attributes:
        locks: The strongest lock that blocks other sessions, by table. A lock is left out if an
            earlier statement of the same transaction has taken it, or a stronger one.
        effects: The other effects, each with the table.
    """

    locks: Mapping[Address, str] = field(default_factory=dict)
    effects: tuple[tuple[Address, Effect], ...] = ()


class TableWatch:
    """Watches the tables of a database while statements run.

    Args:
        fetch: Runs a query before the statements. The present tables count as in use.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._tables = read_tables(fetch)
        self._in_use = {
            oid: Address("table", table.schema, (table.name,))
            for oid, table in self._tables.items()
        }
        self._names = dict(self._in_use)
        self._transaction = Locks.read(fetch).transaction
        self._held: dict[int, str] = {}

    def effects(self, fetch: Fetch) -> StepEffects:
        """Return what has happened since the last call.

        Args:
            fetch: Runs a query on the connection on which the statement has run.
        """
        locks, tables = Locks.read(fetch), read_tables(fetch)
        if locks.transaction != self._transaction:
            self._held = {}
        effects: list[tuple[Address, Effect]] = []
        for oid, address in [*self._in_use.items()]:
            before, after = self._tables[oid], tables.get(oid)
            if after != before:
                found = effects_on(address, before, after, fetch)
                effects += [(address, effect) for effect in found]
            if after is None:
                del self._in_use[oid]
        held = {oid: lock for oid, lock in strongest(locks.held).items() if oid in self._names}
        taken = {
            self._names[oid]: lock for oid, lock in held.items() if lock != self._held.get(oid)
        }
        self._tables, self._transaction, self._held = tables, locks.transaction, held
        return StepEffects(taken, tuple(effects))


def fetch_on(connection: Any) -> Fetch:
    """Return what runs a query on a DB-API connection."""

    def fetch(query: str) -> Sequence[Sequence[Any]]:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchall()  # type: ignore[no-any-return]

    return fetch
