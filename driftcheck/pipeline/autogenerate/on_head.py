"""Gets what autogenerate writes for the head: from the cache, or by a run on shadows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.engine import URL

from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.errors import ProjectError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, objects_of
from driftcheck.pipeline.autogenerate.result import (
    OnHead,
    nothing_written,
    pending_data,
    result_of,
)
from driftcheck.pipeline.building.head import Head, is_restricted
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.completion.operation_matching import is_explained, is_for, pending
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.autogenerate import autogenerate
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.operation import Operation, in_blocks
from driftcheck.sources.operation_running import errors_in_block, run_block

PendingIn = Callable[[Snapshot], Sequence[Change]]
"""Returns the changes between the models and a schema."""


class AutogenerateOnHead:
    """Runs autogenerate on the head, and its operations on a copy of the head.

    Args:
        opened: The opened project.
        replays: Replays its history.
        head: The shadows of the head.

    Attributes:
        is_repeatable: Whether all results are the same each time.
    """

    def __init__(self, opened: OpenedProject, replays: Replays, head: Head) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._head = head
        self._progress = opened.progress
        self.is_repeatable = True

    def get(
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
            if not _all_explained(known, judged):
                self._head.require_rights()
            return known
        self._progress("running autogenerate")
        result = self._try(database_key, judged, pending_in)
        is_final = not result.operations or not (result.errors or is_restricted(self._head.shadows))
        if not is_final:
            self.is_repeatable = False
        elif cache is not None:
            cache.put(pending_findings, result.as_json())
        return result

    def _try(
        self, database_key: DatabaseKey, judged: Sequence[Judged], pending_in: PendingIn
    ) -> OnHead:
        """Run autogenerate on the head, and its operations on a copy of the head.

        Restricted shadows do not suffice if a right is missing or an operation is not explained.
        """
        try:
            result = self._run(database_key, judged, pending_in)
        except ProjectError:
            if not is_restricted(self._head.shadows):
                raise
        else:
            suffices = _all_explained(result, judged) and not result.lacks_rights
            if suffices or not is_restricted(self._head.shadows):
                return result
        self._head.require_rights()
        result = self._run(database_key, judged, pending_in)
        if is_restricted(self._head.shadows):
            errors = {text: _without_rights(error) for text, error in result.errors.items()}
            return replace(result, errors=errors)
        return result

    def _run(
        self, database_key: DatabaseKey, judged: Sequence[Judged], pending_in: PendingIn
    ) -> OnHead:
        operations = self._operations(self._head.shadows, database_key)
        if not operations:
            return nothing_written(judged)
        copies = self._shadows.copies(self._head.shadows, "migrated")
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
                again = {each.rendered for each in self._operations(copies, database_key)}
                repeated = [replace(o, is_repeated=o.rendered in again) for o in result.operations]
                result = replace(result, operations=repeated)
            return result
        finally:
            shadow.drop()

    def _operations(self, shadow_set: ShadowSet, database_key: DatabaseKey) -> list[Operation]:
        project, redirect = self._loaded.project, self._loaded.redirect
        return autogenerate(project, redirect, shadow_set).get(database_key, [])


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


def _addresses(changes: Iterable[Change]) -> frozenset[Address]:
    return frozenset(schema_object.address for schema_object in objects_of(changes))


def _without_rights(error: str) -> str:
    """Explain an error that only the missing rights of the shadow's role may cause."""
    if not lacks_rights(error):
        return error
    return f"it needs rights that the role of a shadow after a base snapshot lacks ({error})"
