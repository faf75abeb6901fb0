"""A colleague's database at the base's head, which gets the new revisions one by one.

It is built by the base's own files where the branch has others, and given rows where they are
wanted. Each new revision then runs, and the way back from it is tried on a copy. What its
statements do to the colleague's tables is watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from driftcheck.actions.gate.branch import Branch
from driftcheck.actions.gate.differing import differing
from driftcheck.actions.gate.hazard_findings import hazard_findings
from driftcheck.actions.gate.hazards import HazardWatch
from driftcheck.actions.gate.merge import Merge, heads_of, in_order
from driftcheck.actions.gate.places import Places
from driftcheck.actions.gate.revision_files import RevisionFile
from driftcheck.actions.gate.trial import Findings, Schemas, Trial
from driftcheck.databases.location import Place
from driftcheck.databases.row_filling import fill
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.faults import fault, origin_of
from driftcheck.pipeline.histories import in_words_of_base, prepare_stage, replay_past_roles
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.sources.history import History, version_tables
from driftcheck.sources.journal import Entry
from driftcheck.sources.replay import Fault, Replay
from driftcheck.storage.temporary import temporary_directory


@dataclass
class Played:
    """What came of it.

    Attributes:
        upgrades: What was found of the new revisions as they ran.
        downgrades: Of the way back, and of running them again.
        ways: Of the schema in the end, beside what the history builds from nothing.
        hazards: Of what they do to tables that are in use.
        stopped: Why no more was tried; empty where everything was.
        broken: Whether it was an error that stopped it, and nothing that was found.
        not_compared: Why the schema in the end could not be compared; empty where it could.
        notes: What a reader should know besides.
    """

    upgrades: Findings = field(default_factory=list)
    downgrades: Findings = field(default_factory=list)
    ways: Findings = field(default_factory=list)
    hazards: Findings = field(default_factory=list)
    stopped: str = ""
    broken: bool = False
    not_compared: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        """All that was found."""
        return [*self.upgrades, *self.downgrades, *self.ways, *self.hazards]


class Colleague:
    """Plays a colleague who is at the base's head, and upgrades.

    Args:
        session: The session.
        merge: The virtual merge.
        branch: Tells the lines of revision files.
        history: What the history builds from nothing.
    """

    def __init__(self, session: Session, merge: Merge, branch: Branch, history: History) -> None:
        self._session = session
        self._merge = merge
        self._branch = branch
        self._history = history
        self._trial = Trial(session, branch)
        self._stage = session.stage("colleague")
        self._empty = session.shadows.copies(self._stage, "empty")
        self._watches: dict[Place, HazardWatch] = {}
        self._replay = self._new_replay()
        self._played = Played()

    def play(self) -> Played:
        """Build the base's schema, and take it to the head."""
        self._session.progress("building the base's schema")
        with temporary_directory("base") as directory:
            places = Places(self._merge, self._session.project, directory)
            try:
                of_base = places.of_base()
                if of_base:
                    self._played.notes.append(
                        f"the revision files of {self._merge.base} were run to build its schema: "
                        "the working tree lacks or changes some of them"
                    )
                with self._taken_from(of_base):
                    broken = self._build()
                if broken is not None:
                    self._played.stopped = _base_is_broken(broken, self._merge)
                    return self._played
                with self._taken_from(places.of_merge()):
                    self._upgrade(places)
            except ProjectError as error:  # env.py, or Alembic, does not go along
                self._played.stopped, self._played.broken = error.message, True
        return self._played

    def _taken_from(self, places: Sequence[Path]) -> AbstractContextManager[None]:
        return self._session.project.revisions_from(places) if places else nullcontext()

    def _new_replay(self) -> Replay:
        session = self._session
        return Replay(session.project, session.redirect, self._stage, watch=self._watch_statement)

    def _build(self) -> Fault | None:
        merge = self._merge
        revisions = merge.theirs.revisions if merge.rebuilds_base else merge.old

        def replay() -> Fault | None:
            prepare_stage(self._session, self._stage)
            self._replay = self._new_replay()
            self._replay.upgrade(self._trial.all_at(*heads_of(revisions)))
            return self._replay.fault

        replay_past_roles(self._session, self._stage, replay)
        return self._replay.fault

    def _fill(self) -> None:
        """Put rows into the colleague's tables; a copy without them stays."""
        session = self._session
        session.progress("filling tables")
        for place, tables in version_tables(session.environment).items():
            self._empty.shadow_of(session.target(place))
            for unfilled in fill(self._stage.shadows[place].url, tables):
                self._played.notes.append(f"no rows for {unfilled.table}: {unfilled.reason}")

    def _watch(self) -> None:
        """Watch from now on what becomes of the tables that are there."""
        for place in self._session.environment.databases:
            if place.dialect == "postgresql":
                self._watches[place] = HazardWatch(self._stage.shadows[place].url)

    def _watch_statement(self, place: Place, entry: Entry, connection: Any) -> None:
        if place in self._watches:
            self._watches[place].look(entry, connection)

    def _upgrade(self, places: Places) -> None:
        if self._session.settings.with_data:
            self._fill()
        self._watch()
        now = self._trial.read(self._stage)
        for one in in_order(self._merge.new):
            self._session.progress(f"trying revision {one.revision}")
            before = now
            if not self._replay.upgrade(self._trial.all_at(one.revision)):
                self._played.upgrades += self._failed(one, places)
                self._played.stopped = f"revision {one.revision} fails"
                return
            now = self._trial.read(self._stage)
            self._played.downgrades += self._trial.way_back(self._stage, one, before, now)
        root = self._session.project.root
        for place, watch in self._watches.items():
            found = hazard_findings(watch.hazards, root)
            self._played.hazards += [(place, finding) for finding in found]
        if self._merge.ahead:
            self._played.not_compared = f"{self._merge.base} has revisions that the branch lacks"
        else:
            self._played.ways += self._compared(now)

    def _only_rows_matter(self, one: RevisionFile) -> bool:
        """Whether a revision that fails runs where tables are empty."""
        session = self._session
        if not session.settings.with_data:
            return False
        replay = Replay(session.project, session.redirect, self._empty)
        return replay.upgrade(self._trial.all_at(one.revision))

    def _failed(self, one: RevisionFile, places: Places) -> Iterator[tuple[Place, Finding]]:
        broken = self._replay.fault
        if broken is None:
            return
        said = [broken.message, broken.statement]
        if broken.existing is not None:
            address, made = broken.existing
            said.append(f"{address} was made by revision {made.revision}, in {places.told(made)}")
        yield (
            next(iter(self._session.environment.databases)),
            fault(
                "gate-upgrade-fails-on-rows"
                if self._only_rows_matter(one)
                else "gate-upgrade-fails",
                details="\n".join(filter(None, said)),
                origin=origin_of(broken.where),
                revision=broken.where.revision,
                base=self._merge.base,
            ),
        )

    def _compared(self, now: Schemas) -> Iterator[tuple[Place, Finding]]:
        """The schema in the end, beside what the history builds from nothing."""
        session, edited = self._session, self._branch.first_edit()
        for place, head in self._history.head.items():
            wanted = within(head, session.settings.schemas)
            ended = in_words_of_base(session, place)(now[place])
            made = self._history.made.get(place, {})
            for finding in differing("gate-ways-differ", wanted, ended, edited, self._merge.base):
                maker = made.get(finding.address) if finding.address else None
                yield place, replace(finding, origin=edited or origin_of(maker))


def _base_is_broken(broken: Fault, merge: Merge) -> str:
    return f"{merge.base} does not build: revision {broken.where.revision}: {broken.message}"
