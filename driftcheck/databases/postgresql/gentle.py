"""Replaces statements of a plan that hold a lock for a long time by ones that do not.

An index is built concurrently, and a constraint is added without a check of the rows and validated
later. Both run separately, after the transaction of the plan. New tables and empty ones get their
indexes and constraints in the transaction. Whether the result is right decides the trial of the
plan, so a case that is not recognized here costs nothing but a lock.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from driftcheck.databases.plan import Hazard, Plan, PlanStep
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot

_MANY = 100_000
"""From this number of rows on, NOT NULL is proved by a check constraint before it is set."""

_CREATE_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX (?=.* ON (?!ONLY ))", re.DOTALL)
_KEY = re.compile(
    r"""(?P<table>ALTER\ TABLE\ (?P<on>.*))\ ADD\ CONSTRAINT\ (?P<name>.*?)
    \ (?P<kind>UNIQUE|PRIMARY\ KEY)(?P<nulls>\ NULLS\ NOT\ DISTINCT)?
    \ (?P<columns>\([^()]*\)(\ INCLUDE\ \([^()]*\))?)
    (?P<rest>(\ DEFERRABLE)?(\ INITIALLY\ DEFERRED)?)""",
    re.DOTALL | re.VERBOSE,
)
_CONSTRAINT = re.compile(
    r"(ALTER TABLE .*) ADD CONSTRAINT .*(?<! NOT VALID)(?<! NOT ENFORCED)", re.DOTALL
)
_NOT_NULL = re.compile(r"(ALTER TABLE .*) ALTER COLUMN (.*) SET NOT NULL", re.DOTALL)
_NEW = re.compile(r"CREATE (UNLOGGED )?(TABLE|MATERIALIZED VIEW) ")
_OUTSIDE = frozenset((Hazard.NOT_IN_TRANSACTION, Hazard.SCAN))

Estimates = Mapping[Address, int | None]


def gentle(plan: Plan, actual: Snapshot, wanted: Snapshot, estimates: Estimates) -> Plan:
    """Return a plan that leads to the same schema and blocks other sessions for a shorter time.

    Args:
        plan: The plan.
        actual: The schema before the plan.
        wanted: The schema after it, with the dependencies between its objects.
        estimates: The number of rows of each table; ``None`` if it is not known.
    """
    splitter = _Splitter(plan, actual, wanted, estimates)
    together: list[PlanStep] = []
    separate: list[PlanStep] = []
    for step in plan.steps:
        here, later = splitter.split(step)
        together += here
        separate += (replace(each, is_separate=True) for each in later)
    return replace(plan, steps=(*together, *separate))


_Split = tuple[list[PlanStep], list[PlanStep]]
"""The steps in place of one step: those in the transaction, and those after it."""


class _Splitter:
    """Decides for each step of a plan what runs in the transaction, and what later."""

    def __init__(
        self, plan: Plan, actual: Snapshot, wanted: Snapshot, estimates: Estimates
    ) -> None:
        self._plan = plan
        self._actual = actual
        self._wanted = wanted
        self._estimates = estimates
        self._addresses = {step.address for step in plan.steps}
        self._new = {step.address for step in plan.steps if _NEW.match(step.statement)}
        self._deferred: set[Address] = set()

    def split(self, step: PlanStep) -> _Split:
        """Split a step. The steps about one object stay in their order."""
        if Hazard.NOT_IN_TRANSACTION in step.hazards:
            return [], [step]
        here, later = self._of_kind(step) or ([step], [])
        if step.address in self._deferred:
            return [], [*here, *later]
        if not here:
            self._deferred.add(step.address)
        return here, later

    def _of_kind(self, step: PlanStep) -> _Split | None:
        """Split a step as its kind allows; ``None`` if it runs in the transaction as it is."""
        wanted = self._wanted.objects.get(step.address)
        obj = wanted or self._actual.objects.get(step.address)
        if obj is None or obj.part_of is None or obj.inherited_from is not None:
            return None
        if not self._is_in_use(obj.part_of):
            return None
        split = {
            "index": self._index,
            "unique constraint": self._key,
            "primary key": self._key,
            "check constraint": _constraint,
            "foreign key": _constraint,
            "column": self._not_null,
        }.get(step.address.kind)
        return None if split is None else split(step, obj)

    def _is_in_use(self, table: Address) -> bool:
        """Whether a table exists before and after the plan, has rows, and is not partitioned."""
        obj = self._wanted.objects.get(table)
        if obj is None or obj.attributes.get("partition_by") or table in self._new:
            return False
        return self._estimates.get(table) != 0

    def _is_needed(self, obj: SchemaObject) -> bool:
        """Whether another object that the plan creates needs a key or an index."""
        others = self._addresses - {obj.address}
        needed = self._wanted.dependencies
        return any(obj.address in needed.get(other, ()) for other in others)

    def _index(self, step: PlanStep, obj: SchemaObject) -> _Split | None:
        """Build or drop an index concurrently."""
        name = obj.address.sql
        is_alone = self._addresses.isdisjoint(obj.stands_on) and all(
            other == obj.address or other.name != obj.address.name for other in self._addresses
        )
        if step.statement == f"DROP INDEX {name}" and is_alone:
            statement = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
            hazards = _OUTSIDE - {Hazard.SCAN}
            return [], [replace(step, statement=statement, hazards=hazards, cleanup=statement)]
        if step.statement == f"REINDEX INDEX {name}":
            return [], [
                replace(step, statement=f"REINDEX INDEX CONCURRENTLY {name}", hazards=_OUTSIDE)
            ]
        created = _CREATE_INDEX.match(step.statement)
        if created is None or self._is_needed(obj) or obj.attributes["replica_identity"]:
            return None
        statement = f"{created[0]}CONCURRENTLY {step.statement[created.end() :]}"
        cleanup = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
        return [], [replace(step, statement=statement, hazards=_OUTSIDE, cleanup=cleanup)]

    def _key(self, step: PlanStep, obj: SchemaObject) -> _Split | None:
        """Build the index of a key concurrently, and then make it the key."""
        key = _KEY.fullmatch(step.statement)
        if key is None or self._is_needed(obj) or obj.attributes["replica_identity"]:
            return None
        if key["kind"] == "PRIMARY KEY" and not self._is_not_null(obj):
            return None
        index = Address("", obj.address.schema, obj.address.path[-1:]).sql
        create = (
            f"CREATE UNIQUE INDEX CONCURRENTLY {key['name']} ON {key['on']} "
            f"{key['columns']}{key['nulls'] or ''}"
        )
        using = (
            f"{key['table']} ADD CONSTRAINT {key['name']} {key['kind']} USING INDEX {key['name']}"
            f"{key['rest']}"
        )
        cleanup = f"DROP INDEX CONCURRENTLY IF EXISTS {index}"
        built = replace(step, statement=create, hazards=_OUTSIDE, cleanup=cleanup)
        return [], [built, replace(step, statement=using)]

    def _is_not_null(self, key: SchemaObject) -> bool:
        """Whether the columns of a key were NOT NULL before the plan."""
        columns = [self._actual.objects.get(address) for address in key.stands_on]
        return bool(columns) and all(
            column is not None and not column.attributes["nullable"] for column in columns
        )

    def _not_null(self, step: PlanStep, column: SchemaObject) -> _Split | None:
        """Prove by a check constraint that a column of a large table has no NULL."""
        match = _NOT_NULL.fullmatch(step.statement)
        table = column.part_of
        rows = self._estimates.get(table) if table is not None else None
        if match is None or table is None or rows is None or rows < _MANY:
            return None
        name = f"{column.address.name}_is_not_null"
        check = Address("check constraint", table.schema, (*table.path, name))
        if check in self._actual.objects or self._is_needed(column):
            return None
        altered, quoted = match[1], quote_identifier(name)
        added = f"{altered} ADD CONSTRAINT {quoted} CHECK ({match[2]} IS NOT NULL) NOT VALID"
        steps = (
            (f"{altered} VALIDATE CONSTRAINT {quoted}", check, frozenset((Hazard.SCAN,))),
            (step.statement, step.address, frozenset((Hazard.LOCK,))),
            (f"{altered} DROP CONSTRAINT {quoted}", check, frozenset((Hazard.LOCK,))),
        )
        return [PlanStep(added, check, step.finding, frozenset((Hazard.LOCK,)))], [
            PlanStep(statement, address, step.finding, hazards)
            for statement, address, hazards in steps
        ]


def _constraint(step: PlanStep, obj: SchemaObject) -> _Split | None:
    """Add a constraint for new rows, and check the existing rows later."""
    name = quote_identifier(obj.address.name)
    if step.statement.endswith(f" VALIDATE CONSTRAINT {name}"):
        return [], [replace(step, hazards=frozenset((Hazard.SCAN,)))]
    match = _CONSTRAINT.fullmatch(step.statement)
    if match is None:
        return None
    validate = f"{match[1]} VALIDATE CONSTRAINT {name}"
    lax = replace(step, statement=f"{step.statement} NOT VALID")
    return [lax], [replace(step, statement=validate, hazards=frozenset((Hazard.SCAN,)))]
