"""The results of a selftest, as frozen values: per mutation, per kind, per database, in total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from driftcheck.errors import ExitCode
from driftcheck.schema import Address


class Outcome(StrEnum):
    """The outcome of one mutation. The order is that of the fields of ``Tally``."""

    DETECTED = "detected"
    """The expected finding was reported."""
    MISSED = "missed"
    """The expected finding was not reported."""
    QUIET = "quiet"
    """No finding was expected, and none was reported."""
    FALSE_ALARM = "false alarm"
    """A finding was reported for an object that has not changed."""
    NOT_APPLICABLE = "not applicable"
    """The server refused the mutation, or it had no effect."""


@dataclass(frozen=True, slots=True)
class MutationResult:
    """A mutation and its outcome.

    Attributes:
        address: The mutated object.
        description: The mutation in a few words.
        statements: The SQL of the mutation.
        outcome: The outcome.
        reported: The changes that the comparison reported, each in a few words.
        reason: For *not applicable*, why. For *missed*, the system catalogs that have changed.
    """

    address: Address
    description: str
    statements: tuple[str, ...]
    outcome: Outcome
    reported: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of mutations per outcome."""

    detected: int = 0
    missed: int = 0
    quiet: int = 0
    false_alarms: int = 0
    not_applicable: int = 0

    @property
    def expecting_finding(self) -> int:
        """The number of applied mutations that were either detected or missed."""
        return self.detected + self.missed

    @property
    def checked_for_false_alarms(self) -> int:
        """The number of applied mutations that were either quiet or caused a false alarm."""
        return self.quiet + self.false_alarms


@dataclass(frozen=True)
class DatabaseResult:
    """The results for the schema of one database.

    Attributes:
        name: The name of the bind, or of the database.
        dialect: The name of SQLAlchemy's dialect.
        server_version: The version of the shadow's server.
        heads: The head revisions whose schema was mutated.
        results: The result of each mutation that was run, in the order of the schema.
        possible: The number of mutations that the schema allows.
        seed: The seed of the sample; ``None`` if all mutations were run.
        shadows: Where the shadow database was created, and why there.
        notes: Further notes for the reader.
    """

    name: str
    dialect: str
    server_version: str
    heads: tuple[str, ...]
    results: tuple[MutationResult, ...]
    possible: int
    seed: int | None = None
    shadows: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def tallies(self) -> Mapping[str, Tally]:
        """The tally of each kind of object, in the order of the results."""
        counts = Counter((result.address.kind, result.outcome) for result in self.results)
        kinds = dict.fromkeys(result.address.kind for result in self.results)
        return {kind: Tally(*(counts[kind, outcome] for outcome in Outcome)) for kind in kinds}

    @property
    def total(self) -> Tally:
        """The tally of all kinds."""
        counts = Counter(result.outcome for result in self.results)
        return Tally(*(counts[outcome] for outcome in Outcome))

    @property
    def failures(self) -> tuple[MutationResult, ...]:
        """The missed mutations and the false alarms."""
        failed = (Outcome.MISSED, Outcome.FALSE_ALARM)
        return tuple(result for result in self.results if result.outcome in failed)

    @property
    def applied(self) -> int:
        """The number of mutations that were applicable."""
        return len(self.results) - self.total.not_applicable


@dataclass(frozen=True)
class SelftestResult:
    """The results of a selftest.

    Attributes:
        project: The project's name.
        databases: The results of each database that was tested.
        command: The command, as the user would type it.
    """

    project: str
    databases: tuple[DatabaseResult, ...]
    command: str = "driftcheck selftest"

    @property
    def exit_code(self) -> ExitCode:
        """``FOUND`` if a mutation failed, ``CANNOT_CHECK`` if none was applied, else ``CLEAN``."""
        if any(database.failures for database in self.databases):
            return ExitCode.FOUND
        if not any(database.applied for database in self.databases):
            return ExitCode.CANNOT_CHECK
        return ExitCode.CLEAN
