"""Says what it means where a live database is at another revision than its stamp says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftcheck.actions.locate.nearest_state import Fit
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.pipeline.faults import fault
from driftcheck.sources.live import Live
from driftcheck.sources.walk import Applied, State, Walk


@dataclass(frozen=True)
class Located:
    """A live database, and where it was found.

    Attributes:
        live: The live database.
        unknown: The revisions it is stamped with that no file has.
        walk: The walk that it was held against.
        stamped: What has run if its stamp is right; ``None`` where that is not known.
        fit: Where it fits.
    """

    live: Live
    unknown: Sequence[str]
    walk: Walk
    stamped: Applied | None
    fit: Fit

    @property
    def state(self) -> State:
        """Of the states that it fits, the one that is closest to its stamp."""
        stamped = self.stamped
        if stamped is None:
            return self.fit.states[-1]
        return min(self.fit.states, key=lambda state: len(state.applied ^ stamped))

    @property
    def as_stamped(self) -> bool:
        """Whether that is what its stamp says."""
        return self.state.applied == self.stamped


def location(located: Located, upgrade: str) -> Iterator[Finding]:
    """What is to be said of where a database is; nothing where it is what its stamp says.

    Args:
        located: The database.
        upgrade: The command that upgrades, in the project's own manner.
    """
    revision = " or ".join(_name(located.walk.latest(s.applied)) for s in located.fit.states)
    stamped = ", ".join(located.live.stamped or ())
    remedies = () if located.as_stamped else (_stamp(located, upgrade),)
    if located.fit.changes:
        count = len(located.fit.changes)
        yield fault(
            "locate-nearest",
            remedies=remedies,
            stamped=f"stamped {stamped}" if stamped else "not stamped with any revision",
            revision=revision,
            changes="1 change" if count == 1 else f"{count} changes",
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
            what=_what(located),
        )


def _name(revisions: Sequence[str]) -> str:
    return " with ".join(revisions) if revisions else "the beginning"


def _what(located: Located) -> str:
    """What the stamp says and is not so."""
    if located.stamped is None:
        return "its stamp is of no use"
    applied = located.state.applied
    least = "at least " if len(located.fit.states) > 1 else ""
    told = []
    if never := len(located.stamped - applied):
        told.append(f"{least}{_revisions(never)} recorded and never ran")
    if unrecorded := len(applied - located.stamped):
        told.append(f"{least}{_revisions(unrecorded)} not recorded and ran")
    return ", ".join(told)


def _revisions(count: int) -> str:
    return "1 revision is" if count == 1 else f"{count} revisions are"


def _stamp(located: Located, upgrade: str) -> Remedy:
    """Record where the database is and, where something has not run yet, run that."""
    state = located.state
    command = upgrade.partition(" upgrade")[0]
    purge = " --purge" if located.unknown else ""
    revisions = " ".join(located.walk.latest(state.applied)) or "base"
    code = f"{command} stamp{purge} {revisions}"
    summary = "Record where it is."
    if located.fit.changes:
        summary = "If it is there, record it."
    if state.applied != located.walk.now.applied:
        summary = summary.removesuffix(".") + ", and run what comes after that."
        code += f"\n{upgrade}"
    if len(located.fit.states) > 1:
        summary += " Which of the revisions ran that leave this schema, only rows can tell."
    return Remedy("stamp", summary, "shell", code)
