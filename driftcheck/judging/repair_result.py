"""The plans of ``driftcheck repair`` as a frozen value, as reports show them."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding
from driftcheck.schema import Address


@dataclass(frozen=True, slots=True)
class StepHazard:
    """What a step does to a database in use.

    Attributes:
        name: ``data loss``, ``rewrite``, ``lock``, ``scan``, ``rows`` (the step fails if the rows
            do not fit) or ``not in a transaction``.
        text: The hazard in a sentence without a period.
        table: The table that is affected; ``None`` if it is no table.
        rows: The number of rows of this table as the server estimates it; ``None`` if it is not
            known.
        lock: The mode of the lock, as the server's manual names it.
    """

    name: str
    text: str
    table: Address | None = None
    rows: int | None = None
    lock: str = ""


@dataclass(frozen=True, slots=True)
class ResultStep:
    """A statement of a plan.

    Attributes:
        statement: SQL without a closing semicolon.
        address: The object that the statement creates, changes or drops.
        script: The statement as the client program of the database system takes it.
        finding: The finding that the statement belongs to; ``None`` if it belongs to none, such as
            a view that is dropped and created again.
        hazards: What the statement does to a database in use.
        is_separate: Whether it runs after the transaction of the others.
        runs_in_transaction: Whether the database accepts it in a transaction.
    """

    statement: str
    address: Address
    script: str = ""
    finding: Finding | None = None
    hazards: tuple[StepHazard, ...] = ()
    is_separate: bool = False
    runs_in_transaction: bool = True


@dataclass(frozen=True, slots=True)
class ResultManualStep:
    """An instruction for a change that cannot be written as SQL.

    Attributes:
        text: The instruction, in sentences.
        address: The object that it is about.
        finding: The finding that it belongs to.
    """

    text: str
    address: Address
    finding: Finding | None = None


@dataclass(frozen=True)
class DatabaseRepair:
    """The repair of one database.

    Attributes:
        name: The database's bind key or, without binds, its own name.
        location: The URL without password.
        dialect: SQLAlchemy's name of the database system.
        server_version: The version that the server reports.
        stamped: The revisions that the database is stamped with.
        findings: The findings that the plan repairs.
        steps: The statements, in the order in which they run.
        manual_steps: What only a person can do.
        not_restored: What does not come back, in sentences.
        is_proved: Whether the plan was tried and leads to the wanted schema.
        proof: How it was tried, or why it is not proved, in sentences.
        faults: Findings because of which the drift is not known, or not all of it.
        notes: What is not repaired, and why, in sentences.
        is_atomic: Whether the steps of a transaction have no effect if one of them fails.
        client_settings: The first lines of a script for the database system's client program.
    """

    name: str
    location: str = ""
    dialect: str = ""
    server_version: str = ""
    stamped: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[ResultStep, ...] = ()
    manual_steps: tuple[ResultManualStep, ...] = ()
    not_restored: tuple[str, ...] = ()
    is_proved: bool = False
    proof: tuple[str, ...] = ()
    faults: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    is_atomic: bool = True
    client_settings: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to repair."""
        return bool(self.findings)


@dataclass(frozen=True)
class RepairResult:
    """The repairs of the databases of a project.

    Attributes:
        project: The project's name.
        databases: The repair of each database.
        exit_code: FOUND if anything has to be repaired, or if the drift is not known because of a
            fault of the project; CLEAN otherwise, as in ``compare``.
        compare: The command that compares the databases again.
        is_applied: Whether the plans are run next, if the user wants it.
    """

    project: str
    databases: tuple[DatabaseRepair, ...]
    exit_code: ExitCode = ExitCode.CLEAN
    compare: str = field(default="driftcheck compare")
    is_applied: bool = False
