"""Runs the plan of a repair on the live database, and makes sure of the result.

Where the server can roll back changes of a schema, all statements that allow it run in one
transaction. It begins with the locks that keep migrations away and with a check that the plan still
fits, and it is committed only if the schema is then as planned. Other statements run one by one,
and the schema is checked after each.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from sqlalchemy.engine import URL

from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.actions.repair.privileges import require_privileges
from driftcheck.databases.plan import Hazard, PlanStep
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import database_for
from driftcheck.databases.repair_session import RepairLimits, RepairSession
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import (
    CatalogError,
    ConnectionFailedError,
    DriftcheckError,
    LockUnavailableError,
    OutcomeUnknownError,
    RepairError,
)
from driftcheck.judging.repair_outcome import RepairOutcome
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.process.interrupt import interruption
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.live import Live, read_live

TRIES = 5
"""How often a transaction is tried if another session holds a lock."""
_FIRST_WAIT_SECONDS = 0.5
_NAMED = 10
"""How many objects a message names."""
_UNCHANGED = "Nothing was changed in the live database."
_COMMIT_IN_DOUBT = "It is not known whether the repair was committed."
_STATEMENT_IN_DOUBT = "It is not known whether the last statement has an effect."
_PART_IN_DOUBT = "The last statement may have left a part of its work, such as an invalid index."
_AGAIN = "Run the command again: it plans from what the database has then."

_T = TypeVar("_T")


def run_plan(plan: RepairPlan, limits: RepairLimits, progress: Progress) -> RepairOutcome:
    """Run a plan on its live database.

    Args:
        plan: The plan. It must be proved.
        limits: The time limits.
        progress: Called with a short description of each step.

    Raises:
        RepairError: The plan was not run to its end. The hint says what was changed.
        ConnectionFailedError: The database cannot be reached, or the connection was lost.
        CatalogError: The database cannot be read.
    """
    database = database_for(plan.url.get_backend_name())
    run = _Run(plan, progress)
    with run.errors_completed(), closing(database.open_for_repair(plan.url, limits)) as session:
        run.all(session)
    together = len(plan.plan.transaction) if database.has_transactional_ddl else 0
    return RepairOutcome(plan.name, plan.location, together, len(plan.plan.steps) - together)


def read_for_repair(url: URL, version_tables: Iterable[VersionTable], scope: Scope) -> Live:
    """Read a live database that a plan will be run on; see ``read_live``.

    A repair of SQLite that was killed at its commit is undone first. Nothing could be read before.
    """
    database_for(url.get_backend_name()).undo_unfinished(url)
    return read_live(url, version_tables, scope)


class _Run:
    """One run of a plan.

    Args:
        plan: The plan.
        progress: Called with a short description of each step.
    """

    def __init__(self, plan: RepairPlan, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._database = database_for(plan.url.get_backend_name())
        self._done = 0
        self._doubt = ""
        self._session: RepairSession

    @contextmanager
    def errors_completed(self) -> Iterator[None]:
        """Complete errors with what the run has changed. The message after a signal says it too."""
        self._note()
        try:
            yield
            interruption.about_live = ""
        except DriftcheckError as error:
            interruption.about_live = ""
            again = _AGAIN if self._done or self._doubt else ""
            error.hint = " ".join(filter(None, (*self._changed(), again, error.hint)))
            raise

    def _changed(self) -> list[str]:
        """Sentences that say what the run has changed until now."""
        total = len(self._plan.plan.steps)
        done = f"{self._done} of {total} statements are done and committed." if self._done else ""
        return [*filter(None, (done, self._doubt))] or [_UNCHANGED]

    def _note(self) -> None:
        interruption.about_live = " ".join(self._changed()).removesuffix(".")

    def _is_doubtful(self, doubt: str) -> None:
        """Note that the effect of what follows is not known until it has ended; empty: it has."""
        self._doubt = doubt
        self._note()

    def all(self, session: RepairSession) -> None:
        """Run all steps.

        Args:
            session: A new session on the live database.
        """
        self._session = session
        session.lock()
        plan = self._plan.plan
        if not self._database.has_transactional_ddl:
            before = self._with_tries(self._read_unchanged)
            self._one_by_one(plan.steps, self._plan.left(before))
            return
        if plan.transaction:
            self._with_tries(self._in_transaction)
        elif plan.separate:
            self._with_tries(self._read_unchanged)
        if plan.separate:
            session.lock()  # after a lost connection, the session is another one
            self._one_by_one(plan.separate, ())

    def _in_transaction(self) -> None:
        """Run the steps of the transaction, and commit if the schema is then as planned."""
        session, plan = self._session, self._plan
        try:
            session.begin(self._version_tables().values())
            self._require_unchanged()
            for number, step in enumerate(plan.plan.transaction, start=1):
                self._show(number, step)
                session.execute(step.statement)
            self._require_repaired(self._read(), plan.plan.separate)
            require_privileges(plan, session.connection)
            self._is_doubtful(_COMMIT_IN_DOUBT)
            session.commit()
            self._done = len(plan.plan.transaction)
            self._is_doubtful("")
        except OutcomeUnknownError:
            raise
        except RepairError as error:
            session.rollback()
            self._is_doubtful("")
            if not isinstance(error, LockUnavailableError):
                self._require_still_unchanged(error)
            raise
        except BaseException:
            session.rollback()
            raise

    def _one_by_one(self, steps: Sequence[PlanStep], known: Collection[Address]) -> None:
        """Run steps that are committed one by one, and check the schema before and after each.

        Args:
            steps: The steps.
            known: The objects that differ from the planned schema before the first step, besides
                those of the steps.
        """
        for number in range(len(steps)):
            self._with_tries(partial(self._separately, steps[number:], known))
            self._done += 1
            self._is_doubtful("")
        self._require_repaired(self._with_tries(self._read_now))

    def _separately(self, waiting: Sequence[PlanStep], known: Collection[Address]) -> None:
        """Run a step by itself, if the schema is as planned. If it fails, remove what it leaves.

        Args:
            waiting: The steps that have not run yet. The first of them is run.
            known: See ``_one_by_one``.

        Raises:
            LockUnavailableError: It needs a lock that another session holds, and has left nothing.
            RepairError: It failed.
        """
        step = waiting[0]
        self._require_repaired(self._read_now(), waiting, known)
        self._show(len(self._plan.plan.steps) - len(waiting) + 1, step)
        in_transaction = Hazard.NOT_IN_TRANSACTION not in step.hazards
        self._is_doubtful(_STATEMENT_IN_DOUBT if in_transaction else _PART_IN_DOUBT)
        try:
            self._session.execute_separately(step.statement, in_transaction=in_transaction)
        except RepairError as error:
            if not in_transaction and not self._is_cleaned_up(step):
                raise RepairError(error.message, details=error.details, hint=error.hint) from error
            self._is_doubtful("")
            raise

    def _is_cleaned_up(self, step: PlanStep) -> bool:
        """Remove the invalid index that a step has left. Return whether nothing is left."""
        if not step.cleanup:
            return False
        try:
            self._with_tries(partial(self._clean_up, step))
        except (RepairError, CatalogError):
            return False
        return True

    def _clean_up(self, step: PlanStep) -> None:
        with self._reading():
            index = self._read().objects.get(_index_of(step))
        if index is not None and not index.attributes["valid"]:  # a valid one is not from this step
            self._session.execute_separately(step.cleanup, in_transaction=False)

    def _with_tries(self, work: Callable[[], _T]) -> _T:
        """Do work that another session may hinder, a limited number of times."""
        for number in range(1, TRIES + 1):
            try:
                return work()
            except (LockUnavailableError, CatalogError) as error:
                if number == TRIES:
                    raise self._given_up(error) from error
            self._progress(Step("waiting for other sessions", "try", number + 1, TRIES))
            wait = _FIRST_WAIT_SECONDS * 2 ** (number - 1)
            time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311  (not a secret)
        raise AssertionError

    def _given_up(self, error: DriftcheckError) -> DriftcheckError:
        if not isinstance(error, LockUnavailableError):
            return error
        holders = self._session.holders(self._lockable())
        return LockUnavailableError(
            f"a lock was not available in {TRIES} tries: {error.message}",
            details="\n".join((error.details, *holders)),
            hint="Run the command again when the other sessions have ended their transactions, or "
            "wait longer with --lock-timeout SECONDS.",
        )

    def _lockable(self) -> set[Address]:
        """The version tables, and the objects of the plan with those that they are a part of."""
        known = {**self._plan.wanted.objects, **self._plan.live.objects}
        found = set(self._version_tables().values())
        for step in self._plan.plan.steps:
            address: Address | None = step.address
            while address is not None:
                found.add(address)
                address = known[address].part_of if address in known else None
        return {address for address in found if _is_relation(address)}

    def _version_tables(self) -> dict[str, Address]:
        """The addresses of the version tables, by a text for messages."""
        default = self._session.default_schema or self._plan.live.default_schema
        schema = replace(self._plan.live, default_schema=default)
        addresses = [table.address(schema) for table in self._plan.stamped]
        return {address.sql: address for address in addresses}

    def _require_unchanged(self) -> Snapshot:
        """Require that the database is as it was when the plan was made.

        Returns:
            Its schema.

        Raises:
            RepairError: It is not.
        """
        self._require_same_revisions()
        now = self._read()
        if not self._plan.is_unchanged(now):
            before = self._plan.live.objects
            changed = {a for a, obj in now.objects.items() if before.get(a) != obj}
            changed |= before.keys() - now.objects.keys()
            raise RepairError(
                f"the schema of {self._plan.location} was changed after the plan was made: "
                f"{_named(changed)}",
                hint="Run the command again: it makes a new plan.",
            )
        return now

    def _require_same_revisions(self) -> None:
        for (text, address), planned in zip(
            self._version_tables().items(), self._plan.stamped.values(), strict=True
        ):
            found = self._database.read_revisions(self._session.connection, address)
            if found != planned:
                now = f"is now at {', '.join(found)}" if found else "has no revision now"
                raise RepairError(
                    f"a migration has run after the plan was made: the version table {text} {now}",
                    hint="Run the command again: it makes a new plan.",
                )

    def _require_still_unchanged(self, cause: RepairError) -> None:
        """Find out whether a change that another session has made is the cause of an error."""
        try:
            self._read_unchanged()
        except (LockUnavailableError, CatalogError, ConnectionFailedError):
            return  # it cannot be found out
        except RepairError as error:
            raise error from cause

    def _read_unchanged(self) -> Snapshot:
        """Read the schema in a transaction of its own, and require that it is unchanged."""
        with self._reading():
            return self._require_unchanged()

    def _read_now(self) -> Snapshot:
        """Read the schema in a transaction of its own, and require the planned revisions."""
        with self._reading():
            self._require_same_revisions()
            return self._read()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A transaction that is rolled back."""
        self._session.begin(())
        try:
            yield
        finally:
            self._session.rollback()

    def _read(self) -> Snapshot:
        return self._plan.reader.read(self._session.connection)

    def _require_repaired(
        self,
        now: Snapshot,
        waiting: Iterable[PlanStep] = (),
        known: Collection[Address] = frozenset(),
    ) -> None:
        """Require that the planned drift is gone and that nothing else has changed.

        Args:
            now: The schema.
            waiting: The steps that have not run yet.
            known: Other objects that may differ.

        Raises:
            RepairError: Something differs from the planned schema.
        """
        deferred = {address for step in waiting for address in (step.address, _index_of(step))}
        left = self._plan.left(now, deferred | {*known} if deferred else ())
        if left:
            raise RepairError(
                f"the schema is not as planned: {_named(left)}",
                hint="Another session may have changed it. If it is the same the next time, "
                "report it.",
            )

    def _show(self, number: int, step: PlanStep) -> None:
        total = len(self._plan.plan.steps)
        self._progress(Step("repairing", "statement", number, total, str(step.address)))


def _index_of(step: PlanStep) -> Address:
    """The index that a step builds: that of its object, or of the key with this name."""
    return step.address._replace(kind="index", path=step.address.path[-1:])


def _is_relation(address: Address) -> bool:
    """Whether an object may be a table, an index or a view, by the form of its name."""
    return len(address.path) == 1 and address.arguments is None and bool(address.schema)


def _named(addresses: Collection[Address]) -> str:
    """Return a text that names the first objects."""
    several = sorted(addresses)
    more = len(several) - _NAMED
    text = ", ".join(map(str, several[:_NAMED]))
    return f"{text} and {more} more" if more > 0 else text
