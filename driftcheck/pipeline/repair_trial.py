"""Tries the plan of a repair: on a copy of the live schema, with rows, step by step.

The statements run as on the live database: in one transaction, and then those that run separately.
After each step, the locks and the changes of the tables are read, so what a plan does to tables in
use is known and not derived from its text.

Generated rows are not the rows of the live database. If the server refuses a step because of them,
the table of the step stays empty in the next attempt, and the plan says that the step depends on
the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from driftcheck.databases.catalog import Scope
from driftcheck.databases.messages import database_message, lacks_rights
from driftcheck.databases.plan import Hazard, Plan, PlanStep
from driftcheck.databases.postgresql.table_state import Locks, read_tables
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.databases.row_filling import fill
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import DriftcheckError
from driftcheck.pipeline.plan_proof import Proof, bare, left_over, narrowed, runs_on_copies
from driftcheck.pipeline.table_effects import Effect, effects_on, strongest
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.reading import read_restricted, run_each
from driftcheck.sources.untrusted import build_untrusted

_ROWS = 3
_ATTEMPTS = 4


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


@dataclass(frozen=True)
class Trial:
    """The result of trying a plan.

    Attributes:
        proof: The proof of the plan.
        effects: What each step did, by its index. A step that was left out of the copy is missing.
        depending: The message of the server for each step that it refused because of generated
            rows, by the index of the step.
        has_rows: Whether the copy had rows.
        refused_step: The index of the step that the server refused, if it did.
    """

    proof: Proof
    effects: Mapping[int, StepEffects] = field(default_factory=dict)
    depending: Mapping[int, str] = field(default_factory=dict)
    has_rows: bool = False
    refused_step: int | None = None


@dataclass(frozen=True)
class TrialInput:
    """A plan, and what it is tried with.

    Attributes:
        plan: The plan.
        wanted: The schema after the plan.
        actual: The schema before the plan.
        empty: The tables that are empty in the live database.
        renamed: The name of each renamed object after the plan, by its present name.
    """

    plan: Plan
    wanted: Snapshot
    actual: Snapshot
    empty: Collection[Address] = ()
    renamed: Mapping[Address, Address] = field(default_factory=dict)


def try_plan(tried: TrialInput, create: Callable[[], ShadowDatabase]) -> Trial:
    """Try a plan on a copy of the part of the schema that it concerns, or of the whole schema.

    Args:
        tried: The plan.
        create: Creates an empty restricted shadow.
    """
    parts = narrowed([tried.plan], tried.wanted, tried.actual)
    if parts is not None:
        wanted, actual = parts
        trial = _with_rows(replace(tried, wanted=wanted, actual=actual), create)
        if trial.proof.holds:
            return trial
    return _with_rows(tried, create)


def _with_rows(tried: TrialInput, create: Callable[[], ShadowDatabase]) -> Trial:
    """Try a plan with as many rows as possible, and at last without rows.

    A single row in each table cannot be equal to another one, so it fits into every unique key.
    """
    trial = _on_copy(tried, create, _ROWS)
    if trial.refused_step is None:
        return trial
    depending: dict[int, str] = {}
    for _ in range(_ATTEMPTS):
        trial = _on_copy(tried, create, 1)
        if trial.refused_step is None:
            return replace(trial, depending=depending)
        depending[trial.refused_step] = trial.proof.refused[0]
        table = table_of(tried.plan.steps[trial.refused_step].address)
        if table in tried.empty:
            break  # the rows of this table are not the cause
        tried = replace(tried, empty={*tried.empty, table})
    trial = _on_copy(tried, create, 0)
    return trial if trial.refused_step is not None else replace(trial, depending=depending)


def _on_copy(tried: TrialInput, create: Callable[[], ShadowDatabase], rows: int) -> Trial:
    """Try a plan on a new copy."""
    try:
        shadow = create()
    except DriftcheckError as error:
        return Trial(Proof(not_tried=str(error)))
    try:
        return _Copy(tried, shadow, rows).run()
    except DriftcheckError as error:
        return Trial(Proof(not_tried=str(error)))
    finally:
        shadow.drop()


def table_of(address: Address) -> Address:
    """Return the table that an object is a part of, as far as its name says."""
    return Address("table", address.schema, address.path[:1])


class _Copy:
    """A copy of the actual schema, in which a plan is run once.

    Args:
        tried: The plan.
        shadow: An empty restricted shadow.
        rows: The number of generated rows of each table.
    """

    def __init__(self, tried: TrialInput, shadow: ShadowDatabase, rows: int) -> None:
        self._tried = tried
        self._shadow = shadow
        self._rows = rows
        self._database = database_for(tried.actual.dialect)
        self._effects: dict[int, StepEffects] = {}

    def run(self) -> Trial:
        """Build the copy, run the plan, and read what it has led to."""
        actual, wanted = self._tried.actual, self._tried.wanted
        build_untrusted(replace(actual, objects=bare(actual)), self._shadow)
        before = read_restricted(self._shadow, Scope())
        if self._rows:
            empty = [VersionTable(table.schema, table.name) for table in self._tried.empty]
            fill(self._shadow.url, empty, self._rows)
        values = self._values()
        with closing(self._database.connect_untrusted(self._shadow.url)) as connection:
            refused = self._run_steps(connection)
        if refused is not None:
            index, message = refused
            if lacks_rights(message):
                return Trial(Proof(not_tried=message))
            return Trial(Proof({0: message}), self._effects, refused_step=index)
        left = left_over(wanted, actual, before, read_restricted(self._shadow, Scope()))
        return Trial(
            Proof(left=left, lost=self._lost(values)),
            self._effects,
            has_rows=any(int(count) for (_, column), count in values.items() if not column),
        )

    def _run_steps(self, connection: Any) -> tuple[int, str] | None:
        """Run the steps: first those of the transaction.

        Returns:
            The index of the step that was refused, and the message of the server.
        """
        watch = _TableWatch(connection) if self._database.detects_hazards else None
        for index, step in enumerate(self._tried.plan.steps):
            if step.is_separate:
                connection.commit()
                connection.autocommit = Hazard.NOT_IN_TRANSACTION in step.hazards
            if not runs_on_copies(step, self._tried.wanted):
                continue
            statement = self._database.without_code(step.statement)
            if statement is None:
                continue
            message = self._refusal(connection, step, statement)
            if message:
                return index, message
            if watch is not None:
                self._effects[index] = watch.effects()
        connection.commit()
        return None

    def _refusal(self, connection: Any, step: PlanStep, statement: str) -> str:
        if Hazard.NOT_IN_TRANSACTION in step.hazards:
            try:
                connection.cursor().execute(statement)
            except Exception as error:  # noqa: BLE001  (each driver has its own errors)
                return database_message(error)
            return ""
        refused = run_each(connection, [statement], self._tried.actual.dialect)
        return refused[0].message if refused else ""

    def _values(self) -> Mapping[tuple[Address, str], str]:
        """Read the number of rows and digests of the values that the plan keeps."""
        return self._read_values({table: tuple(names) for table, names in self._kept().items()})

    def _lost(self, before: Mapping[tuple[Address, str], str]) -> tuple[Address, ...]:
        """Return the tables and columns whose rows or values are not as before."""
        kept = self._kept()
        moved = {self._renamed(table): tuple(names.values()) for table, names in kept.items()}
        after = self._read_values(moved)
        return tuple(
            _column(table, name) if name else table
            for (table, name), digest in before.items()
            if after.get((self._renamed(table), kept[table][name] if name else "")) != digest
        )

    def _read_values(
        self, columns: Mapping[Address, Sequence[str]]
    ) -> Mapping[tuple[Address, str], str]:
        catalog = catalog_for(self._tried.actual.dialect)
        with closing(self._database.connect_untrusted(self._shadow.url)) as connection:
            return catalog.value_digests(connection, columns)

    def _kept(self) -> dict[Address, dict[str, str]]:
        """Return the tables that the plan keeps, with the names of their columns before and after.

        A column of another type has the same values in another form, so only its rows count.
        """
        actual, wanted, steps = self._tried.actual, self._tried.wanted, self._tried.plan.steps
        gone = {step.address for step in steps if Hazard.DATA_LOSS in step.hazards}
        kept: dict[Address, dict[str, str]] = {}
        for table in actual.objects:
            target = self._renamed(table)
            if table.kind != "table" or table in gone or target not in wanted.objects:
                continue
            kept[table] = {}
            for part in actual.parts.get(table, ()):
                moved = self._renamed(part.address)
                if moved == part.address:
                    moved = _column(target, part.address.name)
                after = wanted.objects.get(moved)
                if after is not None and part.address not in gone and _same_type(part, after):
                    kept[table][part.address.name] = moved.name
        return kept

    def _renamed(self, address: Address) -> Address:
        return self._tried.renamed.get(address, address)


def _column(table: Address, name: str) -> Address:
    return Address("column", table.schema, (*table.path, name))


def _same_type(before: SchemaObject, after: SchemaObject) -> bool:
    """Whether two columns have the same type, and the server does not compute their values."""
    if before.address.kind != "column" or before.attributes.get("type") != after.attributes["type"]:
        return False
    return not (before.attributes.get("generated") or after.attributes.get("generated"))


class _TableWatch:
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
