"""``driftcheck locate``: finds the revision whose schema a live database has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from driftcheck.actions.locate.equal_expressions import equal_expressions
from driftcheck.actions.locate.location_findings import LocatedDatabase, location_findings
from driftcheck.actions.locate.nearest_state import nearest_state
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.judging.comparison import Change, compare
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.judging.judge import judge
from driftcheck.judging.report import DatabaseReport, Report, RevisionMatch
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.walks import HistoryWalker, WalkedHistory
from driftcheck.pipeline.causes.live_ahead import PartialRun, find_live_ahead
from driftcheck.pipeline.causes.models_in_history import with_uses_of_models
from driftcheck.pipeline.causes.stamp_behind import partial_run
from driftcheck.pipeline.completion.evidence import evidence_of
from driftcheck.pipeline.completion.finding_completion import complete
from driftcheck.pipeline.completion.finding_context import FindingContext
from driftcheck.pipeline.database_state import DatabaseState, StateReader
from driftcheck.pipeline.faults.faults import (
    broken_history,
    drift_of_unknown_stamp,
    made_roles,
    written_files,
)
from driftcheck.pipeline.faults.stamp_faults import stamp_findings
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.printed_expressions import explain_undecided
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.pipeline.repairs.repair_facts import repair_basis
from driftcheck.pipeline.selection import reading_scope
from driftcheck.pipeline.state_report import StateReporter
from driftcheck.pipeline.tenants import Tenants, own_objects
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.walk import Applied, Walk


def locate(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare every live database of a project with the schema after each revision.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: A database could not be read, or the history could not be replayed.
            Nothing was left behind.
    """
    settings = replace(settings, gaps=(Gap.DRIFT,))
    with open_project(settings, progress) as opened:
        replays = Replays(opened)
        walker = HistoryWalker(opened, replays)
        state = StateReader(opened, replays).read(walker.walk)
        progress("comparing the live database with every revision")
        renames = RenameFollower(opened.shadows, reading_scope(settings), progress)
        locator = _Locator(opened, state.result, renames)
        return Report(
            opened.loaded.project.name,
            tuple(map(locator.report, state.databases)),
            frozenset({Gap.DRIFT}),
            command="driftcheck locate",
            strict_coverage=settings.strict_coverage,
            names_database=settings.names_database,
        )


class _Locator:
    """Finds the nearest states of live databases on the walks of a history.

    Args:
        opened: The opened project.
        walked: The walks.
        renames: Leaves out the changes that only follow from a rename.
    """

    def __init__(
        self, opened: OpenedProject, walked: WalkedHistory, renames: RenameFollower
    ) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._schemas = opened.settings.schemas
        self._x = opened.settings.x
        self._walked = walked
        self._renames = renames
        self._reporter = StateReporter(opened, walked.history.how)

    def report(self, database: DatabaseState) -> DatabaseReport:
        """Find the nearest states of a live database, and report its differences from them."""
        walk = self._walked.walks[database.database_key]
        database = self._with_own_objects(database, walk)
        live = database.snapshots[Side.LIVE]
        stamped = _stamped(database, walk)
        find = partial(
            nearest_state, walk, live, self._schemas, lambda state: state.applied == stamped
        )
        nearest = find()
        undecided: Mapping[Address, str] = {}
        if nearest.changes:
            maker = partial(self._shadows.maker, database.database_key)
            whole = database.whole[Side.LIVE]
            replacements, undecided = equal_expressions(walk, whole, database.catalog, maker)
            nearest = find(replacements) if replacements else nearest
        fault = self._walked.history.fault
        located = LocatedDatabase(
            database.stamped,
            database.unknown,
            walk,
            stamped,
            nearest,
            broken_at=fault.where.revision if fault else "",
        )
        findings = [*self._faults(database, located), *self._changes(database, located, undecided)]
        report = self._reporter.report(
            database,
            with_uses_of_models(findings, self._walked.history, database.database_key),
            gaps=(Gap.DRIFT,),
            compared=(Side.LIVE,),
        )
        return replace(
            report,
            notes=(*report.notes, *_branch_note(located)),
            revision_match=_revision_match(located),
        )

    def _with_own_objects(self, database: DatabaseState, walk: Walk) -> DatabaseState:
        """Return the state without what belongs to other projects and to other tenants."""
        tenants = Tenants(database.configured, self._x)
        known = walk.all_objects().objects
        own = {
            schemas: {
                **found,
                Side.LIVE: own_objects(database.configured, tenants, found[Side.LIVE], known),
            }
            for schemas, found in (("snapshots", database.snapshots), ("whole", database.whole))
        }
        return replace(database, snapshots=own["snapshots"], whole=own["whole"])

    def _faults(self, database: DatabaseState, located: LocatedDatabase) -> Iterator[Finding]:
        if self._walked.history.fault is not None:
            yield broken_history(self._walked.history.fault, self._loaded.project)
        yield from stamp_findings(database, self._loaded, is_located=True)
        yield from location_findings(located, self._loaded)
        yield from written_files(self._walked.changed_files, self._loaded.root)
        yield from made_roles(self._shadows.maker(database.database_key).roles_left())

    def _changes(
        self,
        database: DatabaseState,
        located: LocatedDatabase,
        undecided: Mapping[Address, str],
    ) -> list[Finding]:
        """Return the differences of the live schema from the nearest state, as drift.

        If the history breaks, a later revision may explain them. Then there are none.
        """
        if not located.is_known:
            return []
        live = database.snapshots[Side.LIVE]
        nearest, found, partly = self._without_partial_runs(located, live)
        catalog, url = database.catalog, self._shadows.live_url(database.database_key)
        changes = self._renames.without_consequences(database.database_key, found, nearest, live)
        snapshots = {Side.STAMPED: nearest, Side.LIVE: live}
        judged = judge({Gap.DRIFT: changes}, snapshots, catalog.describe, catalog.note)
        judged = explain_undecided(judged, undecided)
        context = FindingContext(
            catalog,
            upgrade=self._loaded.upgrade_command,
            evidence=evidence_of(changes, nearest, live, catalog, url) if changes else {},
            snapshots=snapshots,
            basis=repair_basis(url, catalog, (nearest, live), changes),
        )
        findings = complete(judged, context)
        if located.unknown:
            findings = [*drift_of_unknown_stamp(findings, located.unknown)]
        if not located.as_stamped or partly:
            findings = [finding.against_revision() for finding in findings]
        return [*partly, *findings]

    def _without_partial_runs(
        self, located: LocatedDatabase, live: Snapshot
    ) -> tuple[Snapshot, Sequence[Change], list[Finding]]:
        """Find the revisions after the nearest state that have run in part.

        Returns:
            The nearest schema with their changes, the differences of live from this schema, and
            the finding about these revisions, if there are any.
        """
        nearest, found = located.nearest.snapshot, located.nearest.changes
        heads = located.walk.heads_of(located.state.applied)
        ahead = (
            find_live_ahead(located.walk, heads, nearest, live, self._schemas) if found else None
        )
        if ahead is None or not ahead.partial or _are_recorded(ahead.partial, located):
            return nearest, found, []
        stamped = ", ".join(located.recorded) or "no revision"
        changes = compare(ahead.reached, live, same_lineage=True)
        compare_again = Remedy(
            "compare",
            "When the stamp is that of the nearest revision, this shows how to finish or to undo "
            "the revision.",
            "shell",
            self._loaded.project.driftcheck_command("compare"),
        )
        return ahead.reached, changes, [partial_run(ahead, stamped, (compare_again,))]


def _revision_match(located: LocatedDatabase) -> RevisionMatch:
    nearest = located.nearest
    return RevisionMatch(
        states=tuple(located.walk.heads_of(state.applied) for state in nearest.states),
        changes=len(nearest.changes),
        as_stamped=located.as_stamped,
        states_compared=nearest.tried,
        composed=located.state.composed,
        broken_at=located.broken_at,
    )


def _are_recorded(runs: Iterable[PartialRun], located: LocatedDatabase) -> bool:
    """Whether the stamp includes revisions: then nobody has left them half run."""
    return any(run.revision in (located.stamped or ()) for run in runs)


def _branch_note(located: LocatedDatabase) -> Iterator[str]:
    if located.nearest.changes and located.walk.has_branches:
        yield (
            "The history has parallel branches. Each branch was compared alone, and all branches "
            "together in the order of the replay, but not every combination of their revisions."
        )


def _stamped(database: DatabaseState, walk: Walk) -> Applied | None:
    """Return the revisions that have run according to the stamp; ``None`` if it does not tell."""
    has_tables = database.live is not None and database.live.has_tables
    if database.unknown or (has_tables and not database.stamped):
        return None
    return walk.ancestry(database.stamped)
