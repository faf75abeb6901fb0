"""What a selftest has proved, as frozen values: what came of each trial, and the proof of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from driftcheck.errors import ExitCode
from driftcheck.schema import Address


class Outcome(StrEnum):
    """What came of a trial."""

    FOUND = "found"
    """It had to be told, and was."""
    MISSED = "missed"
    """It had to be told, and was not."""
    QUIET = "quiet"
    """It must not be told, and was not."""
    FALSE_ALARM = "false alarm"
    """What has not changed was told."""
    NOT_APPLICABLE = "not applicable"
    """Nothing was tried: the server refuses it, or it is so already."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial, and what came of it.

    Attributes:
        address: The object that it was about.
        doing: What was done, in a few words.
        statements: The SQL that did it.
        outcome: What came of it.
        told: What the comparison told, each change in a few words.
        reason: Why nothing was tried; or, where a change was missed, in which of the server's
            catalogs it is nevertheless to be seen.
    """

    address: Address
    doing: str
    statements: tuple[str, ...]
    outcome: Outcome
    told: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many trials of one kind came to what."""

    found: int = 0
    missed: int = 0
    quiet: int = 0
    false_alarms: int = 0
    not_applicable: int = 0

    @property
    def told(self) -> int:
        """How many had to be told."""
        return self.found + self.missed

    @property
    def untold(self) -> int:
        """How many were held to tell nothing but what was done."""
        return self.quiet + self.false_alarms


@dataclass(frozen=True)
class DatabaseProof:
    """What was proved of the schema of one database.

    Attributes:
        name: The bind it is, or the database's own name.
        dialect: SQLAlchemy's name of its sort.
        server_version: That of the shadow's server.
        heads: The heads of the history: what was tried.
        tried: Every trial that was begun, in that order.
        possible: How many trials the schema gives.
        seed: What a sample was drawn by; ``None`` where all were begun.
        shadows: Where the shadow database was made, and why there.
        notes: What a reader should know besides.
    """

    name: str
    dialect: str
    server_version: str
    heads: tuple[str, ...]
    tried: tuple[Tried, ...]
    possible: int
    seed: int | None = None
    shadows: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def tallies(self) -> Mapping[str, Tally]:
        """What came of the trials of each kind, in the order in which they were begun."""
        counts = Counter((tried.address.kind, tried.outcome) for tried in self.tried)
        kinds = dict.fromkeys(tried.address.kind for tried in self.tried)
        return {kind: Tally(*(counts[kind, outcome] for outcome in Outcome)) for kind in kinds}

    @property
    def total(self) -> Tally:
        """What came of all trials together."""
        counts = Counter(tried.outcome for tried in self.tried)
        return Tally(*(counts[outcome] for outcome in Outcome))

    @property
    def faults(self) -> tuple[Tried, ...]:
        """What was missed, and what was told although it has not changed."""
        faults = (Outcome.MISSED, Outcome.FALSE_ALARM)
        return tuple(tried for tried in self.tried if tried.outcome in faults)

    @property
    def run(self) -> int:
        """How many trials were carried through."""
        return len(self.tried) - self.total.not_applicable


@dataclass(frozen=True)
class Proof:
    """What a selftest has proved, altogether.

    Attributes:
        project: The project's name, as people know it.
        databases: One proof for each database that the project migrates.
        command: The command that made it, as people would type it.
    """

    project: str
    databases: tuple[DatabaseProof, ...]
    command: str = "driftcheck selftest"

    @property
    def exit_code(self) -> ExitCode:
        """Found where anything was missed or wrongly told; cannot check where nothing was tried."""
        if any(database.faults for database in self.databases):
            return ExitCode.FOUND
        if not any(database.run for database in self.databases):
            return ExitCode.CANNOT_CHECK
        return ExitCode.CLEAN
