"""Reports a live database whose stamp records revisions that have not run on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from driftcheck.chain import Gap, Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.causes.change_lines import described
from driftcheck.pipeline.causes.live_behind import LiveBehind, find_live_behind
from driftcheck.pipeline.causes.project_walks import ProjectWalks
from driftcheck.pipeline.changes import Changes
from driftcheck.pipeline.completion.evidence import evidence_of
from driftcheck.pipeline.database_state import DatabaseState, ProjectState
from driftcheck.pipeline.faults.faults import fault
from driftcheck.schema import Address
from driftcheck.sources.history import History
from driftcheck.sources.object_sources import MigrationSource, ObjectSources
from driftcheck.sources.statement_log import has_word
from driftcheck.sources.walk import ancestry

_MOST_NAMED = 5
"""How many revisions a message names."""


class NotRunRevisions:
    """Finds and reports the revisions that are recorded and have not run on live databases.

    Args:
        opened: The opened project.
        walks: Walks through its history.
    """

    def __init__(self, opened: OpenedProject, walks: ProjectWalks) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._walks = walks
        self._settings = opened.settings

    def find(
        self, database: DatabaseState, changes: Changes, state: ProjectState[HistoryResult]
    ) -> LiveBehind | None:
        """Find the revisions of a live database that are recorded and have not run.

        The history is replayed revision by revision only if such revisions may explain the drift.

        Args:
            database: The state of the database.
            changes: The changes of its schemas.
            state: The state of the project.
        """
        drift, history = changes.get(Gap.DRIFT), state.result.history
        if not drift or history.fault is not None:
            return None
        if not self._may_explain(drift, database, history, frozenset()):
            return None
        dropped = self._dropped(drift, database)
        if dropped and not self._may_explain(drift, database, history, dropped):
            return None
        walk = self._walks.get(database.database_key, state.stamped)
        if walk is None:
            return None
        sides = database.snapshots[Side.STAMPED], database.snapshots[Side.LIVE]
        behind = find_live_behind(walk, database.stamped, *sides, self._settings.schemas)
        if behind is None or any(each.address in dropped for each in objects_of(behind.changes)):
            return None
        return behind

    def _may_explain(
        self,
        drift: Sequence[Change],
        database: DatabaseState,
        history: History,
        dropped: Collection[Address],
    ) -> bool:
        """Whether revisions that may not have run concern a change of the live database.

        A revision has run if an object that it created is in the live database, or was there. All
        revisions before it have run too.
        """
        parents = self._loaded.parents()
        made = _made(history, database.database_key)
        existing = {*database.snapshots[Side.LIVE].objects, *dropped}
        have_run = {made[address].revision for address in existing & made.keys()}
        not_run = ancestry(database.stamped, parents) - ancestry(have_run, parents)
        if any(
            each.address in made and made[each.address].revision in not_run
            for each in objects_of(change for change in drift if change.type is ChangeType.MISSING)
        ):
            return True
        texts = [*map(self._text, not_run)]
        others = objects_of(change for change in drift if change.type is not ChangeType.MISSING)
        return any(has_word(text, each.address.name) for each in others for text in texts)

    def _text(self, revision: str) -> str:
        path = Path(self._loaded.script.get_revision(revision).path)
        return path.read_text(encoding="utf-8", errors="replace")

    def _dropped(self, drift: Sequence[Change], database: DatabaseState) -> frozenset[Address]:
        """Return the missing columns of which the live database records that they existed."""
        stamped, live = database.snapshots[Side.STAMPED], database.snapshots[Side.LIVE]
        missing = [change for change in drift if change.type is ChangeType.MISSING]
        if not missing:
            return frozenset()
        url = self._shadows.live_url(database.database_key)
        found = evidence_of(missing, stamped, live, database.catalog, url)
        return frozenset(at for at, each in found.items() if each.tombstone is not None)

    def findings(self, behind: LiveBehind, database: DatabaseState) -> Iterator[Finding]:
        """Make the finding about the revisions.

        Args:
            behind: The revisions.
            database: The state of the database.
        """
        schema = f"the schema of {' and '.join(behind.heads)}"
        if not behind.heads:
            schema = "the schema before the first revision"
        yield fault(
            "stamp-ahead",
            details="\n".join(described(behind.changes)),
            remedies=(self._stamp(behind, database),),
            schema=schema if behind.is_whole else f"{schema}, apart from other drift",
            stamped=", ".join(database.stamped),
            revisions=_recorded(behind.not_run),
        )

    def _stamp(self, behind: LiveBehind, database: DatabaseState) -> Remedy:
        summary = (
            "Record the revision whose schema the database has, then run the migrations. They also "
            "run the statements of these revisions that change rows. Rows are not compared: check "
            "whether such statements have run already."
        )
        if behind.alike:
            others = " or ".join(" and ".join(heads) or "base" for heads in behind.alike)
            summary += (
                f" The schema is also that of {others}: revisions that do not change the schema "
                "cannot be told apart, so check the rows to see which of them have run."
            )
        commands = self._stamp_command(behind, database), self._loaded.upgrade_command
        return Remedy("stamp", summary, "shell", "\n".join(commands))

    def _stamp_command(self, behind: LiveBehind, database: DatabaseState) -> str:
        """Return the command; with several heads, the version table has to be emptied first.

        ``stamp`` replaces only the heads that are on the branch of a revision.
        """
        several = len(behind.heads) > 1 or len({*database.stamped}) > 1
        purge = ("--purge",) if several and behind.heads else ()
        return self._loaded.project.command("stamp", *purge, *(behind.heads or ("base",)))


def _made(history: History, database_key: DatabaseKey) -> Mapping[Address, MigrationSource]:
    """Return where objects are created, also those that revisions after the stamp drop."""
    at_stamped = history.sources_at_stamped or ObjectSources()
    return {**history.sources.made_in(database_key), **at_stamped.made_in(database_key)}


def _recorded(revisions: Sequence[str]) -> str:
    names = ", ".join(revisions[:_MOST_NAMED])
    more = len(revisions) - _MOST_NAMED
    if more > 0:
        names += f" and {more} more"
    if len(revisions) == 1:
        return f"{names} is recorded, and its changes are missing"
    return f"{names} are recorded, and their changes are missing"
