"""Watches the tables of a database while statements run on a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftcheck.databases.postgresql.table_state import Locks, read_tables
from driftcheck.pipeline.table_effects import Effect, effects_on, strongest
from driftcheck.schema import Address


@dataclass(frozen=True)
class StepEffects:
    """What a step did to the tables that existed before the plan.

    Attributes:
        locks: The strongest lock that blocks other sessions, by table. A lock is left out if an
            earlier step of the same transaction has taken it, or a stronger one.
        effects: The other effects, each with the table.
    """

    locks: Mapping[Address, str] = field(default_factory=dict)
    effects: tuple[tuple[Address, Effect], ...] = ()


class TableWatch:
    """Watches the tables of a database while statements run on a connection.

    Args:
        connection: A DB-API connection.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._tables = read_tables(self._fetch)
        self._in_use = {
            oid: Address("table", table.schema, (table.name,))
            for oid, table in self._tables.items()
        }
        self._names = dict(self._in_use)
        self._locks = Locks.read(self._fetch)
        self._held: dict[int, str] = {}

    def effects(self) -> StepEffects:
        """Return what has happened since the last call."""
        locks, tables = Locks.read(self._fetch), read_tables(self._fetch)
        if locks.transaction != self._locks.transaction:
            self._held = {}
        effects: list[tuple[Address, Effect]] = []
        for oid, address in [*self._in_use.items()]:
            before, after = self._tables[oid], tables.get(oid)
            if after != before:
                found = effects_on(address, before, after, self._fetch)
                effects += [(address, effect) for effect in found]
            if after is None:
                del self._in_use[oid]
        held = {oid: lock for oid, lock in strongest(locks.held).items() if oid in self._names}
        taken = {
            self._names[oid]: lock for oid, lock in held.items() if lock != self._held.get(oid)
        }
        self._tables, self._locks, self._held = tables, locks, held
        return StepEffects(taken, tuple(effects))

    def _fetch(self, query: str) -> Sequence[Sequence[Any]]:
        cursor = self._connection.cursor()
        cursor.execute(query)
        return cursor.fetchall()  # type: ignore[no-any-return]
