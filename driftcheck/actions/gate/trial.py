"""Tries the way back from a new revision, and its way there once more, on a copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from driftcheck.actions.gate.branch import Branch
from driftcheck.actions.gate.differing import differing
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.databases.location import Place
from driftcheck.judging.findings import Finding, Origin
from driftcheck.pipeline.faults import fault, origin_of
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import Stage
from driftcheck.schema import Snapshot
from driftcheck.sources.history import keys, read_stage, version_tables
from driftcheck.sources.replay import Destinations, Fault, Replay

Schemas: TypeAlias = Mapping[Place, Snapshot]
"""The schema of each database at one moment."""

Findings: TypeAlias = list[tuple[Place, Finding]]
"""Findings, each with its database."""


class Trial:
    """Takes revisions back on copies of a stage.

    Args:
        session: The session.
        branch: Tells the lines of revision files.
    """

    def __init__(self, session: Session, branch: Branch) -> None:
        self._session = session
        self._branch = branch
        self._tables = version_tables(session.environment)

    def all_at(self, *revisions: str) -> Destinations:
        """The same destinations for every version table of every database."""
        return dict.fromkeys(keys(self._session.environment), revisions)

    def read(self, stage: Stage) -> Schemas:
        """Read the schemas of a stage, as far as they are looked at."""
        found = read_stage(stage, self._tables, self._session.scope)
        schemas = self._session.settings.schemas
        return {place: within(snapshot, schemas) for place, snapshot in found.items()}

    def way_back(
        self, stage: Stage, one: RevisionFile, before: Schemas, after: Schemas
    ) -> Findings:
        """What there is to say of the way back from a revision that has just run.

        Args:
            stage: The shadows that it ran in; they stay as they are.
            one: The revision.
            before: What was there before it.
            after: What is there now.
        """
        origin = self._branch.origin(one, "downgrade()")
        first = next(iter(self._tables))
        if one.undoes.refuses:
            return [(first, fault("gate-downgrade-refuses", origin=origin, revision=one.revision))]
        if one.undoes.is_empty:
            finding = fault("gate-downgrade-empty", origin=origin, revision=one.revision)
            return [(place, finding) for place in before if _differ(before[place], after[place])]
        copies = self._session.shadows.copies(stage, "downgrade")
        for place in self._tables:
            copies.shadow_of(self._session.target(place))
        try:
            return [*self._there_and_back(copies, one, origin, before, after)]
        finally:
            copies.begin_again()

    def _there_and_back(
        self, copies: Stage, one: RevisionFile, origin: Origin, before: Schemas, after: Schemas
    ) -> Iterator[tuple[Place, Finding]]:
        session = self._session
        replay = Replay(session.project, session.redirect, copies)
        if not replay.undo(self.all_at(one.revision)):
            yield self._broken("gate-downgrade-fails", replay.fault, origin)
            return
        yield from self._differing("gate-downgrade-differs", one, origin, before, self.read(copies))
        if not replay.upgrade(self.all_at(one.revision)):
            yield self._broken("gate-upgrade-again-fails", replay.fault, origin)
            return
        again = self.read(copies)
        yield from self._differing("gate-upgrade-again-differs", one, origin, after, again)

    def _differing(
        self, rule: str, one: RevisionFile, origin: Origin, wanted: Schemas, actual: Schemas
    ) -> Iterator[tuple[Place, Finding]]:
        for place, snapshot in wanted.items():
            for finding in differing(rule, snapshot, actual[place], origin, one.revision):
                yield place, finding

    def _broken(self, rule: str, broken: Fault | None, origin: Origin) -> tuple[Place, Finding]:
        details = [broken.message, broken.statement] if broken else []
        finding = fault(
            rule,
            details="\n".join(filter(None, details)),
            origin=origin_of(broken.where) if broken else origin,
            revision=origin.revision,
        )
        return next(iter(self._tables)), finding


def _differ(before: Snapshot, after: Snapshot) -> bool:
    return before.objects != after.objects
