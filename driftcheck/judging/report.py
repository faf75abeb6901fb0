"""The report of a check as a frozen value: the findings of each database, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from driftcheck.chain import CHAIN, Gap
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import (
    Finding,
    IgnoredFinding,
    PhantomOperation,
    RepairScript,
    Severity,
)


@dataclass(frozen=True, slots=True)
class SimulationStep:
    """One step of a simulation, such as an upgrade.

    Attributes:
        description: The step and its result, in a sentence.
        succeeded: Whether the step succeeded; ``None`` for a step that cannot fail.
        code: Lines of the migration that the step is about.
    """

    description: str
    succeeded: bool | None = True
    code: str = ""


@dataclass(frozen=True)
class Simulation:
    """The simulation of a colleague's upgrade or downgrade on one shadow database.

    Attributes:
        start: The state that the database started from, in words.
        steps: The steps, up to the first that failed.
    """

    start: str
    steps: tuple[SimulationStep, ...]

    @property
    def succeeds(self) -> bool:
        """Whether no step failed."""
        return all(step.succeeded is not False for step in self.steps)


@dataclass(frozen=True)
class Coverage:
    """The objects that were compared, and those that exist and were not compared.

    Attributes:
        compared: The number of objects of each kind, by the kind's plural, in build order.
        not_compared: The number of objects of each kind that is not read.
        left_out: Properties that are compared only on request, such as owners.
    """

    compared: Mapping[str, int]
    not_compared: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionMatch:
    """The revisions whose schema a database has, whatever revision it is stamped with.

    Attributes:
        states: The matching or nearest states of the history, each as its latest revisions (one
            for each branch; none for the state before the first revision). Several states if
            they have the same schema.
        changes: The number of changes between the database and these states.
        as_stamped: Whether one of the states is the one that the database is stamped with.
        states_compared: The number of states that were compared.
        composed: Whether the states were computed from the effects of single revisions, because
            the replay took a different branch.
        broken_at: The revision at which the history breaks. It and its descendants were not
            compared. Empty if the history runs.
    """

    states: tuple[tuple[str, ...], ...]
    changes: int
    as_stamped: bool
    states_compared: int
    composed: bool = False
    broken_at: str = ""


@dataclass(frozen=True, slots=True)
class HistoryRevision:
    """A revision of the history.

    Attributes:
        revision: The revision's identifier.
        title: The first line of its docstring.
        file: Its path, relative to the project if it lies within.
        parents: The identifiers of its parents and of the revisions that it depends on.
    """

    revision: str
    title: str = ""
    file: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatabaseReport:
    """The findings of one database.

    Attributes:
        name: The database's bind key or, without binds, its own name.
        location: The URL without password.
        dialect: SQLAlchemy's name of the database system.
        server_version: The version that the server reports.
        stamped: The revisions in the database's version table.
        heads: The heads of the history.
        findings: The findings, ordered by gap, then by address.
        coverage: The objects that were compared.
        gaps: The gaps that were compared; the absence of findings in another gap means nothing.
        replay: How the history was obtained: ``fresh``, ``cached``, ``from the base snapshot``
            ...
        shadows: Where the shadow databases were created, and why there.
        notes: Information for the reader that is not a finding.
        simulations: The simulations that were run.
        revision_match: The revisions whose schema the database has, if they were looked for.
        ignored: The findings that an ignore entry of the project matches.
        repair: The script that repairs all findings; ``None`` if nothing has to be repaired.
        environment: The path of env.py, as the location of findings that have no other.
        history: The revisions, parents first, for formats that draw the history; empty without a
            history, or if it cannot be loaded.
    """

    name: str
    location: str
    dialect: str
    server_version: str
    stamped: tuple[str, ...]
    heads: tuple[str, ...]
    findings: tuple[Finding, ...]
    coverage: Coverage
    gaps: tuple[Gap, ...] = CHAIN
    replay: str = "fresh"
    shadows: str = ""
    notes: tuple[str, ...] = ()
    simulations: tuple[Simulation, ...] = ()
    revision_match: RevisionMatch | None = None
    ignored: tuple[IgnoredFinding, ...] = ()
    environment: str = ""
    history: tuple[HistoryRevision, ...] = ()
    repair: RepairScript | None = None

    @property
    def phantom_operations(self) -> tuple[PhantomOperation, ...]:
        """All operations that ``migrate`` would write because of this database's drift."""
        return tuple(finding.phantom for finding in self.findings if finding.phantom is not None)


@dataclass(frozen=True, slots=True)
class Check:
    """One of the checks that a report consists of.

    Attributes:
        name: The condition that is checked: ``the history has one head``.
        passed: Whether the condition holds; ``None`` if it was not checked.
        why: The reason why it was not checked.
        broken: Whether an error prevented the check.
    """

    name: str
    passed: bool | None
    why: str = ""
    broken: bool = False


FAIL_ON_HAZARDS = "hazards"
"""The word in ``fail_on`` for all findings whose rules begin with ``hazard-``."""


@dataclass(frozen=True)
class Report:
    """The result of a check of a project.

    Attributes:
        project: The project's name.
        databases: One report for each database that the project migrates.
        fail_on: The findings that fail the check: gaps (notes excepted), ``hazards``, and
            identities of rules (notes included). Faults of the project fail it if they are
            errors.
        command: The command that was run: ``driftcheck compare``.
        strict_coverage: Whether a check without findings is incomplete if objects were not
            compared.
        subject: What was checked, if it is not the databases themselves.
        checks: The single checks, and those that were not made.
        names_database: Whether an option named the live database. Further commands need it too.
    """

    project: str
    databases: tuple[DatabaseReport, ...]
    fail_on: frozenset[str] = frozenset({Gap.DRIFT, Gap.PENDING})
    command: str = "driftcheck compare"
    strict_coverage: bool = False
    subject: str = ""
    checks: tuple[Check, ...] = ()
    names_database: bool = False

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails the check."""
        if finding.rule in self.fail_on:
            return True
        if finding.rule.startswith("hazard-"):
            return FAIL_ON_HAZARDS in self.fail_on
        if not finding.gaps:
            return finding.severity is Severity.ERROR
        return finding.severity is not Severity.NOTE and not self.fail_on.isdisjoint(finding.gaps)

    @property
    def ok(self) -> bool:
        """Whether the check is complete and no finding fails it."""
        return self.exit_code is ExitCode.CLEAN

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail the check."""
        return tuple(filter(self.fails, self.findings))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all databases."""
        return tuple(finding for database in self.databases for finding in database.findings)

    @property
    def ignored(self) -> tuple[IgnoredFinding, ...]:
        """The ignored findings of all databases."""
        return tuple(ignored for database in self.databases for ignored in database.ignored)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code.

        FOUND if any finding fails the check. Otherwise CANNOT_CHECK if nothing was compared, if
        an error prevented a check or, with strict coverage, if objects were not compared.
        """
        if self.failing:
            return ExitCode.FOUND
        if any(check.broken for check in self.checks):
            return ExitCode.CANNOT_CHECK
        if not any(sum(database.coverage.compared.values()) for database in self.databases):
            return ExitCode.CANNOT_CHECK
        if self.strict_coverage and any(d.coverage.not_compared for d in self.databases):
            return ExitCode.CANNOT_CHECK
        return ExitCode.CLEAN
