"""Upgrades a shadow set revision by revision, and checks the downgrade of single revisions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from driftcheck.actions.gate.downgrade_check import DowngradeCheck
from driftcheck.actions.gate.revision_files import (
    RevisionFile,
    UnreadableError,
    from_loaded,
    read_revision,
)
from driftcheck.actions.gate.schemas import Findings, Schemas
from driftcheck.judging.findings import Origin
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.faults.faults import broken_history
from driftcheck.sources.files import relative
from driftcheck.sources.replay import Replay, RevisionFailure
from driftcheck.sources.walk import ancestry


class RevisionWalk:
    """A shadow set that goes through the history, forwards, one revision at a time.

    It begins again if an earlier revision is asked for.

    Args:
        opened: The opened project.
        replays: Replays its history.

    Attributes:
        order: All revisions, in an order in which they can run one by one.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self.order = _order(opened.loaded.parents())
        self._loaded = opened.loaded
        self._replays = replays
        self._shadow_set = opened.shadows.replay_set("walk")
        self._downgrade_check = DowngradeCheck(
            opened.loaded.environment, opened.shadows, replays, self.origin
        )
        self._replay: Replay | None = None
        self._position = 0
        self._start: frozenset[str] = frozenset()
        self._schemas: Schemas | None = None

    @property
    def failure(self) -> RevisionFailure | None:
        """The failure of a revision, at which the walk has stopped."""
        return None if self._replay is None else self._replay.fault

    def file_of(self, revision: str) -> RevisionFile:
        """Return the parsed file of a revision."""
        script = self._loaded.script.get_revision(revision)
        content = Path(script.path).read_bytes()
        try:
            return read_revision(script.path, content)
        except UnreadableError:
            return from_loaded(script.path, content, script)

    def origin(self, file: RevisionFile, part: str) -> Origin:
        """Return the line of a part of a revision file."""
        return Origin(file.revision, relative(file.path, self._loaded.root), file.line_of(part))

    def check(self, revision: str) -> Findings | None:
        """Run a revision, its downgrade and its upgrade again, and return what is wrong.

        Returns:
            ``None`` if the revision cannot be reached: an earlier one fails, or the history starts
            after it.
        """
        index = self.order.index(revision)
        if not self._go_to(index) or revision in self._start:
            return None
        before = self._read()
        if not self._go_to(index + 1):
            assert self.failure is not None  # noqa: S101  (why it was not reached)
            finding = broken_history(self.failure, self._loaded.project)
            return [(next(iter(self._loaded.environment.databases)), finding)]
        return self._downgrade_check.run(
            self._shadow_set, self.file_of(revision), before, self._read()
        )

    def at_the_heads(self) -> Schemas | None:
        """Return the schemas after all revisions; ``None`` if one of them fails."""
        return self._read() if self._go_to(len(self.order)) else None

    def _go_to(self, position: int) -> bool:
        """Run the revisions before a position of the order, and no other.

        Returns:
            Whether all of them have run.
        """
        failed = self.failure is not None
        if failed and self._position < position:
            return False
        if self._replay is None or failed or self._position > position:
            self._replays.repeat_without_roles(self._shadow_set, partial(self._run_anew, position))
        elif self._run(position) is not None:
            # A role or a schema that an earlier replay has left may be the only reason.
            self._replays.repeat_without_roles(self._shadow_set, partial(self._run_anew, position))
        return self.failure is None

    def _run_anew(self, position: int) -> RevisionFailure | None:
        """Run the revisions before a position in new shadows."""
        self._shadow_set.begin_again()
        self._schemas = None
        start = self._replays.prepare(self._shadow_set)
        self._start = ancestry(start, self._loaded.parents())
        self._replay, self._position = self._replays.new(self._shadow_set), 0
        return self._run(position)

    def _run(self, position: int) -> RevisionFailure | None:
        """Run the revisions from the present position to another one."""
        assert self._replay is not None  # noqa: S101  (made by _run_anew)
        for revision in self.order[self._position : position]:
            if revision not in self._start:
                self._schemas = None
                destinations = destinations_at(self._loaded.environment, [revision])
                if not self._replay.upgrade(destinations):
                    break
            self._position += 1
        return self._replay.fault

    def _read(self) -> Schemas:
        """Return the schemas now. They are read once at each position."""
        if self._schemas is None:
            self._schemas = self._replays.read_selected(self._shadow_set)
        return self._schemas


def _order(parents: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return all revisions, each behind its parents, in the same order in every process.

    pytest-xdist requires that all workers have the same items in the same order.
    """
    sorter = TopologicalSorter(
        {revision: sorted(parents[revision]) for revision in sorted(parents)}
    )
    return [*sorter.static_order()]
