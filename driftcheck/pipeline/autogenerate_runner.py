"""Where operations are tried: a shadow of the head, and one with the drift made again on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property

from driftcheck.chain import Gap
from driftcheck.databases.catalog import CannotBeWritten, Catalog
from driftcheck.databases.location import Place
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, addresses_of
from driftcheck.pipeline.change_plan import redo
from driftcheck.pipeline.histories import head_shadows, stamp
from driftcheck.pipeline.remedies import Operations
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import Stage
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.autogenerate import Operation, autogenerate, run_operations
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.live import reading
from driftcheck.sources.reading import read_shadow, run_statements


class Bench:
    """Runs autogenerate where it can do no harm.

    Args:
        session: The session.
        history: The history; its head is had as shadows once something is to be tried.
    """

    def __init__(self, session: Session, history: History) -> None:
        self._session = session
        self._history = history
        self._drifts: dict[Place, Stage] = {}

    @cached_property
    def _head(self) -> Stage:
        return head_shadows(self._session, self._history)

    def operations(
        self,
        place: Place,
        judged: Sequence[Judged],
        catalog: Catalog,
        default_schema: str,
        pending_in: Callable[[Snapshot], Sequence[Change]],
    ) -> Operations:
        """Ask autogenerate what it would write, with the drift and without.

        Args:
            place: The database.
            judged: What was found of it.
            catalog: Writes changes as DDL.
            default_schema: Where a name without a schema is created.
            pending_in: Says what a schema lacks of the models.
        """
        tables = set(_tables_of(judged, default_schema))
        if not tables and not any(one.changes.get(Gap.PENDING) for one in judged):
            return Operations()
        self._session.progress("running autogenerate")
        on_head = self._autogenerate(self._head, place, tables)
        errors, left = self._tried(place, on_head, pending_in)
        drifted, on_live = self.drifted(place, judged, catalog), on_head
        if drifted is not self._head:
            on_live = self._autogenerate(drifted, place, tables)
        return Operations(on_head, on_live, errors, left, ran=True)

    def _tried(
        self,
        place: Place,
        operations: Sequence[Operation],
        pending_in: Callable[[Snapshot], Sequence[Change]],
    ) -> tuple[dict[str, str], Sequence[Change]]:
        """Run what ``migrate`` would write on a copy of the head: what fails, and what is left."""
        session = self._session
        shadow = session.shadows.copies(self._head, "migrated").shadow_of(session.target(place))
        try:
            errors = run_operations(operations, shadow.url)
            tables = version_tables(session.environment)[place]
            return errors, pending_in(read_shadow(shadow.url, tables, session.scope))
        finally:
            shadow.drop()

    def drifted(self, place: Place, judged: Sequence[Judged], catalog: Catalog) -> Stage:
        """Shadows at the head as live would be there: what ``migrate`` would look at."""
        if place not in self._drifts:
            drifts = [change for one in judged for change in one.changes.get(Gap.DRIFT, ())]
            drifted = self._with(place, drifts, catalog) if drifts else self._head
            self._drifts[place] = drifted
        return self._drifts[place]

    def _with(self, place: Place, drifts: Sequence[Change], catalog: Catalog) -> Stage:
        """Shadows at the head with the drift made again.

        Where the drift cannot be written as DDL, live's whole schema is copied; migrations that
        have not run on live are then missing from it.
        """
        session, plan = self._session, redo(drifts, catalog)
        if plan.manual_steps:
            copied = Stage("drifted", session.shadows.make)
            with reading(session.live_url(place)) as live, suppress(CannotBeWritten):
                statements = catalog.schema_statements(live)
                run_statements(copied.shadow_of(session.target(place)).url, statements)
                stamp(session, copied, session.environment.heads)
                return copied
        drifted = session.shadows.copies(self._head, "drifted")
        run_statements(drifted.shadow_of(session.target(place)).url, plan.statements)
        return drifted

    def colleague_error(self, place: Place, operation: Operation) -> str | None:
        """What the database of a colleague, who has no drift, answers to an operation."""
        colleague = self._session.shadows.copies(self._head, "colleague")
        shadow = colleague.shadow_of(self._session.target(place))
        try:
            return operation.error_on(shadow.url)
        finally:
            shadow.drop()

    def _autogenerate(
        self, stage: Stage, place: Place, tables: set[tuple[str | None, str]]
    ) -> list[Operation]:
        session = self._session
        return autogenerate(session.project, session.redirect, stage, tables).get(place, [])


def _tables_of(judged: Iterable[Judged], default_schema: str) -> Iterator[tuple[str | None, str]]:
    """The tables that the findings of drift and of pending changes are about."""
    for one in judged:
        for gap in (Gap.PENDING, Gap.DRIFT):
            for change in one.changes.get(gap, ()):
                for address in _wholes(change):
                    schema = None if address.schema == default_schema else address.schema
                    yield schema, address.path[0]


def _wholes(change: Change) -> Iterator[Address]:
    for thing in (change.wanted, change.actual):
        if thing is not None and thing.part_of is not None:
            yield thing.part_of
    yield from (address for address in addresses_of(change) if address.kind == "table")
