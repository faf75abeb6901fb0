"""Proves a migration on shadow databases with and without the drift that it adopts.

Both kinds of databases exist: the live database and its copies have the drift, those of colleagues
and of CI do not. The upgrade has to lead both to the same schema, and the downgrade back to the
head.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import func, literal, select, table, union_all
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.connection import own_engine
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.row_filling import Unfilled, fill
from driftcheck.databases.version_table import VersionTable
from driftcheck.judging.adoption import Attempt
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import addresses_of, objects_of
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.replay import Destinations, RevisionFailure

_Key: TypeAlias = tuple[ChangeType, tuple[Address, ...]]
_SHOWN = 5
_NO_RIGHTS = "Only a role with more rights than that of a shadow database can run it"
_ROWS = 3


@dataclass(frozen=True)
class Population:
    """A kind of databases on which the migration has to run.

    Attributes:
        name: The databases in words: ``a database without the drift``.
        shadow_set: A shadow set with such a database.
    """

    name: str
    shadow_set: ShadowSet


@dataclass(frozen=True)
class Claim:
    """What is to be proved of a migration.

    Attributes:
        database_key: The database.
        tables: Its version tables.
        revision: The revision of the migration.
        heads: The heads of the history with the migration.
        former_heads: The heads without it.
        head: The schema at these.
        target: The schema after the migration; ``None`` if it is not known exactly.
        stamped: The schema at the revisions of the live database.
        adopted: The objects that the migration is about.
        is_partial: Whether the migration leaves some of the drift out.
        dropped: The tables that the upgrade or the downgrade drops, and those that have rows in
            them.
        is_trusted: Whether the migration contains no text of the live database, so that it may run
            with the rights of the project's own migrations.
    """

    database_key: DatabaseKey
    tables: Sequence[VersionTable]
    revision: str
    heads: Sequence[str]
    former_heads: Sequence[str]
    head: Snapshot
    target: Snapshot | None
    stamped: Snapshot
    adopted: Collection[Address]
    is_partial: bool
    dropped: Collection[Address]
    is_trusted: bool


@dataclass(frozen=True)
class Outcome:
    """The result of a proof.

    Attributes:
        attempts: Its parts.
        warnings: What holds only for some rows.
        suspects: The objects whose operations lead to another schema.
        is_refused: Whether the database refuses a statement, also without rows.
    """

    attempts: tuple[Attempt, ...]
    warnings: tuple[str, ...] = ()
    suspects: frozenset[Address] = frozenset()
    is_refused: bool = False

    @property
    def holds(self) -> bool:
        """Whether every part succeeded."""
        return all(attempt.succeeded for attempt in self.attempts)

    def named(self, database: str) -> Outcome:
        """Return the outcome with the name of the database in its attempts."""
        attempts = (replace(attempt, database=database) for attempt in self.attempts)
        return replace(self, attempts=tuple(attempts))


@dataclass(frozen=True)
class _Result:
    """The result of the proof on one database.

    Attributes:
        attempts: Its parts.
        upgraded: The schema after the upgrade; ``None`` if it failed.
        refusal: What failed, and the error; ``None`` if every revision ran.
        warnings: What limits the proof.
    """

    attempts: Sequence[Attempt]
    upgraded: Snapshot | None
    refusal: str | None = None
    warnings: tuple[str, ...] = ()


class Prover:
    """Runs a migration on copies of shadow databases, and compares what follows.

    Args:
        shadows: Creates the project's shadow databases.
        replays: Runs its migrations.
        claim: What is to be proved.
    """

    def __init__(self, shadows: Shadows, replays: Replays, claim: Claim) -> None:
        self._shadows = shadows
        self._replays = replays
        self._claim = claim
        self._suspects: set[Address] = set()
        self._left_out: frozenset[_Key] = frozenset()

    def prove(self, clean: Population, drifted: Population) -> Outcome:
        """Prove a migration.

        Args:
            clean: The databases without the drift, at the former heads.
            drifted: Those with the drift, at the revisions of the live database.
        """
        if self._claim.is_partial:
            key = self._claim.database_key
            live = self._replays.read(key, drifted.shadow_set.shadows[key])
            self._left_out = self._keys_of_other_drift(live)
        results = [self._on(population) for population in (clean, drifted)]
        attempts = [attempt for result in results for attempt in result.attempts]
        without, with_drift = (result.upgraded for result in results)
        if without is not None and with_drift is not None:
            left = self._left(without, with_drift)
            attempts.insert(0, _alike("both kinds of databases end with the same schema", left))
        warnings = tuple(warning for result in results for warning in result.warnings)
        refused = any(result.refusal is not None for result in results)
        return Outcome(tuple(attempts), warnings, frozenset(self._suspects), refused)

    def _on(self, population: Population) -> _Result:
        """Run the migration on one database with generated rows.

        A statement that rows refuse, such as SET NOT NULL, is no fault of the migration. Then it
        is run with one row in each table, which has no NULL and nothing twice, and then without.
        """
        refusal = ""
        for count in (_ROWS, 1, 0):
            run = _Run(self._shadows, self._replays, self._claim, population)
            try:
                result = self._run(run, count)
            finally:
                run.end()
            if result.refusal is None:
                break
            refusal = refusal or result.refusal
        if refusal and result.refusal is None:
            warning = f"Some rows refuse the migration: with generated rows, {refusal}"
            return replace(result, warnings=(warning, *result.warnings))
        return result

    def _run(self, run: _Run, count: int) -> _Result:
        """Upgrade, downgrade and upgrade one database again, up to the first failure."""
        claim, name = self._claim, run.population.name
        attempts: list[Attempt] = []
        unfilled = run.fill(count)
        before = run.rows()
        for doing, move in (
            (f"upgrade of {name}", run.upgrade),
            (f"downgrade of {name}", run.downgrade),
            (f"upgrade of {name} after the downgrade", run.upgrade),
        ):
            fault = move()
            if fault is not None:
                attempts.append(_failed(doing, fault))
                return _Result(attempts, run.upgraded, f"the {doing} fails: {fault.message}")
            wanted = claim.head if move == run.downgrade else claim.target
            end = "that of the head" if move == run.downgrade else "that of the live database"
            if wanted is not None:
                attempts.append(
                    _alike(f"{doing}: the schema is {end}", self._left(wanted, run.read()))
                )
            lost = _lost(before, run.rows())
            if lost:
                attempts.append(Attempt(f"{doing} keeps rows", succeeded=False, details=lost))
        if any(before.values()):
            attempts.append(Attempt(f"rows of {name} are kept", succeeded=True))
        reasons = dict.fromkeys(each.reason for each in unfilled if each.table.kind == "database")
        warnings = tuple(f"The proof is without rows: {reason}." for reason in reasons)
        return _Result(attempts, run.upgraded, warnings=warnings)

    def _left(self, wanted: Snapshot, actual: Snapshot) -> list[Change]:
        """Return the changes between two schemas that the migration has to explain."""
        found = self._compared(wanted, actual)
        left = [change for change in found if _key(change) not in self._left_out]
        self._suspects |= {obj.address for obj in objects_of(left)}
        return left

    def _keys_of_other_drift(self, live: Snapshot) -> frozenset[_Key]:
        """Return the changes of the drift that is left out, with all that follows from them.

        Args:
            live: The live schema before the upgrade.
        """
        claim = self._claim
        if claim.target is not None:
            others = self._compared(claim.target, live)
        else:
            others = [
                change
                for change in self._compared(claim.head, live)
                if not any(obj.address in claim.adopted for obj in objects_of([change]))
            ]
        unapplied = {*map(_key, self._compared(claim.head, claim.stamped))}
        return frozenset(map(_key, others)) - unapplied

    def _compared(self, wanted: Snapshot, actual: Snapshot) -> list[Change]:
        return compared(
            wanted,
            actual,
            partial(compare, same_lineage=False),
            catalog_for(self._claim.database_key.dialect),
            partial(self._shadows.maker, self._claim.database_key),
        ).changes


class _Run:
    """A migration that runs on a copy of a database.

    Attributes:
        population: The database.
        upgraded: The schema after the first upgrade; ``None`` if it failed.
    """

    def __init__(
        self, shadows: Shadows, replays: Replays, claim: Claim, population: Population
    ) -> None:
        self.population = population
        self.upgraded: Snapshot | None = None
        self._schema: Snapshot | None = None  # None if it is not known
        self._claim = claim
        self._replays = replays
        self._copies = shadows.copies(
            population.shadow_set, "proof", restricted=not claim.is_trusted
        )
        for database_key in population.shadow_set.shadows:
            shadows.shadow(self._copies, database_key)

    @property
    def _url(self) -> URL:
        return self._copies.shadows[self._claim.database_key].url

    def upgrade(self) -> RevisionFailure | None:
        """Upgrade to the heads with the migration."""
        self._schema = None
        replay = self._replays.new(self._copies)
        replay.upgrade(self._at(self._claim.heads))
        if replay.fault is None and self.upgraded is None:
            self.upgraded = self.read()
        return replay.fault

    def downgrade(self) -> RevisionFailure | None:
        """Undo the migration."""
        self._schema = None
        replay = self._replays.new(self._copies)
        replay.undo(self._at([self._claim.revision]))
        return replay.fault

    def read(self) -> Snapshot:
        """Return the schema, which is read once after each move."""
        if self._schema is None:
            key = self._claim.database_key
            self._schema = self._replays.read(key, self._copies.shadows[key])
        return self._schema

    def fill(self, count: int) -> list[Unfilled]:
        """Insert a number of rows into each table, and return the tables that remain empty."""
        return fill(self._url, self._claim.tables, count) if count else []

    def rows(self) -> dict[Address, int]:
        """Count the rows of each table that the migration neither creates nor drops."""
        schema = self.read()
        tables = [a for a in schema.objects if a.kind == "table" and a not in self._claim.dropped]
        with own_engine(self._url).connect() as connection:
            for statement in catalog_for(schema.dialect).statements_to_see_rows(schema):
                connection.exec_driver_sql(statement)
            return _counted(connection, tables, catalog_for(schema.dialect).own_rows_hint)

    def end(self) -> None:
        """Drop the copy."""
        self._copies.begin_again()

    def _at(self, revisions: Sequence[str]) -> Destinations:
        key = self._claim.database_key
        return {(key, each): tuple(revisions) for each in self._claim.tables}


def _key(change: Change) -> _Key:
    return change.type, addresses_of(change)


def _alike(description: str, left: Sequence[Change]) -> Attempt:
    return Attempt(description, succeeded=not left, details=_listed(left))


def _counted(connection: Connection, tables: Sequence[Address], hint: str) -> dict[Address, int]:
    """Count the rows of tables in one statement; without those that cannot be read, in several.

    Each row counts for the table that it is in, and not for those that this table inherits from: a
    migration may have it inherit from others.
    """
    if not tables:
        return {}
    statement = union_all(*(_count(each, number, hint) for number, each in enumerate(tables)))
    try:
        with connection.begin_nested():
            return {tables[number]: count for number, count in connection.execute(statement)}
    except DBAPIError:
        middle = len(tables) // 2
        halves = (tables[:middle], tables[middle:]) if middle else ()
        return {each: n for half in halves for each, n in _counted(connection, half, hint).items()}


def _count(address: Address, number: int, hint: str) -> Any:
    """Return the query for the rows of a table, with a number that says which table it is."""
    rows = table(address.name, schema=address.schema or None)
    query = select(literal(number), func.count()).select_from(rows)
    return query.with_hint(rows, hint) if hint else query


def _lost(before: Mapping[Address, int], after: Mapping[Address, int]) -> str:
    """Return the tables that have fewer rows than before."""
    lost = (each.sql for each, count in before.items() if after.get(each, count) < count)
    return ", ".join(sorted(lost))


def _listed(changes: Iterable[Change]) -> str:
    lines = [
        f"{change.type}: {' and '.join(str(address) for address in addresses_of(change))}"
        for change in changes
    ]
    more = len(lines) - _SHOWN
    return "\n".join([*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _failed(doing: str, fault: RevisionFailure) -> Attempt:
    """Return the attempt that ended with an error: no proof is possible without the rights."""
    if lacks_rights(fault.message):
        return Attempt(doing, succeeded=None, details=f"{_NO_RIGHTS}: {_told(fault)}")
    return Attempt(doing, succeeded=False, details=_told(fault))


def _told(fault: RevisionFailure) -> str:
    where = fault.where
    line = f", line {where.line}" if where.line else ""
    return "\n".join(filter(None, (f"{fault.message} ({where.file}{line})", fault.statement)))
