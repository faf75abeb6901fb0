"""Runs autogenerate on shadows of the head, with and without the drift of the live database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN, ShadowDatabase
from driftcheck.errors import CannotCheckError, ProjectError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, addresses_of, objects_of
from driftcheck.pipeline.autogenerate.on_head import AutogenerateOnHead, PendingIn
from driftcheck.pipeline.autogenerate.operations_with_drift import OperationsWithDrift
from driftcheck.pipeline.autogenerate.result import drift_data
from driftcheck.pipeline.building.head import Head, HeadShadows, is_restricted
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.changes import drift_in
from driftcheck.pipeline.completion.finding_context import ColleagueError, Operations
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.repairs.change_plan import redo
from driftcheck.pipeline.repairs.repair_facts import with_dependencies
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, SchemaObject
from driftcheck.sources.autogenerate import autogenerate
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.live import reading
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_running import run_and_undo
from driftcheck.sources.untrusted import run_untrusted

TableName = tuple[str | None, str]
"""The schema and the name of a table; the schema is ``None`` for the default schema."""


class NotTriedError(CannotCheckError):
    """Untrusted DDL cannot be run where the shadow databases are."""


class AutogenerateRunner:
    """Runs autogenerate and the operations that it writes on shadow databases.

    Args:
        opened: The opened project.
        replays: Replays its history.
        head_shadows: Returns shadows at the head.
    """

    def __init__(self, opened: OpenedProject, replays: Replays, head_shadows: HeadShadows) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._head = Head(head_shadows.whole, replays)
        self._head_part = head_shadows.part
        self._on_head = AutogenerateOnHead(opened, replays, self._head)
        self._drifted: dict[DatabaseKey, ShadowSet] = {}
        self._starts: dict[DatabaseKey, ShadowSet] = {}
        self._colleagues: dict[DatabaseKey, ShadowDatabase] = {}
        self._on_live: dict[DatabaseKey, OperationsWithDrift] = {}

    def operations(
        self,
        database: DatabaseState,
        judged: Sequence[Judged],
        pending_in: PendingIn,
        cache: AutogenerateCache | None = None,
    ) -> Operations:
        """Return the operations that autogenerate writes, with the drift and without.

        Args:
            database: The state of the database, with its head.
            judged: The findings of the database.
            pending_in: Returns the changes between the models and a schema.
            cache: The cache for autogenerate on this database at the head, if it can be cached.
        """
        tables = set(_tables_of(judged, database.snapshots[Side.HEAD].default_schema))
        try:
            on_head = self._on_head.get(database.database_key, judged, pending_in, cache)
        except ProjectError as error:
            return Operations(not_run=error.message)
        without_drift = Operations(
            on_head.operations, on_head.operations, on_head.errors, on_head.left, ran=True
        )
        drift, operations = drift_in(judged), on_head.operations
        if not drift or not (tables or any(o.is_of_plugin for o in operations)):
            return without_drift
        objects = [*_concerned_objects(database, judged, tables)]
        on_live = OperationsWithDrift(cache, drift_data(judged, objects))
        self._on_live[database.database_key] = on_live
        if on_live.operations is not None:
            return replace(without_drift, on_live=on_live.operations)
        try:
            self._require_untrusted(database.database_key)
            start, is_part = self._start(database, objects, tables, on_head.operations)
            drifted = self._with_drift(start, database.database_key, drift, database.catalog)
            written = self._autogenerate(drifted, database.database_key, tables)
        except NotTriedError as error:
            return replace(without_drift, not_tried=error.message)
        except ProjectError as error:
            reason = error.message.removesuffix(".")
            if lacks_rights(reason):
                reason = f"env.py does not run as a role without rights: {reason}"
            return replace(without_drift, not_tried=reason)
        # Shadows of the whole head have rows after a replay only. Without a plan for the drift, the
        # operations depend on all of the live database.
        is_repeatable = is_part and not redo(drift, database.catalog).manual_steps
        on_live.set(written, is_repeatable=is_repeatable)
        return replace(without_drift, on_live=written)

    def keep(self) -> None:
        """Cache what autogenerate writes with the drift, after all findings are completed."""
        for on_live in self._on_live.values():
            on_live.keep()

    def is_repeatable(self, database_key: DatabaseKey) -> bool:
        """Whether all results for a database are the same each time."""
        on_live = self._on_live.get(database_key)
        return self._on_head.is_repeatable and (on_live is None or on_live.is_repeatable)

    def drifted(self, database: DatabaseState, judged: Sequence[Judged]) -> ShadowSet:
        """Return shadows at the head with the drift of the live database.

        Raises:
            NotTriedError: There is drift, and it cannot be made where the shadow databases are.
        """
        database_key = database.database_key
        if database_key not in self._drifted:
            drift = drift_in(judged)
            if drift:
                self._require_untrusted(database_key)
            self._drifted[database_key] = (
                self._with_drift(self._head.shadows, database_key, drift, database.catalog)
                if drift
                else self._head.shadows
            )
        return self._drifted[database_key]

    def _require_untrusted(self, database_key: DatabaseKey) -> None:
        if not self._shadows.maker(database_key).runs_untrusted_ddl:
            raise NotTriedError(UNTRUSTED_NOT_RUN)

    def _start(
        self,
        database: DatabaseState,
        objects: Sequence[SchemaObject],
        tables: Collection[TableName],
        on_head: Sequence[Operation],
    ) -> tuple[ShadowSet, bool]:
        """Return shadows at the head to which the drift is added, and whether they are a part.

        They have only a part of the head, if autogenerate writes the same for the tables there.
        Filters and plugins of the project may look at other objects.

        Args:
            database: The state of the database.
            objects: The objects that the findings concern.
            tables: The tables that the findings are about.
            on_head: The operations that autogenerate writes for the whole head.
        """
        key = database.database_key
        values = (
            each for obj in objects for each in (obj.address.arguments, *obj.attributes.values())
        )
        part = self._head_part(key, [obj.address for obj in objects], values)
        is_part = part is not None and self._writes_alike(part, key, tables, on_head)
        start = part if part is not None and is_part else self._head.shadows
        self._starts[key] = start
        return start, is_part

    def _writes_alike(
        self,
        part: ShadowSet,
        database_key: DatabaseKey,
        tables: Collection[TableName],
        on_head: Iterable[Operation],
    ) -> bool:
        """Whether autogenerate writes the same for a part of the head as for the whole head."""
        try:
            return _is_alike(self._autogenerate(part, database_key, tables), on_head, tables)
        except ProjectError:  # env.py needs an object that is not in the part
            return False

    def colleague_error(self, database_key: DatabaseKey, operation: Operation) -> ColleagueError:
        """Run an operation on a copy of the head, as on the database of a colleague.

        Autogenerate wrote the operation because of drift, so it may contain text of the live
        database. The copy is a restricted shadow. Operations share a copy as long as each of them
        can be undone.
        """
        if operation.is_of_plugin:
            return ColleagueError(not_tried="a plugin defines the operation")
        on_live = self._on_live[database_key]
        if operation.text in on_live.errors:
            return ColleagueError(on_live.errors[operation.text])
        if database_key not in self._colleagues:
            start = self._starts.get(database_key) or self._head.shadows
            copies = self._shadows.copies(start, "colleague", restricted=True)
            self._colleagues[database_key] = self._shadows.shadow(copies, database_key)
        shadow = self._colleagues[database_key]
        error, is_undone, is_repeatable = run_and_undo([operation], shadow.url)
        if not is_undone:
            self._colleagues.pop(database_key).drop()
        is_about_rights = error is not None and bool(shadow.role) and lacks_rights(error)
        on_live.tried(operation, error, is_repeatable=is_repeatable and not is_about_rights)
        if is_about_rights:
            return ColleagueError(
                not_tried="the operation needs rights that a shadow does not give"
            )
        return ColleagueError(error)

    def _with_drift(
        self,
        start: ShadowSet,
        database_key: DatabaseKey,
        drift: Sequence[Change],
        catalog: Catalog,
    ) -> ShadowSet:
        """Return restricted shadows at the head, with the drift made in one of them.

        If the drift cannot be written as DDL, the whole live schema is copied instead. Changes of
        revisions that have not run on the live database are then missing.
        """
        plan = redo(drift, catalog)
        if plan.manual_steps:
            copied = self._shadows.restricted_set("drifted")
            live_url = self._shadows.live_url(database_key)
            with reading(live_url) as live, suppress(CannotBeWritten):
                statements = catalog.schema_statements(live)
                run_untrusted(self._shadows.shadow(copied, database_key), statements)
                self._replays.stamp(copied, self._loaded.heads)
                return copied
        drifted = self._shadows.copies(start, "drifted", restricted=True)
        shadow = self._shadows.shadow(drifted, database_key)
        if not is_restricted(start):  # a restricted head has functions that are not trusted
            shadow.install(_extensions_of(drift))
        there = self._replays.read(database_key, shadow)
        live = with_dependencies(self._shadows.live_url(database_key), catalog, there)
        run_untrusted(shadow, redo(drift, catalog, there, live).statements)
        return drifted

    def _autogenerate(
        self,
        shadow_set: ShadowSet,
        database_key: DatabaseKey,
        tables: Collection[TableName] | None = None,
    ) -> list[Operation]:
        project, redirect = self._loaded.project, self._loaded.redirect
        return autogenerate(project, redirect, shadow_set, tables).get(database_key, [])


def _concerned_objects(
    database: DatabaseState, judged: Iterable[Judged], tables: Collection[TableName]
) -> Iterator[SchemaObject]:
    """Yield the objects of the findings, and their tables with all parts in every schema."""
    for each in judged:
        for changes in each.changes.values():
            yield from objects_of(changes)
    for snapshot in database.snapshots.values():
        for schema, name in sorted(tables, key=repr):
            address = Address("table", schema or snapshot.default_schema, (name,))
            if address in snapshot.objects:
                yield snapshot.objects[address]
                yield from snapshot.parts.get(address, ())


def _is_alike(
    on_part: Iterable[Operation], on_head: Iterable[Operation], tables: Collection[TableName]
) -> bool:
    """Whether the operations on a part of the head are those on the head about its tables."""
    names = {name for _, name in tables}
    about_tables = (o.rendered for o in on_head if not o.table or o.table in names)
    return sorted(o.rendered for o in on_part) == sorted(about_tables)


def _extensions_of(drift: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """Yield the extensions that only the live database has, each with its schema."""
    for change in drift:
        if change.actual is not None and change.actual.address.kind == "extension":
            yield change.actual.address.name, str(change.actual.attributes["in_schema"])


def _tables_of(judged: Iterable[Judged], default_schema: str) -> Iterator[TableName]:
    """Yield the tables that the findings of drift and of pending changes are about."""
    for each in judged:
        for gap in (Gap.PENDING, Gap.DRIFT):
            for change in each.changes.get(gap, ()):
                for address in _tables_of_change(change):
                    schema = None if address.schema == default_schema else address.schema
                    yield schema, address.path[0]


def _tables_of_change(change: Change) -> Iterator[Address]:
    for side in (change.wanted, change.actual):
        if side is not None and side.part_of is not None:
            yield side.part_of
    yield from (address for address in addresses_of(change) if address.kind == "table")
