"""Generates the migration that ``migrate`` would write now, if it can be generated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.actions.simulate.generated_migration import Generated, generate
from driftcheck.chain import Gap, Side
from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.autogenerate.runner import AutogenerateRunner, NotTriedError
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.changes import compared_state, judged_changes, pending_changes
from driftcheck.pipeline.completion.finding_completion import complete
from driftcheck.pipeline.completion.finding_context import FindingContext, Operations
from driftcheck.pipeline.database_state import DatabaseState, ProjectState
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address
from driftcheck.sources.object_sources import MigrationSource


@dataclass(frozen=True)
class Generation:
    """The result of generating a migration.

    Attributes:
        migration: The migration; ``None`` if ``migrate`` would write none, or cannot be run.
        findings: The findings of a comparison of each database, which explain the operations of
            the migration.
        notes: Why ``migrate`` cannot be run.
    """

    migration: Generated | None = None
    findings: Mapping[DatabaseKey, Sequence[Finding]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class MigrationGenerator:
    """Generates a migration on shadows at the head with the drift of the live databases.

    Args:
        opened: The opened project.
        runner: Creates the shadows with the drift, and runs autogenerate.
        renames: Leaves out the changes that only follow from a rename.
    """

    def __init__(
        self, opened: OpenedProject, runner: AutogenerateRunner, renames: RenameFollower
    ) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._runner = runner
        self._renames = renames
        self._progress = opened.progress

    def generate(self, state: ProjectState[HistoryResult], directory: Path) -> Generation:
        """Generate the migration, which is the head of the history from now on.

        No migration is generated if ``migrate`` would refuse to run: the history does not build or
        has several heads, or a database is not at a known revision.

        Args:
            state: The state of the databases.
            directory: The directory for the file.

        Raises:
            ProjectError: env.py fails, and not only because the role of a restricted shadow lacks
                a right.
        """
        history = state.result.history
        known = all(database.revision_is_known for database in state.databases)
        if history.fault is not None or len(self._loaded.heads) != 1 or not known:
            return Generation()
        if not Path(self._loaded.script.dir, "script.py.mako").is_file():
            return Generation(notes=("migrate can write nothing: there is no script.py.mako",))
        compared = [compared_state(read, self._shadows, self._progress) for read in state.databases]
        databases = [database for database, _ in compared]
        judged = {
            database.database_key: judged_changes(database, changes, self._renames)
            for database, changes in compared
        }
        # Now, because the history will have one more revision, which no shadow is upgraded to.
        findings = {
            database.database_key: self._findings(
                database,
                judged[database.database_key],
                history.sources.made_in(database.database_key),
            )
            for database in databases
        }
        self._progress("running autogenerate")
        shadow_set = ShadowSet("migrate", partial(self._like_live, databases, judged))
        try:
            for database_key in judged:  # creating one may run env.py
                self._shadows.shadow(shadow_set, database_key)
        except NotTriedError as error:
            note = f"what migrate would write was not tried: {error.message}"
            return Generation(None, findings, (note,))
        return self._generated(shadow_set, directory, findings)

    def _generated(
        self,
        shadow_set: ShadowSet,
        directory: Path,
        findings: Mapping[DatabaseKey, Sequence[Finding]],
    ) -> Generation:
        loaded = self._loaded
        try:
            migration = generate(loaded.project, loaded.redirect, shadow_set, directory)
        except ProjectError as error:
            if not any(shadow.role for shadow in shadow_set.shadows.values()):
                raise
            note = (
                "what migrate would write was not tried: env.py does not run as a role without "
                f"a superuser's rights: {error.message}"
            )
            return Generation(None, findings, (note,))
        return Generation(migration, findings)

    def _like_live(
        self,
        databases: Sequence[DatabaseState],
        judged: Mapping[DatabaseKey, Sequence[Judged]],
        target: URL,
        purpose: str,
    ) -> ShadowDatabase:
        """Return a shadow at the head with the drift of the live database.

        A database that the project only connects to, and does not migrate, is empty.
        """
        database_key = database_key_of(target)
        for database in databases:
            if database.database_key == database_key:
                drifted = self._runner.drifted(database, judged[database_key])
                return self._shadows.shadow(drifted, database_key)
        return self._shadows.create(database_key, purpose)

    def _findings(
        self,
        database: DatabaseState,
        judged: Sequence[Judged],
        made: Mapping[Address, MigrationSource],
    ) -> Sequence[Finding]:
        """Return the findings of a comparison, with the phantom operations that drift causes."""
        operations = Operations()
        has_drift = any(Gap.DRIFT in each.changes for each in judged)
        if Side.HEAD in database.snapshots and has_drift:
            operations = self._runner.operations(
                database, judged, partial(pending_changes, database)
            )
        context = FindingContext(
            database.catalog,
            operations,
            made=made,
            upgrade=self._loaded.upgrade_command,
            migrate=self._loaded.project.migrate_command,
            snapshots=database.snapshots,
        )
        return complete(judged, context)
