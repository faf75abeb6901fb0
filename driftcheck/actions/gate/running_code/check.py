"""Checks whether the running code still works after the new revisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import TracebackType
from typing import Self

from driftcheck.actions.gate.base_shadows import BaseShadows
from driftcheck.actions.gate.merge import Merge
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.actions.gate.revision_findings import RevisionFindings
from driftcheck.actions.gate.running_code.base_checkout import BaseCheckout
from driftcheck.actions.gate.running_code.code_process import CodeProcess
from driftcheck.actions.gate.running_code.findings import certain, findings
from driftcheck.actions.gate.running_code.messages import (
    DatabaseRequest,
    Failure,
    ProjectRequest,
    Question,
)
from driftcheck.actions.gate.running_code.scope import (
    changed_objects,
    concerned_tables,
    readable_as_before,
)
from driftcheck.actions.gate.schemas import Findings, Schemas
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.shadow.lent import lent
from driftcheck.errors import CannotCheckError, DriftcheckError
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.progress import Progress
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.storage.temporary import temporary_directory

_SETTINGS = ("app", "config", "name", "x", "directory", "database_url", "timeout")
"""The settings that the process with the models of the base needs."""


@dataclass
class RunningCodeResult:
    """The result of the check.

    Attributes:
        findings: What fails.
        not_checked: Why it was not checked; empty if it was.
        notes: Notes for the report.
    """

    findings: Findings = field(default_factory=list)
    not_checked: str = ""
    notes: list[str] = field(default_factory=list)


class RunningCodeCheck:
    """Runs the statements of the base's models before and after the new revisions.

    The process with the models is started when it is known that the new revisions change what they
    may use, while these are run.

    Args:
        merge: The virtual merge.
        revisions: Finds the lines of revision files.
        settings: The settings.
        shadows: The shadows that are upgraded, and their copy at the base's head.
        imported: The shadows for the import of the project.
        progress: Called with a short description of each step.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what a check of a branch consists of)
        self,
        merge: Merge,
        revisions: RevisionFindings,
        settings: Settings,
        shadows: BaseShadows,
        imported: ShadowSet,
        progress: Progress,
    ) -> None:
        self._merge = merge
        self._revisions = revisions
        self._settings = settings
        self._shadows = shadows
        self._imported = imported
        self._progress = progress
        self._stack = ExitStack()
        self._process: CodeProcess | None = None
        self._failure = ""

    def __enter__(self) -> Self:
        """Return the check. Its process ends with the context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self._stack.__exit__(kind, error, traceback)

    def observe(self, before: Schemas, after: Schemas) -> None:
        """Take note of the effect of new revisions.

        Args:
            before: The schemas before them.
            after: The schemas after them, as they are or as they are expected.
        """
        if self._process or self._failure:
            return
        if any(changed_objects(before[key], after[key]) for key in before):
            try:
                self._process = self._started()
            except DriftcheckError as error:
                self._failure = error.message

    def run(
        self, before: Schemas, after: Schemas, new: Sequence[RevisionFile]
    ) -> RunningCodeResult:
        """Run the statements.

        Args:
            before: The schemas of the base.
            after: The schemas after the new revisions.
            new: The new revisions, in their order.
        """
        result = RunningCodeResult()
        changed = {key: changed_objects(before[key], after[key]) for key in before}
        if not any(changed.values()):
            return result
        self._progress("running the statements of the base's code")
        try:
            if self._process is None:
                raise CannotCheckError(self._failure)
            databases = [
                self._request(key, before[key], after[key], changed[key]) for key in before
            ]
            answer = self._process.ask(Question(databases, is_first=True))
            for table, why in answer.not_tried.items():
                result.notes.append(
                    f"inserting a row into {table} as the code of {self._merge.base} does was not "
                    f"tried: {why}"
                )
            failures = self._failures(self._process, databases, self._shadows.shadow_set)
            known = certain(failures, lambda failure: after[failure.database_key])
            result.findings += self._findings(self._process, known, databases, new)
        except DriftcheckError as error:
            result.not_checked = f"the models of {self._merge.base} cannot be used: {error.message}"
        return result

    def _started(self) -> CodeProcess:
        """Start the process with the models of the base, which loads them.

        Raises:
            CannotCheckError: The base cannot be checked out.
        """
        merge = self._merge
        directory = self._stack.enter_context(temporary_directory("base-code")) / "files"
        directory.mkdir()
        checkout = BaseCheckout(merge.repository, merge.base, directory)
        settings = checkout.settings(self._settings)
        values = {name: getattr(settings, name) for name in _SETTINGS}
        request = ProjectRequest(
            settings={**values, "root": str(settings.root)},
            repository=str(merge.repository.root),
            checkout=str(directory),
            imported=[(key, lent(shadow)) for key, shadow in self._imported.shadows.items()],
        )
        return self._stack.enter_context(CodeProcess(request, settings.root))

    def _request(
        self,
        database_key: DatabaseKey,
        before: Snapshot,
        after: Snapshot,
        changed: Collection[Address],
    ) -> DatabaseRequest:
        """Return what is to be run on the copy of a database at the base's head."""
        tables = concerned_tables(before, after, changed)
        return DatabaseRequest(
            database_key,
            lent(self._shadows.at_base.shadows[database_key]),
            before.default_schema,
            sorted((table.schema, table.name) for table in tables),
            sorted(readable_as_before(before, after, tables)),
        )

    def _failures(
        self, process: CodeProcess, databases: Iterable[DatabaseRequest], shadow_set: ShadowSet
    ) -> Sequence[Failure]:
        """Run the statements on some shadows, and return those that fail."""
        return process.ask(
            Question(
                [
                    replace(each, shadow=lent(shadow_set.shadows[each.database_key]))
                    for each in databases
                ]
            )
        ).failures

    def _findings(
        self,
        process: CodeProcess,
        failures: Sequence[Failure],
        databases: Iterable[DatabaseRequest],
        new: Sequence[RevisionFile],
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        """Yield the findings, each with the revision after which the statement fails."""
        left = {failure.identity: failure for failure in failures}
        for revision in new[:-1]:
            if not left:
                return
            if not self._shadows.upgrade_copy(revision.revision):
                break
            again = self._failures(process, databases, self._shadows.at_base)
            found = [left.pop(each.identity) for each in again if each.identity in left]
            yield from self._of_revision(found, [revision])
        else:
            yield from self._of_revision([*left.values()], new[-1:])
            return
        yield from self._of_revision([*left.values()], new)

    def _of_revision(
        self, failures: Sequence[Failure], revisions: Sequence[RevisionFile]
    ) -> Iterator[tuple[DatabaseKey, Finding]]:
        """Yield the findings for failures after a revision, or after one of several."""
        named = " or ".join(revision.revision for revision in revisions)
        origin = None
        if len(revisions) == 1:
            origin = self._revisions.origin(revisions[0], "upgrade()")
        base = str(self._merge.base)
        for database_key, of_database in groupby(failures, key=lambda each: each.database_key):
            for finding in findings([*of_database], named, origin, base):
                yield database_key, finding
