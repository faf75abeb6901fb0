"""Compares the schemas of every database of a loaded project and reports the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from driftcheck.chain import Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.comparison import Change
from driftcheck.judging.findings import Evidence, Finding, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.judging.report import DatabaseReport
from driftcheck.pipeline.autogenerate.caches import autogenerate_cache
from driftcheck.pipeline.autogenerate.pending_operations import pending_operations
from driftcheck.pipeline.autogenerate.runner import AutogenerateRunner
from driftcheck.pipeline.building.head import HeadShadows
from driftcheck.pipeline.building.histories import Histories, HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.causes.causes import with_causes
from driftcheck.pipeline.causes.wrong_stamps import WrongStamps, at_reached_state
from driftcheck.pipeline.changes import (
    Changes,
    compared_state,
    drift_in,
    judged_changes,
    pending_changes,
)
from driftcheck.pipeline.completion.declarations import declared_lines
from driftcheck.pipeline.completion.evidence import evidence_of
from driftcheck.pipeline.completion.finding_completion import complete
from driftcheck.pipeline.completion.finding_context import FindingContext, Operations
from driftcheck.pipeline.database_state import DatabaseState, ProjectState, ReadLive, StateReader
from driftcheck.pipeline.faults.faults import (
    broken_history,
    head_faults,
    made_roles,
    remarked,
    written_by_import,
    written_files,
)
from driftcheck.pipeline.faults.refused_models import refused_models
from driftcheck.pipeline.faults.stamp_faults import stamp_findings
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.repairs.proofs import Proofs
from driftcheck.pipeline.repairs.repair import RepairBasis, repair_script
from driftcheck.pipeline.repairs.repair_facts import repair_basis
from driftcheck.pipeline.selection import reading_scope
from driftcheck.pipeline.state_report import StateReporter
from driftcheck.schema import Address
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.history import History
from driftcheck.sources.live import read_live


@dataclass(frozen=True)
class CheckedDatabase:
    """What a repair of a database and the guard start from.

    Attributes:
        state: The schemas as they were compared.
        judged: The findings of the report that are about changes, as they are reported.
        basis: What the repair is planned with.
        completed: All findings about changes, also those whose cause is reported instead.
        operations: The operations that autogenerate writes.
        is_repeatable: Whether a check of the same project and the same database finds the same.
            Something that failed may have a cause that passes, such as a full disk.
    """

    state: DatabaseState
    judged: tuple[Judged, ...]
    basis: RepairBasis
    completed: tuple[Judged, ...]
    operations: Operations
    is_repeatable: bool


@dataclass(frozen=True)
class Checked:
    """The result of checking a project.

    Attributes:
        state: The state of the project's databases.
        reports: The report of each database, in the same order.
        databases: What repairs and the guard start from, in the same order.
    """

    state: ProjectState[HistoryResult]
    reports: tuple[DatabaseReport, ...]
    databases: tuple[CheckedDatabase, ...]


@dataclass(frozen=True)
class _Shared:
    """What the checks of all databases of a project use.

    Attributes:
        state: The state of the project's databases.
        runner: Runs autogenerate.
        wrong_stamps: Finds live databases whose stamp is not the revision of their schema.
    """

    state: ProjectState[HistoryResult]
    runner: AutogenerateRunner
    wrong_stamps: WrongStamps


class ProjectCheck:
    """Compares the databases of a project in the gaps that the settings select.

    Args:
        opened: The opened project.
        replays: Replays its history.
        read: Reads a live database.
        looks_ahead: Whether findings say what ``migrate`` would write, and have remedies that were
            tried. Without this, the check takes less time.
    """

    def __init__(
        self,
        opened: OpenedProject,
        replays: Replays,
        *,
        read: ReadLive = read_live,
        looks_ahead: bool = True,
    ) -> None:
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._settings = opened.settings
        self._progress = opened.progress
        self._read = read
        self._looks_ahead = looks_ahead
        self._proofs: dict[DatabaseKey, Proofs] = {}
        self._renames = RenameFollower(
            opened.shadows, reading_scope(opened.settings), opened.progress
        )

    def run(self, stop: Sequence[str] = ()) -> Checked:
        """Read the schemas, compare them, and report the findings.

        Args:
            stop: See ``Histories.get``.
        """
        opened, replays = self._opened, self._replays
        histories = Histories(opened, replays)
        reader = StateReader(opened, replays, read=self._read)
        state = reader.read(partial(histories.get, stop=stop))
        history = state.result.history
        head_shadows = HeadShadows(
            partial(histories.head_shadows, history), partial(histories.head_part, history)
        )
        compared = [compared_state(each, self._shadows, self._progress) for each in state.databases]
        state = replace(state, databases=tuple(database for database, _ in compared))
        shared = _Shared(
            state,
            AutogenerateRunner(opened, replays, head_shadows),
            WrongStamps(opened, replays),
        )
        checked = [self._check(*each, shared) for each in compared]
        return Checked(
            state,
            tuple(report for _, report in checked),
            tuple(database for database, _ in checked),
        )

    def _check(
        self,
        database: DatabaseState,
        changes: Changes,
        shared: _Shared,
    ) -> tuple[CheckedDatabase, DatabaseReport]:
        """Find what the changes of one database mean, and report it."""
        history, wrong_stamps = shared.state.result.history, shared.wrong_stamps
        faults = [*self._faults(database, shared.state.result)]
        wrong = wrong_stamps.find(database, changes, shared.state)
        if wrong is not None:
            faults += wrong_stamps.findings(wrong, database)
            database, changes = compared_state(
                at_reached_state(database, wrong), self._shadows, self._progress
            )
        judged = judged_changes(database, changes, self._renames)
        basis = self._repair_basis(database, drift_in(judged))
        context = self._context(database, judged, history, basis)
        if self._looks_ahead:
            cache = autogenerate_cache(self._opened, history, database)
            context = _with_operations(context, database, judged, shared.runner, cache)
        completed = complete(judged, context)
        shared.runner.keep()
        if wrong is not None:
            completed = [*map(_against_reached_state, completed)]
        pairs = [*zip(completed, judged, strict=True)]
        findings = (
            *with_causes(faults, pairs, database, history, context),
            *self._unexplained(database, judged, context),
        )
        every = [Judged(finding, each.changes) for finding, each in pairs]
        reported = [
            changed
            for changed, each in zip(every, judged, strict=True)
            if history.fault is None and _is_reported(each, findings)
        ]
        key, operations = database.database_key, context.operations
        checked = CheckedDatabase(
            database,
            tuple(reported),
            basis,
            tuple(every),
            operations,
            is_repeatable=not faults
            and _have_run(operations)
            and shared.runner.is_repeatable(key)
            and self._are_proofs_repeatable(key),
        )
        return checked, self._report(checked, findings, history)

    def _report(
        self,
        checked: CheckedDatabase,
        findings: Sequence[Finding],
        history: History,
    ) -> DatabaseReport:
        """Return the report of a database, with the script that repairs what it reports."""
        reporter = StateReporter(self._opened, history.how)
        database = checked.state
        gaps = database.gaps
        sides = (gaps[-1].between[1], *(s for g in gaps for s in g.between)) if gaps else ()
        report = reporter.report(database, findings, gaps=gaps, compared=sides)
        script = repair_script(checked.judged, checked.basis) if self._looks_ahead else None
        return replace(report, notes=(*report.notes, *_not_run(checked.operations)), repair=script)

    def _unexplained(
        self, database: DatabaseState, judged: Sequence[Judged], context: FindingContext
    ) -> Iterator[Finding]:
        """Return the operations of autogenerate that no finding about a change explains."""
        version_tables = {each.version_table for each in database.configured}
        return pending_operations(
            context.operations, judged, self._settings.schemas, version_tables, context.migrate
        )

    def _context(
        self,
        database: DatabaseState,
        judged: Sequence[Judged],
        history: History,
        basis: RepairBasis,
    ) -> FindingContext:
        """Return what findings are completed with, besides the operations of autogenerate."""
        return FindingContext(
            database.catalog,
            made=history.sources.made_in(database.database_key),
            dropped=history.sources.dropped_in(database.database_key),
            declared=declared_lines(self._opened.declarations, database, judged),
            upgrade=self._loaded.upgrade_command,
            migrate=self._loaded.project.migrate_command,
            evidence=self._evidence(database, drift_in(judged)),
            snapshots=database.snapshots,
            basis=basis,
        )

    def _repair_basis(self, database: DatabaseState, drift: Sequence[Change]) -> RepairBasis:
        """Return what the repair of the live database's drift is planned with."""
        catalog, database_key = database.catalog, database.database_key
        if not drift:
            return RepairBasis(catalog)
        maker = self._shadows.maker(database_key)
        proves = self._looks_ahead and catalog.knows_dependencies and maker.runs_untrusted_files
        sides = (database.snapshots[Side.STAMPED], database.snapshots[Side.LIVE])
        cached = self._settings.cache
        proofs = Proofs(self._shadows, database_key, self._progress, reads_cache=cached)
        self._proofs[database_key] = proofs
        url = self._shadows.live_url(database_key)
        return repair_basis(url, catalog, sides, drift, proofs.prove if proves else None)

    def _are_proofs_repeatable(self, database_key: DatabaseKey) -> bool:
        proofs = self._proofs.get(database_key)
        return proofs is None or proofs.are_repeatable

    def _evidence(
        self, database: DatabaseState, drift: Sequence[Change]
    ) -> Mapping[Address, Evidence]:
        """Return the evidence in the live database for its drift."""
        if not drift:
            return {}
        stamped, live = database.snapshots[Side.STAMPED], database.snapshots[Side.LIVE]
        url = self._shadows.live_url(database.database_key)
        return evidence_of(drift, stamped, live, database.catalog, url)

    def _faults(self, database: DatabaseState, result: HistoryResult) -> Iterator[Finding]:
        if result.history.fault is not None:
            yield broken_history(result.history.fault, self._loaded.project)
        yield from head_faults(self._loaded.heads, self._loaded.project.command)
        yield from stamp_findings(database, self._loaded)
        if Side.LIVE in database.snapshots:
            yield from remarked(database.snapshots[Side.LIVE].remarks)
        yield from refused_models(database.refused)
        yield from written_by_import(self._created_by_import(database))
        yield from written_files(result.changed_files, self._loaded.root)
        yield from made_roles(self._shadows.maker(database.database_key).roles_left())

    def _created_by_import(self, database: DatabaseState) -> tuple[Address, ...]:
        """Return the objects that importing the project created, except with bootstrap=import."""
        shadow = self._shadows.imported.shadows.get(database.database_key)
        bootstrap = self._settings.bootstrap
        if shadow is None or (bootstrap is not None and bootstrap.what == "import"):
            return ()
        return tuple(self._replays.read(database.database_key, shadow).objects)


def _against_reached_state(finding: Finding) -> Finding:
    """Label the side with which live was compared: it is not the schema of the stamp."""
    return finding.against_revision() if finding.verdict is Verdict.DRIFT else finding


def _is_reported(judged: Judged, findings: Sequence[Finding]) -> bool:
    """Whether a report has the finding of a change itself, and not only its cause."""
    own = judged.finding.rule, judged.finding.address
    return any((each.rule, each.address) == own for each in findings)


def _have_run(operations: Operations) -> bool:
    """Whether autogenerate ran, also with the drift, and its operations for the head run."""
    is_known = operations.ran and not operations.not_run and not operations.not_tried
    return is_known and not operations.errors


def _not_run(operations: Operations) -> Iterator[str]:
    if operations.not_run:
        yield f"whether migrate would write anything was not checked: {operations.not_run}"


def _with_operations(
    context: FindingContext,
    database: DatabaseState,
    judged: Sequence[Judged],
    runner: AutogenerateRunner,
    cache: AutogenerateCache | None,
) -> FindingContext:
    """Add the operations that autogenerate writes, if the head and the models could be read."""
    if not {Side.HEAD, Side.MODELS} <= database.snapshots.keys():
        return context
    return replace(
        context,
        operations=runner.operations(database, judged, partial(pending_changes, database), cache),
        colleague_error=partial(runner.colleague_error, database.database_key),
    )
