"""Findings about a live database whose schema belongs to another revision than its stamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftcheck.actions.locate.nearest_state import NearestState
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.pipeline.faults.faults import fault
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.walk import Applied, State, Walk


@dataclass(frozen=True)
class LocatedDatabase:
    """A live database, and the states that are nearest to it.

    Attributes:
        recorded: The revisions in its version tables.
        unknown: Those of them that have no file.
        walk: The walk with which it was compared.
        stamped: The revisions that have run according to its stamp; ``None`` if that is not known.
        nearest: The nearest states.
        broken_at: The revision at which the history breaks; empty if it runs.
    """

    recorded: tuple[str, ...]
    unknown: Sequence[str]
    walk: Walk
    stamped: Applied | None
    nearest: NearestState
    broken_at: str = ""

    @property
    def state(self) -> State:
        """The nearest state; of several with the same schema, the state closest to the stamp."""
        stamped = self.stamped
        if stamped is None:
            return self.nearest.states[-1]
        return min(self.nearest.states, key=lambda state: len(state.applied ^ stamped))

    @property
    def as_stamped(self) -> bool:
        """Whether the stamp names this state."""
        return self.state.applied == self.stamped

    @property
    def is_known(self) -> bool:
        """Whether a later part of the history cannot change the answer.

        If the history breaks, only an exact match with the stamped state is certain.
        """
        return not self.broken_at or (self.as_stamped and not self.nearest.changes)


def location_findings(located: LocatedDatabase, loaded: LoadedProject) -> Iterator[Finding]:
    """Yield a finding unless the database matches the state of its stamp exactly.

    Args:
        located: The database.
        loaded: The project, which knows its commands.
    """
    nearest = located.nearest
    revision = " or ".join(_name(located.walk.heads_of(s.applied)) for s in nearest.states)
    stamped = ", ".join(located.recorded)
    if not located.is_known:
        yield _incomplete(located, revision, loaded)
        return
    remedies = () if located.as_stamped else (_stamp_remedy(located, loaded),)
    if nearest.changes:
        yield fault(
            "locate-nearest",
            remedies=remedies,
            stamped=f"stamped {stamped}" if stamped else "not stamped with any revision",
            revision=revision,
            changes=_changes(located),
        )
    elif located.as_stamped:
        return
    elif not stamped:
        yield fault("locate-unstamped", remedies=remedies, revision=revision)
    else:
        yield fault(
            "locate-elsewhere",
            remedies=remedies,
            stamped=stamped,
            revision=revision,
            what=_stamp_error(located),
        )


def _incomplete(located: LocatedDatabase, revision: str, loaded: LoadedProject) -> Finding:
    """Make the note about a database of which the later revisions are not known."""
    broken_at = located.broken_at
    remedy = Remedy(
        "fix the history",
        f"Fix revision {broken_at} first. Then search again.",
        "shell",
        loaded.project.driftcheck_command("locate"),
    )
    return fault(
        "locate-incomplete",
        remedies=(remedy,),
        broken=broken_at,
        revision=revision,
        changes=_changes(located),
    )


def _changes(located: LocatedDatabase) -> str:
    count = len(located.nearest.changes)
    return "1 change" if count == 1 else f"{count or 'no'} changes"


def _name(revisions: Sequence[str]) -> str:
    return " with ".join(revisions) if revisions else "an empty database"


def _stamp_error(located: LocatedDatabase) -> str:
    """How the stamp differs from the revisions that have run."""
    if located.stamped is None:
        return "no file has the revision of the stamp"
    applied = located.state.applied
    least = "at least " if len(located.nearest.states) > 1 else ""
    parts = []
    if not_run := len(located.stamped - applied):
        parts.append(f"{least}{_revisions(not_run)} recorded but did not run")
    if not_recorded := len(applied - located.stamped):
        parts.append(f"{least}{_revisions(not_recorded)} not recorded but did run")
    return ", ".join(parts)


def _revisions(count: int) -> str:
    return "1 revision is" if count == 1 else f"{count} revisions are"


def _stamp_remedy(located: LocatedDatabase, loaded: LoadedProject) -> Remedy:
    """Stamp the database with its state, then upgrade if revisions are left."""
    state = located.state
    purge = ["--purge"] if located.unknown else []
    revisions = located.walk.heads_of(state.applied) or ["base"]
    code = loaded.project.command("stamp", *purge, *revisions)
    summary = "Stamp the database with this revision"
    if located.nearest.changes:
        summary = "If the database is at this revision, stamp it"
    if state.applied != located.walk.now.applied:
        summary += ", then run the later revisions"
        code += "\n" + loaded.upgrade_command
    summary += "."
    if len(located.nearest.states) > 1:
        summary += (
            " Several revisions leave this schema; check the rows to see which of them have run."
        )
    return Remedy("stamp", summary, "shell", code)
