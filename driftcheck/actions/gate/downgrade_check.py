"""Runs the downgrade of a revision, and its upgrade again, on a copy of the shadows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.actions.gate.schema_differences import difference_findings
from driftcheck.actions.gate.schemas import Findings, Schemas
from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.findings import Finding, Origin
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.faults.faults import fault, origin_of
from driftcheck.project.environment import Environment
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.replay import RevisionFailure


class DowngradeCheck:
    """Checks the downgrades of revisions.

    Args:
        environment: What env.py configures.
        shadows: Creates the project's shadow databases.
        replays: Replays its history.
        origin: Returns the line of a part of a revision file.
    """

    def __init__(
        self,
        environment: Environment,
        shadows: Shadows,
        replays: Replays,
        origin: Callable[[RevisionFile, str], Origin],
    ) -> None:
        self._environment = environment
        self._shadows = shadows
        self._replays = replays
        self._origin = origin
        self._databases = [*environment.databases]

    def run(
        self,
        shadow_set: ShadowSet,
        revision: RevisionFile,
        before: Schemas,
        after: Schemas,
        *,
        in_place: bool = False,
    ) -> Findings:
        """Check the downgrade of a revision that has just run.

        The schemas must be read by the caller, so that no schema is read twice.

        Args:
            shadow_set: The shadows in which the revision ran.
            revision: The revision.
            before: The schemas before the revision.
            after: The schemas after the revision.
            in_place: Whether the downgrade may be run in these shadows, because nothing else needs
                them. Otherwise it is run in a copy of them.
        """
        origin = self._origin(revision, "downgrade()")
        identifier = revision.revision
        if revision.downgrade.always_raises:
            finding = fault("gate-downgrade-refuses", origin=origin, revision=identifier)
            return [(self._databases[0], finding)]
        if revision.downgrade.is_empty:
            finding = fault("gate-downgrade-empty", origin=origin, revision=identifier)
            return [
                (database_key, finding)
                for database_key in before
                if _differ(before[database_key], after[database_key])
            ]
        if in_place:
            return [*self._downgrade_and_upgrade(shadow_set, identifier, origin, before, after)]
        copies = self._shadows.copies(shadow_set, "downgrade")
        for database_key in self._databases:
            self._shadows.shadow(copies, database_key)
        try:
            return [*self._downgrade_and_upgrade(copies, identifier, origin, before, after)]
        finally:
            copies.begin_again()

    def _downgrade_and_upgrade(
        self, shadow_set: ShadowSet, revision: str, origin: Origin, before: Schemas, after: Schemas
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        destinations = destinations_at(self._environment, [revision])
        replay = self._replays.new(shadow_set)
        if not replay.undo(destinations):
            yield self._failure("gate-downgrade-fails", replay.fault, origin)
            return
        downgraded = self._replays.read_selected(shadow_set, before)
        yield from self._differences("gate-downgrade-differs", origin, before, downgraded)
        if not replay.upgrade(destinations):
            yield self._failure("gate-upgrade-again-fails", replay.fault, origin)
            return
        upgraded = self._replays.read_selected(shadow_set, after)
        yield from self._differences("gate-upgrade-again-differs", origin, after, upgraded)

    def _differences(
        self, rule: str, origin: Origin, wanted: Schemas, actual: Schemas
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        for database_key, snapshot in wanted.items():
            sides = snapshot, actual[database_key]
            maker = partial(self._shadows.maker, database_key)
            for finding in difference_findings(rule, sides, origin, origin.revision, maker):
                yield database_key, finding

    def _failure(
        self, rule: str, failure: RevisionFailure | None, origin: Origin
    ) -> tuple[DatabaseKey, Finding]:
        details = [failure.message, failure.statement] if failure else []
        finding = fault(
            rule,
            details="\n".join(filter(None, details)),
            origin=origin_of(failure.where) if failure else origin,
            revision=origin.revision,
        )
        return self._databases[0], finding


def _differ(before: Snapshot, after: Snapshot) -> bool:
    return before.objects != after.objects
