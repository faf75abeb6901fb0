"""Tries the plan of a repair: on a copy of the live schema, with rows, step by step.

The statements run as on the live database: in one transaction, and then those that run separately.
After each step, the locks and the changes of the tables are read, so what a plan does to tables in
use is known and not derived from its text.

Generated rows are not the rows of the live database. If the server refuses a step because of them,
the table of the step stays empty in the next attempt, and the plan says that the step depends on
the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from driftcheck.databases.messages import database_message, lacks_rights
from driftcheck.databases.plan import Hazard, Plan, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.databases.row_filling import fill
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import DriftcheckError
from driftcheck.judging.printed_expressions import Rewording
from driftcheck.pipeline.repairs.plan_proof import (
    Copy,
    Proof,
    bare,
    left_over,
    narrowed,
    runs_on_copies,
)
from driftcheck.pipeline.repairs.table_watch import StepEffects, TableWatch, fetch_on
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.reading import read_restricted, run_each
from driftcheck.sources.untrusted import rebuild_untrusted, run_untrusted

_ROWS = 3
_ATTEMPTS = 4


@dataclass(frozen=True)
class Trial:
    """The result of trying a plan.

    Attributes:
        proof: The proof of the plan.
        effects: What each step did, by its index; ``None`` if that was not measured. A step that
            was left out of the copy is missing.
        depending: The message of the server for each step that it refused because of generated
            rows, by the index of the step.
        has_rows: Whether the copy had rows.
        refused_step: The index of the step that the server refused, if it did.
        replacements: The texts that the server prints after the plan for expressions of the wanted
            schema. They mean the same.
        after: The schema of the copy after the plan; ``None`` if a step was refused.
    """

    proof: Proof
    effects: Mapping[int, StepEffects | None] = field(default_factory=dict)
    depending: Mapping[int, str] = field(default_factory=dict)
    has_rows: bool = False
    refused_step: int | None = None
    replacements: Rewording = field(default_factory=dict)
    after: Snapshot | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TrialInput:
    """A plan, and what it is tried with.

    Attributes:
        plan: The plan.
        wanted: The schema after the plan.
        actual: The schema before the plan.
        empty: The tables that are empty in the live database.
        renamed: The name of each renamed object after the plan, by its present name.
        maker: Returns what makes shadows in which the server decides whether expressions are equal;
            ``None`` if only equal texts are equal.
    """

    plan: Plan
    wanted: Snapshot
    actual: Snapshot
    empty: Collection[Address] = ()
    renamed: Mapping[Address, Address] = field(default_factory=dict)
    maker: Callable[[], ShadowMaker] | None = None


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
        refused = tried.plan.steps[trial.refused_step]
        table = table_of(refused.address, tried.wanted, tried.actual)
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


def table_of(address: Address, *schemas: Snapshot) -> Address:
    """Return the table that an object is a part of.

    Args:
        address: The object.
        schemas: The schemas that know it. If none does, its name says which table that is.
    """
    objects = (schema.objects[address] for schema in schemas if address in schema.objects)
    parents = (obj.part_of for obj in objects if obj.part_of is not None)
    return next(parents, Address("table", address.schema, address.path[:1]))


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
        self._unknown: set[Address] = set()

    def run(self) -> Trial:
        """Build the copy, run the plan, and read what it has led to."""
        actual, wanted = self._tried.actual, self._tried.wanted
        original = replace(actual, objects=bare(actual))
        rebuild_untrusted(original, self._shadow)  # as far as the role has the rights for it
        before = read_restricted(self._shadow, Scope())
        self._unknown = {*original.objects} - {*before.objects}
        if self._rows:
            empty = [VersionTable(table.schema, table.name) for table in self._tried.empty]
            fill(self._shadow.url, empty, self._rows)
        run_untrusted(self._shadow, self._in_place_of_unknown(original, before))
        values = self._values(before)
        with closing(self._database.connect_untrusted(self._shadow.url)) as connection:
            refused = self._run_steps(connection)
        if refused is not None:
            index, message = refused
            return Trial(Proof({0: message}), self._effects, refused_step=index)
        after = read_restricted(self._shadow, Scope())
        copy = Copy(original, before, after)
        left, replacements = left_over(self._tried.plan, wanted, copy, self._tried.maker)
        return Trial(
            Proof(
                left=tuple(sorted(a for a in left if not self._is_unknown(a))),
                lost=self._lost(values, after),
            ),
            self._effects,
            replacements=replacements,
            after=after,
            has_rows=any(int(count) for (_, column), count in values.items() if not column),
        )

    def _run_steps(self, connection: Any) -> tuple[int, str] | None:
        """Run the steps: first those of the transaction.

        Returns:
            The index of the step that was refused, and the message of the server.
        """
        fetch = fetch_on(connection)
        watch = TableWatch(fetch) if self._database.detects_hazards else None
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
            if message and (lacks_rights(message) or self._is_unknown(step.address)):
                self._unknown.add(step.address)
                continue
            if message:
                return index, message
            if watch is not None:
                self._effects[index] = watch.effects(fetch)
        connection.commit()
        return None

    def _in_place_of_unknown(self, original: Snapshot, before: Snapshot) -> Iterator[str]:
        """Yield statements for objects that the role cannot create, but that affect the steps.

        A table that will be unlogged is not named: it could not become so while it is published.
        """
        catalog, wanted = catalog_for(original.dialect), self._tried.wanted.objects
        tables = [
            table
            for address, table in before.objects.items()
            if address.kind == "table"
            and not wanted.get(self._renamed(address), table).attributes.get("unlogged")
        ]
        for address in sorted(self._unknown):
            obj = original.objects[address]
            yield from catalog.kind(address.kind).create_without_rights(obj, tables)

    def _is_unknown(self, address: Address) -> bool:
        """Whether the copy lacks an object, or what it needs, because its role lacks rights."""
        wanted, actual = self._tried.wanted, self._tried.actual
        obj = wanted.objects.get(address) or actual.objects.get(address)
        former = {after: before for before, after in self._tried.renamed.items()}
        needed = {
            address,
            former.get(address, address),
            *wanted.dependencies.get(address, ()),
            *actual.dependencies.get(address, ()),
            *((obj.part_of,) if obj is not None and obj.part_of is not None else ()),
        }
        return not needed.isdisjoint(self._unknown)

    def _refusal(self, connection: Any, step: PlanStep, statement: str) -> str:
        if Hazard.NOT_IN_TRANSACTION in step.hazards:
            try:
                connection.cursor().execute(statement)
            except Exception as error:  # noqa: BLE001  (each driver has its own errors)
                return database_message(error)
            return ""
        refused = run_each(connection, [statement], self._tried.actual.dialect)
        return refused[0].message if refused else ""

    def _values(self, before: Snapshot) -> Mapping[tuple[Address, str], str]:
        """Read the number of rows and digests of the values that the plan keeps.

        A table that could not be created in the copy has none.
        """
        return self._read_values(
            {table: tuple(names) for table, names in self._kept().items()}, before
        )

    def _lost(
        self, before: Mapping[tuple[Address, str], str], schema: Snapshot
    ) -> tuple[Address, ...]:
        """Return the tables and columns whose rows or values are not as before."""
        kept = self._kept()
        moved = {self._renamed(table): tuple(names.values()) for table, names in kept.items()}
        after = self._read_values(moved, schema)
        return tuple(
            _column(table, name) if name else table
            for (table, name), digest in before.items()
            if after.get((self._renamed(table), kept[table][name] if name else "")) != digest
        )

    def _read_values(
        self, columns: Mapping[Address, Sequence[str]], schema: Snapshot
    ) -> Mapping[tuple[Address, str], str]:
        existing = {
            table: tuple(name for name in names if _column(table, name) in schema.objects)
            for table, names in columns.items()
            if table in schema.objects
        }
        catalog = catalog_for(self._tried.actual.dialect)
        with closing(self._database.connect_untrusted(self._shadow.url)) as connection:
            for statement in catalog.statements_to_see_rows(schema):
                connection.cursor().execute(statement)
            return catalog.value_digests(connection, existing)

    def _kept(self) -> dict[Address, dict[str, str]]:
        """Return the tables that the plan keeps, with the names of their columns before and after.

        Of a column whose values the plan changes to another form, or fills, only the rows count.
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
                if after is not None and part.address not in gone and _same_values(part, after):
                    kept[table][part.address.name] = moved.name
        return kept

    def _renamed(self, address: Address) -> Address:
        return self._tried.renamed.get(address, address)


def _column(table: Address, name: str) -> Address:
    return Address("column", table.schema, (*table.path, name))


def _same_values(before: SchemaObject, after: SchemaObject) -> bool:
    """Whether a column keeps its values as they are.

    A column of another type has them in another form. The server computes those of a generated
    column. A default fills a column that becomes NOT NULL.
    """
    if before.address.kind != "column" or before.attributes.get("type") != after.attributes["type"]:
        return False
    is_required = before.attributes["nullable"] and not after.attributes["nullable"]
    is_filled = is_required and after.attributes["default"] is not None
    return not (is_filled or before.attributes.get("generated") or after.attributes["generated"])
