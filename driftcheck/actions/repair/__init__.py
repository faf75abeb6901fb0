"""``driftcheck repair``: plans how live databases get back the schema of their migrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.actions.repair.planning import RepairPlanner
from driftcheck.actions.repair.result import database_repair
from driftcheck.actions.repair.selection import candidates, named
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.repair_result import RepairResult
from driftcheck.judging.report import Report
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.check import ProjectCheck
from driftcheck.pipeline.database_state import ReadLive
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.sources.live import read_live


@dataclass(frozen=True)
class Planned:
    """The plans of a project, each with its live database.

    Attributes:
        plans: The plans of the databases that have something to repair.
        result: What a report shows of all databases.
    """

    plans: tuple[RepairPlan, ...]
    result: RepairResult

    @property
    def leaves_drift(self) -> bool:
        """Whether something is to be repaired that no statement repairs."""
        if any(repair.faults or repair.manual_steps for repair in self.result.databases):
            return True
        return any(len(plan.plan.findings) < len(plan.findings) for plan in self.plans)


@contextmanager
def planned(
    settings: Settings,
    only: Sequence[str] = (),
    progress: Progress = lambda _: None,
    *,
    read: ReadLive = read_live,
) -> Iterator[Planned]:
    """Plan the repair of the live databases of a project. The project is open within this context.

    Args:
        settings: The settings.
        only: The names of the objects to repair; empty for all.
        progress: Called with a short description of each step.
        read: Reads a live database.

    Raises:
        NoSuchObjectError: No drift is found at a name.
        DriftcheckError: The check could not be made. Nothing was left behind.
    """
    compared = {Gap.DRIFT, *settings.gaps} - {Gap.UNAPPLIED}
    settings = replace(settings, gaps=tuple(gap for gap in Gap if gap in compared))
    with open_project(settings, progress) as opened:
        check = ProjectCheck(opened, Replays(opened), looks_ahead=False, read=read)
        checked, project = check.run(), opened.loaded.project
        report = Report(project.name, checked.reports, frozenset({Gap.DRIFT}))
        today = datetime.now().astimezone().date()
        kept = without_ignored(report, settings.ignore, today, whole=False)
        pairs = list(zip(checked.databases, kept.databases, strict=True))
        found = [candidates(database, each.findings) for database, each in pairs]
        kinds = {kind.name for database, _ in pairs for kind in database.basis.catalog.kinds}
        selected = named(only, found, kinds)
        planner = RepairPlanner(opened)
        plans, repairs = [], []
        for (database, each), several in zip(pairs, found, strict=True):
            made = planner.plan(database, several, selected)
            if made is not None:
                plans.append(made[0])
            repairs.append(database_repair(each, kept, made, database, selected))
        compare = project.driftcheck_command("compare")
        result = RepairResult(project.name, tuple(repairs), kept.exit_code, compare)
        yield Planned(tuple(plans), result)
