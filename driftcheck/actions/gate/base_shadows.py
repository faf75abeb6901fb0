"""Shadows at the base's head, which are upgraded with the new revisions one by one.

They get rows if the settings ask for them. On PostgreSQL, the statements of the new revisions are
watched for hazards to the tables that exist at the base's head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from driftcheck.actions.gate.hazard_watch import Hazard, HazardWatch
from driftcheck.actions.gate.schemas import Schemas
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import database_for
from driftcheck.databases.row_filling import fill
from driftcheck.errors import ShadowError
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.building.templates import StartingPoint
from driftcheck.pipeline.progress import Step
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.history import version_tables
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure
from driftcheck.sources.statement_log import ExecutedStatement

_BUILDING = "building the base's schema"


class BaseShadows:
    """A shadow set with the schema of the base, and its upgrade.

    Args:
        opened: The opened project.
        replays: Replays its history.

    Attributes:
        shadow_set: The shadow set.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self.shadow_set = opened.shadows.replay_set("colleague")
        self._environment = opened.loaded.environment
        self._shadows = opened.shadows
        self._replays = replays
        self._progress = opened.progress
        self._at_base = opened.shadows.copies(self.shadow_set, "base")
        self._template: StartingPoint | None = None
        self._known: Schemas | None = None
        self._has_rows = False
        self._watches: dict[DatabaseKey, HazardWatch] = {}
        self._replay = self._new_replay()

    @property
    def failure(self) -> RevisionFailure | None:
        """The failure of the base's history, or of the upgrade."""
        return self._replay.fault

    @property
    def hazards(self) -> Iterator[tuple[DatabaseKey, Sequence[Hazard]]]:
        """The hazards that were observed, by database."""
        for database_key, watch in self._watches.items():
            yield database_key, watch.hazards

    def build(self, heads: Sequence[str], *, from_template: bool) -> RevisionFailure | None:
        """Replay the history to the base's heads, and return the failure, if any.

        If the replay from a template fails, it starts again from nothing.

        Args:
            heads: The base's heads.
            from_template: Whether the replay may start from a template of the working tree's files.
        """
        self._progress(_BUILDING)
        destinations = self._destinations(*heads)
        if from_template and self._is_built_from_template(destinations):
            return None

        def replay() -> RevisionFailure | None:
            start = self._replays.prepare(self.shadow_set)
            self._replay = self._new_replay()
            self._show_revisions(start, destinations)
            self._replay.upgrade(destinations)
            return self._replay.fault

        self._replays.repeat_without_roles(self.shadow_set, replay)
        return self._replay.fault

    def keep_copy(self) -> None:
        """Make the copy of the shadows, before rows are inserted and new revisions run.

        Shadows that were copied from a template at the base's head need none before it is used.
        """
        if self._template is None:
            for database_key in self._environment.databases:
                self._shadows.shadow(self._at_base, database_key)

    @property
    def at_base(self) -> ShadowSet:
        """The copy, which stays at the base's head, without rows.

        Raises:
            ShadowError: It cannot be made.
        """
        if self._template is not None and not self._at_base.shadows:
            templates = self._replays.templates
            if not templates.restore(self._template, self._at_base):
                raise ShadowError("the template with the base's schema cannot be copied")
        return self._at_base

    def insert_rows(self) -> Iterator[str]:
        """Insert rows into the tables.

        Yields:
            A note for each table that could not be filled.
        """
        self._progress("filling tables")
        self._has_rows, self._known = True, None
        for database_key, tables in version_tables(self._environment).items():
            for unfilled in fill(self.shadow_set.shadows[database_key].url, tables):
                yield f"no rows for {unfilled.table}: {unfilled.reason}"

    def start_watching(self) -> None:
        """Watch the tables that exist now for hazards."""
        for database_key in self._environment.databases:
            if database_for(database_key.dialect).detects_hazards:
                url = self.shadow_set.shadows[database_key].url
                self._watches[database_key] = HazardWatch(url)

    def upgrade(self, revision: str, number: int, total: int) -> bool:
        """Run a revision.

        Args:
            revision: The revision.
            number: Its number among the new revisions, from 1.
            total: The number of new revisions.

        Returns:
            Whether it succeeded.
        """
        name, self._known = "running the new revisions", None
        self._replay.show = lambda each: self._progress(Step(name, "revision", number, total, each))
        return self._replay.upgrade(self._destinations(revision))

    def read(self, expected: Schemas | None = None) -> Schemas:
        """Read the schemas, unless those of a template are known and nothing has run since.

        Args:
            expected: Schemas to which they are probably equal.
        """
        if self._known is not None:
            return self._replays.selected(self._known)
        return self._replays.read_selected(self.shadow_set, expected)

    def fails_on_rows_only(self, revision: str) -> bool:
        """Whether a revision that failed on tables with rows does not fail there without rows."""
        failure = self.failure
        if not self._has_rows or failure is None:
            return False
        replay = self._replays.new(self.at_base)
        replay.upgrade(self._destinations(revision))
        return replay.fault is None or replay.fault.where != failure.where

    def upgrade_copy(self, revision: str) -> bool:
        """Run a revision on the copy, and return whether it succeeded."""
        return self._replays.new(self.at_base).upgrade(self._destinations(revision))

    def _is_built_from_template(self, heads: Destinations) -> bool:
        templates = self._replays.templates
        start = templates.find([heads])
        if start is None or not templates.restore(start, self.shadow_set):
            return False
        self._replay = self._new_replay()
        self._replay.resume(start.applied)
        self._show_revisions(start.applied.revisions, heads)
        if self._replay.upgrade(heads):
            if templates.is_at(start, [heads]):
                self._template, self._known = start, start.schemas
            return True
        self.shadow_set.begin_again()
        return False

    def _show_revisions(self, start: Sequence[str], destinations: Destinations) -> None:
        """Show the revisions of the replay that follow some revisions."""
        self._replay.show = self._replays.show_revisions(_BUILDING, start, destinations)

    def _new_replay(self) -> Replay:
        return self._replays.new(self.shadow_set, watch=self._watch_statement)

    def _destinations(self, *revisions: str) -> Destinations:
        return destinations_at(self._environment, revisions)

    def _watch_statement(
        self, database_key: DatabaseKey, statement: ExecutedStatement, connection: Any
    ) -> None:
        if database_key in self._watches:
            self._watches[database_key].observe(statement, connection)
