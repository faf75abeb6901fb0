"""Finds live databases whose stamp is not the revision of their schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from driftcheck.chain import Side
from driftcheck.judging.comparison import compare
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.causes.live_ahead import LiveAhead
from driftcheck.pipeline.causes.live_behind import LiveBehind
from driftcheck.pipeline.causes.project_walks import ProjectWalks
from driftcheck.pipeline.causes.stamp_ahead import NotRunRevisions
from driftcheck.pipeline.causes.stamp_behind import UnrecordedRevisions
from driftcheck.pipeline.causes.walked_schemas import with_objects
from driftcheck.pipeline.changes import Changes
from driftcheck.pipeline.database_state import DatabaseState, ProjectState

WrongStamp: TypeAlias = LiveAhead | LiveBehind
"""Revisions that have run and are not recorded, or that are recorded and have not run."""


class WrongStamps:
    """Finds and reports the live databases of a project whose stamp is wrong.

    Args:
        opened: The opened project.
        replays: Replays its history.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        walks = ProjectWalks(opened, replays)
        self._unrecorded = UnrecordedRevisions(opened, walks)
        self._not_run = NotRunRevisions(opened, walks)

    def find(
        self, database: DatabaseState, changes: Changes, state: ProjectState[HistoryResult]
    ) -> WrongStamp | None:
        """Find what is wrong with the stamp of a live database.

        If revisions explain a part of the drift in both ways, what explains all of it is taken.

        Args:
            database: The state of the database.
            changes: The changes of its schemas.
            state: The state of the project.
        """
        ahead = self._unrecorded.find(database, changes, state)
        if ahead is not None and _explains_all(ahead, database):
            return ahead
        behind = self._not_run.find(database, changes, state)
        if behind is not None and (ahead is None or behind.is_whole):
            return behind
        return ahead

    def findings(self, wrong: WrongStamp, database: DatabaseState) -> Iterator[Finding]:
        """Make the findings about a wrong stamp.

        Args:
            wrong: What is wrong with it.
            database: The state of the database.
        """
        if isinstance(wrong, LiveBehind):
            return self._not_run.findings(wrong, database)
        return self._unrecorded.findings(wrong, database)


def _explains_all(ahead: LiveAhead, database: DatabaseState) -> bool:
    live = database.snapshots[Side.LIVE]
    return not ahead.partial and not compare(ahead.reached, live, same_lineage=True)


def at_reached_state(database: DatabaseState, wrong: WrongStamp) -> DatabaseState:
    """Return the state of a database with the schema that its stamp should stand for."""
    removed = database.snapshots[Side.STAMPED].objects.keys() - wrong.reached.objects.keys()
    objects = {**dict.fromkeys(removed), **wrong.reached.objects}
    reached = with_objects(database.whole[Side.STAMPED], objects)
    return replace(
        database,
        snapshots={**database.snapshots, Side.STAMPED: wrong.reached},
        whole={**database.whole, Side.STAMPED: reached},
    )


def upgrade_after_fix(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, with an upgrade that goes wrong now after the correction of the stamp."""
    found = list(findings)
    fixes = [each for each in found if each.rule in _UPGRADE_NOW and each.remedies]
    for finding in found:
        if fixes and any(remedy.name == "upgrade" for remedy in finding.remedies):
            remedies = (_delayed(remedy, fixes[0]) for remedy in finding.remedies)
            finding = replace(finding, remedies=tuple(remedies))  # noqa: PLW2901
        yield finding


_FAILS = "An upgrade fails now."
_UPGRADE_NOW = {
    "stamp-overlapping": _FAILS,
    "stamp-behind": _FAILS,
    "stamp-behind-in-part": _FAILS,
    "stamp-ahead": "An upgrade skips revisions now.",
}


def _delayed(remedy: Remedy, fix: Finding) -> Remedy:
    if remedy.name != "upgrade":
        return remedy
    first = f"First {fix.remedies[0].name} ({fix.rule}), then run the migrations."
    return replace(remedy, summary=f"{_UPGRADE_NOW[fix.rule]} {first}")
