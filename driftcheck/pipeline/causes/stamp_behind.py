"""Reports a live database on which revisions have run that its stamp does not record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from driftcheck.chain import Gap, Side
from driftcheck.databases.plan import Plan
from driftcheck.judging.comparison import compare
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.causes.change_lines import described
from driftcheck.pipeline.causes.live_ahead import LiveAhead, PartialRun, find_live_ahead
from driftcheck.pipeline.causes.project_walks import ProjectWalks
from driftcheck.pipeline.causes.walked_schemas import with_objects
from driftcheck.pipeline.changes import Changes
from driftcheck.pipeline.database_state import DatabaseState, ProjectState
from driftcheck.pipeline.faults.faults import fault
from driftcheck.pipeline.repairs.change_plan import undo
from driftcheck.pipeline.repairs.plan_proof import prove
from driftcheck.pipeline.repairs.repair_facts import repair_basis
from driftcheck.schema import Snapshot

_ROWS = "Rows are not compared: check the statements of the revision that change rows."


class UnrecordedRevisions:
    """Finds and reports the revisions that have run on live databases and are not recorded.

    Args:
        opened: The opened project.
        walks: Walks through its history.
    """

    def __init__(self, opened: OpenedProject, walks: ProjectWalks) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._walks = walks
        self._settings = opened.settings
        self._progress = opened.progress

    def find(
        self, database: DatabaseState, changes: Changes, state: ProjectState[HistoryResult]
    ) -> LiveAhead | None:
        """Find the unrecorded revisions of a live database.

        The history is replayed revision by revision, if the database has drift and revisions are
        left to run.

        Args:
            database: The state of the database.
            changes: The changes of its schemas.
            state: The state of the project.
        """
        if not changes.get(Gap.DRIFT) or state.result.history.fault is not None:
            return None
        if set(database.stamped) >= set(self._loaded.heads):
            return None
        walk = self._walks.get(database.database_key, state.stamped)
        if walk is None:
            return None
        snapshots = database.snapshots
        return find_live_ahead(
            walk,
            database.stamped,
            snapshots[Side.STAMPED],
            snapshots[Side.LIVE],
            self._settings.schemas,
        )

    def findings(self, ahead: LiveAhead, database: DatabaseState) -> Iterator[Finding]:
        """Make the findings about unrecorded revisions.

        Args:
            ahead: The unrecorded revisions.
            database: The state of the database.
        """
        stamped = ", ".join(database.stamped) or "no revision"
        if ahead.completed:
            yield fault(
                "stamp-behind",
                details="\n".join(described(ahead.changes)),
                remedies=(self._stamp(ahead),),
                revisions=" and ".join(ahead.completed),
                stamped=stamped,
            )
        if ahead.partial:
            remedies = tuple(self._remedies(ahead, database)) or (self._by_hand(ahead),)
            yield partial_run(ahead, stamped, remedies)

    def _stamp(self, ahead: LiveAhead) -> Remedy:
        summary = "Record the revisions that have run."
        if ahead.alike:
            others = " or ".join(" and ".join(heads) for heads in ahead.alike)
            summary += (
                f" The schema is also that of {others}: check the rows to see whether these "
                "revisions have run."
            )
        return Remedy("stamp", summary, "shell", self._stamp_command(ahead.completed))

    def _stamp_command(self, revisions: Sequence[str]) -> str:
        return self._loaded.project.command("stamp", *revisions)

    def _remedies(self, ahead: LiveAhead, database: DatabaseState) -> Iterator[Remedy]:
        """Yield the remedies that were run on a copy of the live schema."""
        first = "After the stamp is corrected, " if ahead.completed else ""
        if ahead.finished is not None:
            plan = self._tried(ahead.reached, ahead.finished, database)
            if plan is not None:
                summary = (
                    f"{first}run the missing part of the revision, then record it: "
                    f"{self._stamp_command(ahead.heads_when_finished)}. {_ROWS}"
                )
                yield _remedy("finish the revision", summary, plan)
        plan = self._tried(ahead.reached, ahead.before_partial, database)
        if plan is not None:
            upgrade = self._loaded.upgrade_command
            summary = (
                f"{first}undo the part that has run, then run the revision: {upgrade}. {_ROWS}"
            )
            yield _remedy("undo the part", summary, plan)

    def _by_hand(self, ahead: LiveAhead) -> Remedy:
        """Return the remedy if no statements could be tried."""
        first = "After the stamp is corrected, " if ahead.completed else ""
        undo = f"undo by hand what has run, then run the revision: {self._loaded.upgrade_command}."
        if ahead.finished is None:
            return Remedy("undo the part", _sentence(f"{first}{undo} {_ROWS}"))
        record = self._stamp_command(ahead.heads_when_finished)
        finish = f"run by hand what is missing, then record the revision: {record}."
        summary = _sentence(f"{first}{finish} Or {undo} {_ROWS}")
        return Remedy("finish or undo the revision", summary)

    def _tried(self, current: Snapshot, wanted: Snapshot, database: DatabaseState) -> Plan | None:
        """Plan the change from one schema to another, and run it on a copy of the live schema.

        Returns:
            ``None`` if the statements do not have this effect, or if they could not be tried.
        """
        catalog, live = database.catalog, database.whole[Side.LIVE]
        changes = compare(wanted, current, same_lineage=True)
        objects = {each.address: wanted.objects.get(each.address) for each in objects_of(changes)}
        target = with_objects(live, objects)
        url = self._shadows.live_url(database.database_key)
        basis = repair_basis(url, catalog, (target, live), changes)
        plan = undo(changes, catalog, target, basis.actual, basis.rows)
        maker = partial(self._shadows.maker, database.database_key)
        if plan.manual_steps or not plan.steps or not maker().runs_untrusted_files:
            return None
        self._progress("trying the remedies")
        shadow = self._shadows.create_restricted(database.database_key, "remedy")
        try:
            return plan if prove(plan, (target, live), shadow, maker).holds else None
        finally:
            shadow.drop()


def partial_run(ahead: LiveAhead, stamped: str, remedies: tuple[Remedy, ...]) -> Finding:
    """Make the finding about revisions that have run in part.

    Args:
        ahead: The revisions.
        stamped: The stamp of the database, in words.
        remedies: The ways to finish or to undo the revisions.
    """
    names = [run.revision for run in ahead.partial]
    return fault(
        "stamp-behind-in-part",
        details="\n".join(line for run in ahead.partial for line in _partly(run)),
        remedies=remedies,
        revisions=("revisions " if len(names) > 1 else "revision ") + ", ".join(names),
        stamped=stamped,
    )


def _remedy(name: str, summary: str, plan: Plan) -> Remedy:
    return Remedy(name, _sentence(summary), "sql", plan.script, plan.loses_data)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _partly(run: PartialRun) -> Iterator[str]:
    groups = (
        ("has run", run.present),
        ("has failed and is not valid", run.unfinished),
        ("is missing", run.missing),
    )
    for title, changes in groups:
        for line in described(changes):
            yield f"{run.revision}, {title}: {line}"
