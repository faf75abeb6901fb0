"""What ``driftcheck watch`` knows of the databases from the rounds before, and keeps in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from driftcheck.actions.watch.findings import DatabaseRound, Finding
from driftcheck.errors import ConfigurationError, OutputError
from driftcheck.judging.watch_events import EventType, WatchEvent
from driftcheck.storage.cache_directory import replace_file

_VERSION = 1
_UNKNOWN = ""
"""The name that stands for all databases if no round could be made yet."""


@dataclass
class KnownDatabase:
    """What is known of a database.

    Attributes:
        unchecked: The reason why it cannot be checked now; empty if it can be.
        heads: The heads of the history when the database was last checked.
        findings: The findings when the database was last checked.
    """

    unchecked: str = ""
    heads: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass
class Message:
    """A message of the webhook that has not been delivered.

    Attributes:
        identifier: The identifier, the same for every attempt.
        body: The body, in JSON.
        attempts: How often it was sent.
    """

    identifier: str
    body: str
    attempts: int = 0


@dataclass
class WatchState:
    """The state of a watch.

    Attributes:
        databases: What is known of each database, by its name.
        outbox: The messages that have not been delivered, the oldest first.
    """

    databases: dict[str, KnownDatabase] = field(default_factory=dict)
    outbox: list[Message] = field(default_factory=list)

    def update(self, databases: Mapping[str, DatabaseRound], at: datetime) -> list[WatchEvent]:
        """Take over the result of a round.

        Args:
            databases: What the round says about each database.
            at: When the round began.

        Returns:
            What is new and what is gone.
        """
        events = list(self._history(databases, at))
        for name in [known for known in self.databases if known not in databases]:
            known = self.databases.pop(name)
            if name != _UNKNOWN:
                events.append(WatchEvent(EventType.REMOVED, at, name, "no longer checked"))
            elif known.unchecked:
                events.append(WatchEvent(EventType.CHECKED, at, name, "the check works again"))
        for name, now in databases.items():
            known = self.databases.setdefault(name, KnownDatabase())
            events += (
                _unchecked(name, known, now, at)
                if now.unchecked
                else _checked(name, known, now, at)
            )
        return events

    def fail(self, reason: str, at: datetime) -> list[WatchEvent]:
        """Take over that a round could not be made: no database was checked.

        Args:
            reason: The error.
            at: When the round began.
        """
        failed = DatabaseRound(unchecked=reason)
        return self.update(dict.fromkeys(self.databases or [_UNKNOWN], failed), at)

    def _history(
        self, databases: Mapping[str, DatabaseRound], at: datetime
    ) -> Iterator[WatchEvent]:
        """Yield one event if the heads of the history have changed since the last round."""
        for name, now in databases.items():
            known = self.databases.get(name)
            if known and known.heads and now.heads and known.heads != [*now.heads]:
                before, after = ", ".join(known.heads), ", ".join(now.heads)
                text = f"the head of the history was {before} and is {after}"
                yield WatchEvent(EventType.HISTORY, at, name, text)
                return


def _unchecked(
    name: str, known: KnownDatabase, now: DatabaseRound, at: datetime
) -> Iterator[WatchEvent]:
    """Yield an event if the database could be checked before. Its findings are kept."""
    if not known.unchecked:
        yield WatchEvent(EventType.UNCHECKED, at, name, now.unchecked)
    known.unchecked = now.unchecked


def _checked(
    name: str, known: KnownDatabase, now: DatabaseRound, at: datetime
) -> Iterator[WatchEvent]:
    """Yield the findings that are new, and those that are gone.

    A finding in a gap that was not compared in this round is kept: nothing is known of it.
    """
    if known.unchecked:
        yield WatchEvent(EventType.CHECKED, at, name, "can be checked again")
    kept = [f for f in known.findings if f["gap"] is not None and f["gap"] not in now.gaps]
    for finding in now.findings:
        if finding not in known.findings:
            yield _event(EventType.NEW, at, name, finding)
    for finding in known.findings:
        if finding not in now.findings and finding not in kept:
            yield _event(EventType.GONE, at, name, finding)
    known.unchecked, known.heads = "", [*now.heads]
    known.findings = [*now.findings, *(f for f in kept if f not in now.findings)]


def _event(event: EventType, at: datetime, name: str, finding: Finding) -> WatchEvent:
    return WatchEvent(event, at, name, str(finding["message"]), finding)


def load_state(path: Path) -> WatchState:
    """Return the state in a file; an empty one if there is no file.

    Raises:
        ConfigurationError: The file cannot be read, or is not a state of this version.
    """
    try:
        return _state(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return WatchState()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"the state file {path} cannot be used: {error}",
            hint="Delete it, or name another with --state. The next round then reports all "
            "findings as new.",
        ) from None


def _state(values: Mapping[str, Any]) -> WatchState:
    if values["version"] != _VERSION:
        raise ValueError(f"its version is {values['version']}")
    databases = {name: KnownDatabase(**each) for name, each in values["databases"].items()}
    return WatchState(databases, [Message(**each) for each in values["outbox"]])


def save_state(state: WatchState, path: Path) -> None:
    """Write a state to a file that only this user can read. The file is replaced atomically.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps({"version": _VERSION, **asdict(state)}, indent=1)
    try:
        replace_file(path, text, f".{path.name[:100]}.")
    except OSError as error:
        raise OutputError(
            f"the state file {path} cannot be written: {error.strerror}",
            hint="Name a file in a directory that you can write with --state.",
        ) from None
