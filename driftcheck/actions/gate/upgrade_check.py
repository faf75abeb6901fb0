"""Upgrades a database at the base's head with the new revisions, one by one, and reports findings.

The database is a shadow. It is built by the base's own revision files if the branch has other ones.
After each new revision, its downgrade is run: that of the last one in the same shadow, when nothing
else needs it, and those of the others on a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from driftcheck.actions.gate.base_shadows import BaseShadows
from driftcheck.actions.gate.downgrade_check import DowngradeCheck
from driftcheck.actions.gate.hazard_findings import hazard_findings
from driftcheck.actions.gate.merge import Merge, heads_of, in_order
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.actions.gate.running_code.check import RunningCodeCheck, RunningCodeResult
from driftcheck.actions.gate.schema_differences import difference_findings
from driftcheck.actions.gate.schemas import Findings, Schemas
from driftcheck.actions.gate.version_locations import VersionLocations
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding, Origin
from driftcheck.pipeline.faults.faults import fault, origin_of
from driftcheck.pipeline.faults.row_remedies import remedy_for_rows
from driftcheck.project.environment import LoadedProject
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.replay import RevisionFailure
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
        running_code: What the running code cannot do after the new revisions.
        stopped: Why the rest was not run; empty if everything was.
        broken: Whether an error stopped the upgrade, and not a finding.
        not_compared: Why the upgraded schema was not compared with the head; empty if it was.
        notes: Notes for the report.
    """

    upgrades: Findings = field(default_factory=list)
    downgrades: Findings = field(default_factory=list)
    head_differences: Findings = field(default_factory=list)
    hazards: Findings = field(default_factory=list)
    running_code: RunningCodeResult = field(default_factory=RunningCodeResult)
    stopped: str = ""
    broken: bool = False
    not_compared: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        """All findings."""
        return [
            *self.upgrades,
            *self.downgrades,
            *self.head_differences,
            *self.hazards,
            *self.running_code.findings,
        ]


@dataclass(frozen=True)
class ExpectedHead:
    """The head of the branch, as its history builds it in an empty database.

    Attributes:
        schemas: The schema of each database.
        made: For each database, where the migrations create its objects.
        restorer: Returns, for a database, a function that gives the unchanged objects of a schema
            their definitions in the base snapshot.
        maker: Returns the maker of the shadow databases of a database.
    """

    schemas: Schemas
    made: Mapping[DatabaseKey, Mapping[Address, MigrationSource]]
    restorer: Callable[[DatabaseKey], Callable[[Snapshot], Snapshot]]
    maker: Callable[[DatabaseKey], ShadowMaker]


class RevisionChecks(NamedTuple):
    """What is checked after each new revision.

    Attributes:
        downgrade: Checks its downgrade.
        running_code: Checks whether the code of the base still works.
    """

    downgrade: DowngradeCheck
    running_code: RunningCodeCheck


class UpgradeCheck:
    """Checks the upgrade of a database at the base's head.

    Args:
        loaded: The project.
        base_shadows: The shadows to upgrade.
        checks: What is checked after each new revision.
        merge: The virtual merge of the working tree with the base.
        first_edit: The first change of a revision that the base has, if any.
    """

    def __init__(
        self,
        loaded: LoadedProject,
        base_shadows: BaseShadows,
        checks: RevisionChecks,
        merge: Merge,
        first_edit: Origin | None,
    ) -> None:
        self._loaded = loaded
        self._shadows = base_shadows
        self._checks = checks
        self._merge = merge
        self._first_edit = first_edit
        self._result = UpgradeResult()

    def run(self, head: ExpectedHead, *, with_data: bool) -> UpgradeResult:
        """Build the base's schema, and upgrade it to the head of the branch.

        Args:
            head: The head that the history builds in an empty database.
            with_data: Whether rows are inserted before the upgrade.
        """
        with temporary_directory("base") as directory:
            locations = VersionLocations(self._merge, self._loaded, directory)
            try:
                self._build_and_upgrade(locations, head, with_data=with_data)
            except ProjectError as error:  # env.py fails, or Alembic cannot load the revisions
                self._result.stopped, self._result.broken = error.message, True
        return self._result

    def _build_and_upgrade(
        self, locations: VersionLocations, head: ExpectedHead, *, with_data: bool
    ) -> None:
        merge, result = self._merge, self._result
        of_base = locations.of_base()
        if of_base:
            result.notes.append(
                f"the revision files of {merge.base} were run to build its schema: "
                "the working tree lacks or changes some of them"
            )
        revisions = merge.theirs.revisions if merge.base_has_other_files else merge.existing
        with self._loading_from(of_base):
            failure = self._shadows.build(heads_of(revisions), from_template=not of_base)
        if failure is not None:
            result.stopped = _base_fails(failure, merge)
            return
        with self._loading_from(locations.of_merge()), self._checks.running_code:
            self._shadows.keep_copy()
            if with_data:
                result.notes += self._shadows.insert_rows()
            self._upgrade(locations, head)

    def _loading_from(self, locations: Sequence[Path]) -> AbstractContextManager[None]:
        return self._loaded.revisions_from(locations) if locations else nullcontext()

    def _upgrade(self, locations: VersionLocations, head: ExpectedHead) -> None:
        shadows, result, downgrade = self._shadows, self._result, self._checks.downgrade
        shadows.start_watching()
        base = before = schemas = shadows.read()
        new, upgraded = in_order(self._merge.new), shadows.shadow_set
        expected = None if self._merge.only_in_base else head.schemas
        if expected is not None:
            self._checks.running_code.observe(base, expected)
        for number, revision in enumerate(new, start=1):
            before = schemas
            if not shadows.upgrade(revision.revision, number, len(new)):
                result.upgrades += self._failure(revision, locations)
                result.stopped = f"revision {revision.revision} fails"
                return
            is_last = number == len(new)
            schemas = shadows.read(expected if is_last else None)
            self._checks.running_code.observe(before, schemas)
            if not is_last:
                result.downgrades += downgrade.run(upgraded, revision, before, schemas)
        for database_key, hazards in shadows.hazards:
            findings = hazard_findings(hazards, self._loaded.root)
            result.hazards += [(database_key, finding) for finding in findings]
        result.running_code = self._checks.running_code.run(base, schemas, new)
        result.notes += result.running_code.notes
        if new:
            result.downgrades += downgrade.run(upgraded, new[-1], before, schemas, in_place=True)
        if self._merge.only_in_base:
            result.not_compared = f"{self._merge.base} has revisions that the branch lacks"
        else:
            result.head_differences += self._compared_with_head(head, schemas)

    def _failure(
        self, revision: RevisionFile, locations: VersionLocations
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        failure = self._shadows.failure
        if failure is None:
            return
        details = [failure.message, failure.statement]
        if failure.existing is not None:
            address, source = failure.existing
            details.append(
                f"revision {source.revision} creates {address}, in {locations.displayed(source)}"
            )
        on_rows = self._shadows.fails_on_rows_only(revision.revision)
        yield (
            next(iter(self._loaded.environment.databases)),
            fault(
                "gate-upgrade-fails-on-rows" if on_rows else "gate-upgrade-fails",
                details="\n".join(filter(None, details)),
                origin=origin_of(failure.where),
                remedies=(remedy_for_rows(failure.message, failure.statement),) if on_rows else (),
                revision=failure.where.revision,
                base=self._merge.base,
            ),
        )

    def _compared_with_head(
        self, head: ExpectedHead, upgraded: Schemas
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        """Compare the upgraded schemas with the head that the history builds from nothing."""
        first_edit, base = self._first_edit, self._merge.base
        for database_key, wanted in head.schemas.items():
            actual = head.restorer(database_key)(upgraded[database_key])
            sources = head.made.get(database_key, {})
            maker = partial(head.maker, database_key)
            sides = wanted, actual
            for finding in difference_findings("gate-ways-differ", sides, first_edit, base, maker):
                source = sources.get(finding.address) if finding.address else None
                yield database_key, replace(finding, origin=first_edit or origin_of(source))


def _base_fails(failure: RevisionFailure, merge: Merge) -> str:
    return f"{merge.base} does not build: revision {failure.where.revision}: {failure.message}"
