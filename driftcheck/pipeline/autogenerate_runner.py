"""Where operations are tried: a shadow of the head, and one with the drift made again on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property

from driftcheck.chain import Gap
from driftcheck.databases.catalog import CannotBeWritten, Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN
from driftcheck.errors import CannotCheckError, ProjectError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, addresses_of
from driftcheck.pipeline.change_plan import redo
from driftcheck.pipeline.histories import head_shadows, replayed_heads, stamp
from driftcheck.pipeline.remedies import ColleagueError, Operations
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.autogenerate import Operation, autogenerate, run_operations
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.live import reading
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import run_untrusted


class NotTriedError(CannotCheckError):
    """What comes from the live database cannot be run where the shadows are."""


class AutogenerateRunner:
    """Runs autogenerate where it can do no harm.

    Args:
        session: The session.
        history: The history; its head is had as shadows once something is to be tried.
    """

    def __init__(self, session: Session, history: History) -> None:
        self._session = session
        self._history = history
        self._drifts: dict[DatabaseKey, ShadowSet] = {}

    @cached_property
    def _head(self) -> ShadowSet:
        return head_shadows(self._session, self._history)

    def operations(
        self,
        database_key: DatabaseKey,
        judged: Sequence[Judged],
        catalog: Catalog,
        default_schema: str,
        pending_in: Callable[[Snapshot], Sequence[Change]],
    ) -> Operations:
        """Ask autogenerate what it would write, with the drift and without.

        Args:
            database_key: The database.
            judged: What was found of it.
            catalog: Writes changes as DDL.
            default_schema: Where a name without a schema is created.
            pending_in: Says what a schema lacks of the models.
        """
        tables = set(_tables_of(judged, default_schema))
        if not tables and not any(one.changes.get(Gap.PENDING) for one in judged):
            return Operations()
        self._session.progress("running autogenerate")
        on_head, errors, left = self._on_head(database_key, tables, pending_in)
        try:
            drifted = self.drifted(database_key, judged, catalog)
            on_live = on_head
            if drifted is not self._head:
                on_live = self._autogenerate(drifted, database_key, tables)
        except NotTriedError as reason:
            return Operations(on_head, on_head, errors, left, ran=True, not_tried=reason.message)
        except ProjectError as error:
            reason_ = f"env.py does not run as a role without rights: {error.message}"
            return Operations(on_head, on_head, errors, left, ran=True, not_tried=reason_)
        return Operations(on_head, on_live, errors, left, ran=True)

    def _on_head(
        self,
        database_key: DatabaseKey,
        tables: set[tuple[str | None, str]],
        pending_in: Callable[[Snapshot], Sequence[Change]],
    ) -> tuple[Sequence[Operation], dict[str, str], Sequence[Change]]:
        """What ``migrate`` would write without the drift, what of it fails, and what is left.

        Where a right was missing on a head that was built from the cache, it is replayed instead.
        """
        try:
            on_head = self._autogenerate(self._head, database_key, tables)
            errors, left = self._tried(database_key, on_head, pending_in)
        except ProjectError:
            if not _is_restricted(self._head):
                raise
        else:
            if not (_is_restricted(self._head) and any(map(lacks_rights, errors.values()))):
                return on_head, errors, left
        if self._session.settings.base_snapshot is None or self._session.settings.bootstrap:
            self._head = replayed_heads(self._session)
        on_head = self._autogenerate(self._head, database_key, tables)
        errors, left = self._tried(database_key, on_head, pending_in)
        if _is_restricted(self._head):
            errors = {text: _without_rights(error) for text, error in errors.items()}
        return on_head, errors, left

    def _tried(
        self,
        database_key: DatabaseKey,
        operations: Sequence[Operation],
        pending_in: Callable[[Snapshot], Sequence[Change]],
    ) -> tuple[dict[str, str], Sequence[Change]]:
        """Run what ``migrate`` would write on a copy of the head: what fails, and what is left."""
        session = self._session
        shadow = session.shadows.copies(self._head, "migrated").shadow_of(
            session.target(database_key)
        )
        try:
            errors = run_operations(operations, shadow.url)
            tables = version_tables(session.environment)[database_key]
            return errors, pending_in(read_restricted(shadow, session.scope, tables))
        finally:
            shadow.drop()

    def drifted(
        self, database_key: DatabaseKey, judged: Sequence[Judged], catalog: Catalog
    ) -> ShadowSet:
        """Shadows at the head as live would be there: what ``migrate`` would look at.

        Raises:
            NotTriedError: There is drift, and it cannot be made again where the shadows are.
        """
        if database_key not in self._drifts:
            drifts = [change for one in judged for change in one.changes.get(Gap.DRIFT, ())]
            if drifts and not self._session.maker(database_key).runs_untrusted_ddl:
                raise NotTriedError(UNTRUSTED_NOT_RUN)
            drifted = self._with(database_key, drifts, catalog) if drifts else self._head
            self._drifts[database_key] = drifted
        return self._drifts[database_key]

    def _with(
        self, database_key: DatabaseKey, drifts: Sequence[Change], catalog: Catalog
    ) -> ShadowSet:
        """Shadows at the head with the drift made again, by a role without rights.

        Where the drift cannot be written as DDL, live's whole schema is copied; migrations that
        have not run on live are then missing from it.
        """
        session, plan = self._session, redo(drifts, catalog)
        if plan.manual_steps:
            copied = ShadowSet("drifted", session.shadows.make_restricted)
            with reading(session.live_url(database_key)) as live, suppress(CannotBeWritten):
                statements = catalog.schema_statements(live)
                run_untrusted(copied.shadow_of(session.target(database_key)), statements)
                stamp(session, copied, session.environment.heads)
                return copied
        drifted = session.shadows.copies(self._head, "drifted", restricted=True)
        shadow = drifted.shadow_of(session.target(database_key))
        if not _is_restricted(self._head):  # else the cache's functions are there already
            shadow.install(_extensions_of(drifts))
        run_untrusted(shadow, plan.statements)
        return drifted

    def colleague_error(self, database_key: DatabaseKey, operation: Operation) -> ColleagueError:
        """What the database of a colleague, who has no drift, answers to an operation.

        Autogenerate wrote it with the drift in view, so live's own text may be in it.
        """
        colleague = self._session.shadows.copies(self._head, "colleague", restricted=True)
        shadow = colleague.shadow_of(self._session.target(database_key))
        try:
            error = operation.error_on(shadow.url)
        finally:
            shadow.drop()
        if error is not None and shadow.role and lacks_rights(error):
            return ColleagueError(
                not_tried="the operation needs rights that a shadow does not give"
            )
        return ColleagueError(error)

    def _autogenerate(
        self, shadow_set: ShadowSet, database_key: DatabaseKey, tables: set[tuple[str | None, str]]
    ) -> list[Operation]:
        session = self._session
        return autogenerate(session.project, session.redirect, shadow_set, tables).get(
            database_key, []
        )


def _is_restricted(shadow_set: ShadowSet) -> bool:
    return any(shadow.role for shadow in shadow_set.shadows.values())


def _without_rights(error: str) -> str:
    """An error, where it may come of nothing but the rights that the shadow's role lacks."""
    if not lacks_rights(error):
        return error
    return f"it needs rights that the role of a shadow after a base snapshot lacks ({error})"


def _extensions_of(drifts: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """The extensions that live has and the migrations do not make, each with its schema."""
    for change in drifts:
        if change.actual is not None and change.actual.address.kind == "extension":
            yield change.actual.address.name, str(change.actual.attributes["in_schema"])


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
