"""Runs autogenerate on shadows of the head, with and without the drift of the live database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import CannotBeWritten, Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN, ShadowDatabase
from driftcheck.errors import CannotCheckError, ProjectError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, addresses_of, objects_of
from driftcheck.pipeline.autogenerate_result import (
    OnHead,
    nothing_written,
    pending_data,
    result_of,
)
from driftcheck.pipeline.change_plan import redo
from driftcheck.pipeline.changes import drift_in
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.operation_matching import is_explained, is_for, pending
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.remedies import ColleagueError, Operations
from driftcheck.pipeline.replays import Replays
from driftcheck.pipeline.shadows import Shadows
from driftcheck.project.environment import LoadedProject
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.autogenerate import (
    Operation,
    autogenerate,
    errors_in_block,
    in_blocks,
    run_and_undo,
    run_block,
)
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.live import reading
from driftcheck.sources.untrusted import run_untrusted

PendingIn = Callable[[Snapshot], Sequence[Change]]
"""Returns the changes between the models and a schema."""

TableName = tuple[str | None, str]
"""The schema and the name of a table; the schema is ``None`` for the default schema."""


@dataclass(frozen=True)
class HeadShadows:
    """Returns shadows at the head, when they are needed.

    Attributes:
        whole: Returns shadows with the whole schema.
        part: Returns shadows with the part that changes of some objects can concern, given values
            in which other objects can be named; ``None`` if that is not possible.
    """

    whole: Callable[[], ShadowSet]
    part: Callable[[DatabaseKey, Iterable[Address], Iterable[Value]], ShadowSet | None] = (
        lambda *_: None
    )


class NotTriedError(CannotCheckError):
    """Untrusted DDL cannot be run where the shadow databases are."""


class AutogenerateRunner:
    """Runs autogenerate and the operations that it writes on shadow databases.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        replays: Replays its history.
        head_shadows: Returns shadows at the head.
        progress: Called with a short description of each step.
    """

    def __init__(
        self,
        loaded: LoadedProject,
        shadows: Shadows,
        replays: Replays,
        head_shadows: HeadShadows,
        progress: Progress,
    ) -> None:
        self._loaded = loaded
        self._shadows = shadows
        self._replays = replays
        self._head_shadows = head_shadows
        self._progress = progress
        self._drifted: dict[DatabaseKey, ShadowSet] = {}
        self._starts: dict[DatabaseKey, ShadowSet] = {}
        self._colleagues: dict[DatabaseKey, ShadowDatabase] = {}
        self._known_head: ShadowSet | None = None
        self._needs_rights = False

    @property
    def _head(self) -> ShadowSet:
        """Shadows at the head.

        If restricted shadows do not suffice, the history is replayed, which gives shadows that are
        not restricted unless it starts from a base snapshot.
        """
        if self._known_head is None:
            self._known_head = self._head_shadows.whole()
        can_replay = self._needs_rights and not self._replays.start_from_base_snapshot
        if can_replay and _is_restricted(self._known_head):
            self._known_head = self._replays.upgrade_to_heads()
        return self._known_head

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
            on_head = self._on_head(database.database_key, judged, pending_in, cache)
        except ProjectError as error:
            return Operations(not_run=error.message)
        without_drift = Operations(
            on_head.operations, on_head.operations, on_head.errors, on_head.left, ran=True
        )
        drift = drift_in(judged)
        if not drift or not tables:
            return without_drift
        try:
            self._require_untrusted(database.database_key)
            start = self._start(database, judged, tables, on_head.operations)
            drifted = self._with_drift(start, database.database_key, drift, database.catalog)
            on_live = self._autogenerate(drifted, database.database_key, tables)
        except NotTriedError as error:
            return replace(without_drift, not_tried=error.message)
        except ProjectError as error:
            reason = f"env.py does not run as a role without rights: {error.message}"
            return replace(without_drift, not_tried=reason)
        return replace(without_drift, on_live=on_live)

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
                self._with_drift(self._head, database_key, drift, database.catalog)
                if drift
                else self._head
            )
        return self._drifted[database_key]

    def _require_untrusted(self, database_key: DatabaseKey) -> None:
        if not self._shadows.maker(database_key).runs_untrusted_ddl:
            raise NotTriedError(UNTRUSTED_NOT_RUN)

    def _start(
        self,
        database: DatabaseState,
        judged: Sequence[Judged],
        tables: Collection[TableName],
        on_head: Sequence[Operation],
    ) -> ShadowSet:
        """Return shadows at the head to which the drift is added.

        They have only a part of the head, if autogenerate writes the same for the tables there.
        Filters and plugins of the project may look at other objects.

        Args:
            database: The state of the database.
            judged: The findings.
            tables: The tables that the findings are about.
            on_head: The operations that autogenerate writes for the whole head.
        """
        key = database.database_key
        objects = [*_concerned_objects(database, judged, tables)]
        values = (
            each for obj in objects for each in (obj.address.arguments, *obj.attributes.values())
        )
        part = self._head_shadows.part(key, [obj.address for obj in objects], values)
        if part is None or not self._writes_alike(part, key, tables, on_head):
            part = self._head
        self._starts[key] = part
        return part

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
        if database_key not in self._colleagues:
            start = self._starts.get(database_key) or self._head
            copies = self._shadows.copies(start, "colleague", restricted=True)
            self._colleagues[database_key] = self._shadows.shadow(copies, database_key)
        shadow = self._colleagues[database_key]
        error, is_undone = run_and_undo([operation], shadow.url)
        if not is_undone:
            self._colleagues.pop(database_key).drop()
        if error is not None and shadow.role and lacks_rights(error):
            return ColleagueError(
                not_tried="the operation needs rights that a shadow does not give"
            )
        return ColleagueError(error)

    def _on_head(
        self,
        database_key: DatabaseKey,
        judged: Sequence[Judged],
        pending_in: PendingIn,
        cache: AutogenerateCache | None,
    ) -> OnHead:
        """Take the result of autogenerate on the head from the cache, or run it.

        An error may have a cause that passes, such as a full disk, so a result with errors is not
        cached. Neither is one from a restricted head, which has no rows.
        """
        pending_findings = pending_data(judged)
        found = cache.get(pending_findings) if cache is not None else None
        known = result_of(found, judged) if found is not None else None
        if known is not None:
            self._needs_rights |= not _all_explained(known, judged)
            return known
        self._progress("running autogenerate")
        result = self._try_on_head(database_key, judged, pending_in)
        is_final = not result.operations or not (result.errors or _is_restricted(self._head))
        if cache is not None and is_final:
            cache.put(pending_findings, result.as_json())
        return result

    def _try_on_head(
        self, database_key: DatabaseKey, judged: Sequence[Judged], pending_in: PendingIn
    ) -> OnHead:
        """Run autogenerate on the head, and its operations on a copy of the head.

        Restricted shadows do not suffice if a right is missing or an operation is not explained.
        """
        try:
            result = self._run_on_head(database_key, judged, pending_in)
        except ProjectError:
            if not _is_restricted(self._head):
                raise
        else:
            suffices = _all_explained(result, judged) and not result.lacks_rights
            if suffices or not _is_restricted(self._head):
                return result
        self._needs_rights = True
        result = self._run_on_head(database_key, judged, pending_in)
        if _is_restricted(self._head):
            errors = {text: _without_rights(error) for text, error in result.errors.items()}
            return replace(result, errors=errors)
        return result

    def _run_on_head(
        self, database_key: DatabaseKey, judged: Sequence[Judged], pending_in: PendingIn
    ) -> OnHead:
        operations = self._autogenerate(self._head, database_key)
        if not operations:
            return nothing_written(judged)
        copies = self._shadows.copies(self._head, "migrated")
        shadow = self._shadows.shadow(copies, database_key)
        try:
            result = _run_all(
                operations,
                shadow.url,
                judged,
                lambda: pending_in(self._replays.read(database_key, shadow)),
            )
            if _all_explained(result, judged):
                return result
            with suppress(ProjectError):
                again = {each.text for each in self._autogenerate(copies, database_key)}
                repeated = [replace(o, is_repeated=o.text in again) for o in result.operations]
                result = replace(result, operations=repeated)
            return result
        finally:
            shadow.drop()

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
        if not _is_restricted(start):  # a restricted head has functions that are not trusted
            shadow.install(_extensions_of(drift))
        there = self._replays.read(database_key, shadow)
        run_untrusted(shadow, redo(drift, catalog, there).statements)
        return drifted

    def _autogenerate(
        self,
        shadow_set: ShadowSet,
        database_key: DatabaseKey,
        tables: Collection[TableName] | None = None,
    ) -> list[Operation]:
        project, redirect = self._loaded.project, self._loaded.redirect
        return autogenerate(project, redirect, shadow_set, tables).get(database_key, [])


def _all_explained(result: OnHead, judged: Sequence[Judged]) -> bool:
    return all(is_explained(operation, judged) for operation in result.operations)


def _run_all(
    operations: Sequence[Operation],
    url: URL,
    judged: Sequence[Judged],
    pending_now: Callable[[], Sequence[Change]],
) -> OnHead:
    """Run operations on a copy of the head, and find which differences they resolve.

    The schema is read before and after an operation only if its address does not tell which
    finding it is written for, and a finding has no other operation.

    Args:
        operations: The operations.
        url: The copy of the head.
        judged: The findings.
        pending_now: Returns the changes between the models and the copy as it is now.
    """
    unmatched = [o for o in operations if not is_explained(o, judged)]
    has_unmatched_finding = any(
        not any(is_for(operation, each) for operation in operations) for each in pending(judged)
    )
    tried: list[Operation] = []
    errors: dict[str, str] = {}
    for block in in_blocks(operations):
        reads = has_unmatched_finding and any(operation in unmatched for operation in block)
        before = _addresses(pending_now()) if reads else frozenset()
        ran, error = run_block(block, url)
        if reads:
            resolved = before - _addresses(pending_now())
            ran = [
                replace(o, resolved=resolved) if b in unmatched else o
                for o, b in zip(ran, block, strict=True)
            ]
        tried += ran
        if error is not None:
            errors |= errors_in_block(ran, error, url)
    return OnHead(tried, errors, pending_now())


def _concerned_objects(
    database: DatabaseState, judged: Iterable[Judged], tables: Collection[TableName]
) -> Iterator[SchemaObject]:
    """Yield the objects of the findings, and their tables with all parts in every schema."""
    for each in judged:
        for changes in each.changes.values():
            yield from objects_of(changes)
    for snapshot in database.snapshots.values():
        for schema, name in tables:
            address = Address("table", schema or snapshot.default_schema, (name,))
            if address in snapshot.objects:
                yield snapshot.objects[address]
                yield from snapshot.parts.get(address, ())


def _is_alike(
    on_part: Iterable[Operation], on_head: Iterable[Operation], tables: Collection[TableName]
) -> bool:
    """Whether the operations on a part of the head are those on the head about its tables."""
    names = {name for _, name in tables}
    about_tables = (o.text for o in on_head if not o.table or o.table in names)
    return sorted(o.text for o in on_part) == sorted(about_tables)


def _addresses(changes: Iterable[Change]) -> frozenset[Address]:
    return frozenset(schema_object.address for schema_object in objects_of(changes))


def _is_restricted(shadow_set: ShadowSet) -> bool:
    return any(shadow.role for shadow in shadow_set.shadows.values())


def _without_rights(error: str) -> str:
    """Explain an error that only the missing rights of the shadow's role may cause."""
    if not lacks_rights(error):
        return error
    return f"it needs rights that the role of a shadow after a base snapshot lacks ({error})"


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
