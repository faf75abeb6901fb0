"""Upgrades a database at the base's head with the new revisions, one by one.

The database is a shadow. It is built by the base's own revision files if the branch has other ones,
and gets rows if the settings ask for them. After each new revision, its downgrade is run on a copy.
On PostgreSQL, the statements are watched for hazards to the tables that exist at the base's head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from driftcheck.actions.gate.downgrade_check import DowngradeCheck
from driftcheck.actions.gate.hazard_findings import hazard_findings
from driftcheck.actions.gate.hazard_watch import HazardWatch
from driftcheck.actions.gate.merge import Merge, heads_of, in_order
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.actions.gate.revision_findings import RevisionFindings
from driftcheck.actions.gate.schema_differences import difference_findings
from driftcheck.actions.gate.schemas import Findings, Schemas, every_database_at, read_schemas
from driftcheck.actions.gate.version_locations import VersionLocations
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.row_filling import fill
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.faults import fault, origin_of
from driftcheck.pipeline.histories import in_words_of_base, prepare_shadow_set, replay_past_roles
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.replay import Replay, RevisionFailure
from driftcheck.sources.statement_log import ExecutedStatement
from driftcheck.storage.temporary import temporary_directory


@dataclass
class UpgradeResult:
    """The result of the upgrade from the base's head.

    Attributes:
        upgrades: Findings of the new revisions' upgrades.
        downgrades: Findings of their downgrades, and of the upgrades after these.
        head_differences: Differences between the upgraded schema and the head that the history
            builds in an empty database.
        hazards: Hazards to tables in use.
        stopped: Why the rest was not run; empty if everything was.
        broken: Whether an error stopped the upgrade, and not a finding.
        not_compared: Why the upgraded schema was not compared with the head; empty if it was.
        notes: Notes for the report.
    """

    upgrades: Findings = field(default_factory=list)
    downgrades: Findings = field(default_factory=list)
    head_differences: Findings = field(default_factory=list)
    hazards: Findings = field(default_factory=list)
    stopped: str = ""
    broken: bool = False
    not_compared: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        """All findings."""
        return [*self.upgrades, *self.downgrades, *self.head_differences, *self.hazards]


class UpgradeCheck:
    """Checks the upgrade of a database at the base's head.

    Args:
        session: The session.
        merge: The virtual merge of the working tree with the base.
        revisions: Finds the lines of revision files.
        history: What the history builds in an empty database.
    """

    def __init__(
        self, session: Session, merge: Merge, revisions: RevisionFindings, history: History
    ) -> None:
        self._session = session
        self._merge = merge
        self._revisions = revisions
        self._history = history
        self._downgrade_check = DowngradeCheck(session, revisions)
        self._shadow_set = session.shadow_set("colleague")
        self._without_rows = session.shadows.copies(self._shadow_set, "empty")
        self._watches: dict[DatabaseKey, HazardWatch] = {}
        self._replay = self._new_replay()
        self._result = UpgradeResult()

    def run(self) -> UpgradeResult:
        """Build the base's schema, and upgrade it to the head of the branch."""
        self._session.progress("building the base's schema")
        with temporary_directory("base") as directory:
            locations = VersionLocations(self._merge, self._session.project, directory)
            try:
                of_base = locations.of_base()
                if of_base:
                    self._result.notes.append(
                        f"the revision files of {self._merge.base} were run to build its schema: "
                        "the working tree lacks or changes some of them"
                    )
                with self._loading_from(of_base):
                    failure = self._build_base()
                if failure is not None:
                    self._result.stopped = _base_fails(failure, self._merge)
                    return self._result
                with self._loading_from(locations.of_merge()):
                    self._upgrade(locations)
            except ProjectError as error:  # env.py fails, or Alembic cannot load the revisions
                self._result.stopped, self._result.broken = error.message, True
        return self._result

    def _loading_from(self, locations: Sequence[Path]) -> AbstractContextManager[None]:
        return self._session.project.revisions_from(locations) if locations else nullcontext()

    def _new_replay(self) -> Replay:
        session = self._session
        return Replay(
            session.project, session.redirect, self._shadow_set, watch=self._watch_statement
        )

    def _build_base(self) -> RevisionFailure | None:
        merge = self._merge
        revisions = merge.theirs.revisions if merge.base_has_other_files else merge.existing

        def replay() -> RevisionFailure | None:
            prepare_shadow_set(self._session, self._shadow_set)
            self._replay = self._new_replay()
            self._replay.upgrade(every_database_at(self._session, *heads_of(revisions)))
            return self._replay.fault

        replay_past_roles(self._session, self._shadow_set, replay)
        return self._replay.fault

    def _insert_rows(self) -> None:
        """Insert rows into the tables; a copy of the shadows without rows is made first."""
        session = self._session
        session.progress("filling tables")
        for database_key, tables in version_tables(session.environment).items():
            self._without_rows.shadow_of(session.target(database_key))
            for unfilled in fill(self._shadow_set.shadows[database_key].url, tables):
                self._result.notes.append(f"no rows for {unfilled.table}: {unfilled.reason}")

    def _start_watching(self) -> None:
        """Watch the tables that exist now for hazards."""
        for database_key in self._session.environment.databases:
            if database_key.dialect == "postgresql":
                self._watches[database_key] = HazardWatch(
                    self._shadow_set.shadows[database_key].url
                )

    def _watch_statement(
        self, database_key: DatabaseKey, statement: ExecutedStatement, connection: Any
    ) -> None:
        if database_key in self._watches:
            self._watches[database_key].observe(statement, connection)

    def _upgrade(self, locations: VersionLocations) -> None:
        session, result = self._session, self._result
        if session.settings.with_data:
            self._insert_rows()
        self._start_watching()
        schemas = read_schemas(session, self._shadow_set)
        for revision in in_order(self._merge.new):
            session.progress(f"running revision {revision.revision}")
            before = schemas
            if not self._replay.upgrade(every_database_at(session, revision.revision)):
                result.upgrades += self._failure(revision, locations)
                result.stopped = f"revision {revision.revision} fails"
                return
            schemas = read_schemas(session, self._shadow_set)
            result.downgrades += self._downgrade_check.run(
                self._shadow_set, revision, before, schemas
            )
        for database_key, watch in self._watches.items():
            findings = hazard_findings(watch.hazards, session.project.root)
            result.hazards += [(database_key, finding) for finding in findings]
        if self._merge.only_in_base:
            result.not_compared = f"{self._merge.base} has revisions that the branch lacks"
        else:
            result.head_differences += self._compared_with_head(schemas)

    def _runs_without_rows(self, revision: RevisionFile) -> bool:
        """Whether a revision that fails runs on empty tables."""
        session = self._session
        if not session.settings.with_data:
            return False
        replay = Replay(session.project, session.redirect, self._without_rows)
        return replay.upgrade(every_database_at(session, revision.revision))

    def _failure(
        self, revision: RevisionFile, locations: VersionLocations
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        failure = self._replay.fault
        if failure is None:
            return
        details = [failure.message, failure.statement]
        if failure.existing is not None:
            address, source = failure.existing
            details.append(
                f"revision {source.revision} creates {address}, in {locations.displayed(source)}"
            )
        needs_rows = self._runs_without_rows(revision)
        yield (
            next(iter(self._session.environment.databases)),
            fault(
                "gate-upgrade-fails-on-rows" if needs_rows else "gate-upgrade-fails",
                details="\n".join(filter(None, details)),
                origin=origin_of(failure.where),
                revision=failure.where.revision,
                base=self._merge.base,
            ),
        )

    def _compared_with_head(self, upgraded: Schemas) -> Iterator[tuple[DatabaseKey, Finding]]:
        """Compare the upgraded schemas with the head that the history builds from nothing."""
        session, first_edit = self._session, self._revisions.first_edit()
        base = self._merge.base
        for database_key, head in self._history.head.items():
            wanted = within(head, session.settings.schemas)
            actual = in_words_of_base(session, database_key)(upgraded[database_key])
            sources = self._history.made.get(database_key, {})
            for finding in difference_findings(
                "gate-ways-differ", wanted, actual, first_edit, base
            ):
                source = sources.get(finding.address) if finding.address else None
                yield database_key, replace(finding, origin=first_edit or origin_of(source))


def _base_fails(failure: RevisionFailure, merge: Merge) -> str:
    return f"{merge.base} does not build: revision {failure.where.revision}: {failure.message}"
