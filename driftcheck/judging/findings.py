"""What a check found, as frozen values: findings, and the report that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.schema import Address


class Severity(StrEnum):
    """How much a finding matters. A note never fails a check."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Verdict(StrEnum):
    """What the four schemas together say of one object."""

    PENDING = "pending"
    UNAPPLIED = "unapplied"
    DRIFT = "drift"
    HAND_APPLIED = "hand-applied"
    CONFLICT = "conflict"
    DIFFERENCE = "difference"

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps in which such an object differs, the one it is told under first."""
        if self is Verdict.HAND_APPLIED:
            return Gap.PENDING, Gap.DRIFT
        if self is Verdict.CONFLICT:
            return Gap.DRIFT, Gap.PENDING
        return (Gap(self.value),)


@dataclass(frozen=True, slots=True)
class Origin:
    """The migration that made an object.

    Attributes:
        revision: Its identifier.
        file: Its path, relative to the project where it lies within.
        line: The line of the operation; ``None`` where it is not known.
        is_written: Whether the file is there: not that of a migration that ``migrate`` would write.
    """

    revision: str
    file: str
    line: int | None = None
    is_written: bool = True


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A place in the project's own files.

    Attributes:
        file: Its path, relative to the project where it lies within.
        line: The line, from 1 on; ``None`` where it is not known.
    """

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to mend a finding.

    Attributes:
        name: ``repair``, ``adopt``, ``upgrade``, ``write the migration`` ...
        summary: What it does, in a sentence.
        language: Of the code: ``sql``, ``python`` or ``shell``.
        code: What to run or to write; empty where it must be done by hand, as the summary says.
        loses_data: Whether running it loses rows or values.
    """

    name: str
    summary: str
    language: str = ""
    code: str = ""
    loses_data: bool = False


@dataclass(frozen=True, slots=True)
class PhantomOperation:
    """An operation that ``migrate`` would write because of drift, not of a model change.

    Attributes:
        operation: The operation as Alembic writes it in Python.
        address: The object it is for.
        colleague_error: What the database of a colleague, who has no drift, answers to it;
            ``None`` where it answers nothing.
        answer_known: Whether that was tried; else the finding says why not.
    """

    operation: str
    address: Address
    colleague_error: str | None = None
    answer_known: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the live database still knows of how a change came about.

    Attributes:
        text: It, in words.
        tombstone: The number at which a dropped column has left its mark.
        at: When it was done, in ISO 8601; ``None`` where the server keeps no such times.
    """

    text: str
    tombstone: int | None = None
    at: str | None = None


@dataclass(frozen=True)
class Finding:
    """A change, or a fault of the project itself.

    Attributes:
        rule: The stable identity of its kind: public API.
        severity: How much it matters.
        verdict: What the four schemas say; ``None`` for a fault of the project itself.
        message: What was found, in a sentence.
        change: How the object differs; ``None`` for a fault of the project itself.
        address: The object; ``None`` for a fault of the project itself.
        part_of: The whole that the object belongs to: the table of a column or an index.
        definitions: What each side holds: a text, or ``None`` where it has no such object; a
            side that was not looked at is not there.
        differences: What differs inside the object, where it is changed.
        parts: What comes and goes with it: the columns of a missing table.
        leads_to: What will happen if nothing is done.
        remedies: The ways to mend it.
        phantom: What ``migrate`` would wrongly write for it.
        origin: The migration that made the object.
        whole_origin: The migration that made the whole it belongs to, or what stands in its way.
        declared: Where the models declare the object.
        details: What the database or the project's code said, as it said it.
        why: What brought it about, in sentences.
        blind_spot: Whether autogenerate does not see it.
        evidence: What the live database still knows of how it came about.
    """

    rule: str
    severity: Severity
    message: str
    verdict: Verdict | None = None
    change: ChangeType | None = None
    address: Address | None = None
    part_of: Address | None = None
    definitions: Mapping[Side, str | None] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    parts: tuple[Address, ...] = ()
    leads_to: str = ""
    remedies: tuple[Remedy, ...] = ()
    phantom: PhantomOperation | None = None
    origin: Origin | None = None
    whole_origin: Origin | None = None
    declared: SourceLine | None = None
    details: str = ""
    why: str = ""
    blind_spot: bool = False
    evidence: Evidence | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps it belongs to, the one it is told under first."""
        return self.verdict.gaps if self.verdict else ()

    @property
    def location(self) -> SourceLine | None:
        """The one line that it comes from.

        For a change of the models that no migration carries, it is theirs. Else it is the
        operation that a live database contradicts, or that does not run; for what no migration
        makes, the operation that made the whole it is in.
        """
        origin = self.origin if self.origin and self.origin.is_written else None
        made = origin or self.whole_origin
        by_migrations = None if made is None else SourceLine(made.file, made.line)
        if Gap.PENDING in self.gaps or by_migrations is None:
            return self.declared or by_migrations
        return by_migrations


@dataclass(frozen=True)
class Ignored:
    """A finding that does not count, because the project says so.

    Attributes:
        finding: The finding.
        reason: Why, in the project's words.
        until: The last day on which it does not count; ``None`` for ever.
    """

    finding: Finding
    reason: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done with a database in a play.

    Attributes:
        said: What was done, and what came of it, in a sentence.
        came_off: Whether it came off; ``None`` where there was nothing that could fail.
        code: What it is about: lines of a migration.
    """

    said: str
    came_off: bool | None = True
    code: str = ""


@dataclass(frozen=True)
class Play:
    """What was played with one database, such as a colleague's, from where it stood.

    Attributes:
        start: Where it stood, in words.
        acts: What was done with it, up to what did not come off.
    """

    start: str
    acts: tuple[Act, ...]

    @property
    def gets_through(self) -> bool:
        """Whether everything came off."""
        return all(act.came_off is not False for act in self.acts)


@dataclass(frozen=True)
class Coverage:
    """What was compared, and what the catalog holds that was not.

    Attributes:
        compared: How many objects of each kind, by the kind's plural, in build order.
        not_compared: How many of each kind that is not read.
        left_out: What was not asked for, such as owners: no gap in the coverage.
    """

    compared: Mapping[str, int]
    not_compared: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """At which revision a database really is, whatever it is stamped with.

    Attributes:
        states: The revisions whose schema it has, or is nearest to; more than one where they
            leave the same schema. Of a state in which branches have run side by side, the last
            revision of each; of the beginning, none.
        changes: In how many changes it differs from these.
        as_stamped: Whether these, one of them, are what it is stamped with.
        tried: How many states of the history it was held against.
        composed: Whether these were put together from what single revisions do, since the replay
            went along another branch.
    """

    states: tuple[tuple[str, ...], ...]
    changes: int
    as_stamped: bool
    tried: int
    composed: bool = False


@dataclass(frozen=True)
class DatabaseReport:
    """What was found of one database.

    Attributes:
        name: The bind it is, or the database's own name.
        location: Where it is, without a password.
        dialect: SQLAlchemy's name of its sort.
        server_version: As the server gives it.
        stamped: The revisions in its version table.
        heads: The heads of the history.
        findings: In the order of the chain's gaps, then by address.
        coverage: What was compared.
        gaps: The gaps that were looked at; a finding elsewhere means nothing.
        replay: How the history was had: ``fresh``, ``cached``, ``from the base snapshot`` ...
        shadows: Where the shadow databases were made, and why there.
        notes: What a reader should know that is no finding.
        plays: What was played with databases like it.
        whereabouts: At which revision it really is, where that was looked for.
        ignored: What was found, and does not count because the project says so.
        environment: The env.py that migrates it, for what stands on no other line.
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
    plays: tuple[Play, ...] = ()
    whereabouts: Whereabouts | None = None
    ignored: tuple[Ignored, ...] = ()
    environment: str = ""

    @property
    def phantom_operations(self) -> tuple[PhantomOperation, ...]:
        """What ``migrate`` would wrongly write for this database, altogether."""
        return tuple(f.phantom for f in self.findings if f.phantom is not None)


@dataclass(frozen=True, slots=True)
class Check:
    """One of several checks that a report is of.

    Attributes:
        name: What should be: ``the history has one head``.
        passed: Whether it is; ``None`` where that could not be looked at.
        why: Why it could not.
        broken: Whether it was an error that kept it from being looked at.
    """

    name: str
    passed: bool | None
    why: str = ""
    broken: bool = False


HAZARDS = "hazards"
"""What ``fail_on`` calls the findings whose rules begin with ``hazard-``."""


@dataclass(frozen=True)
class Report:
    """What a check found, altogether.

    Attributes:
        project: The project's name, as people know it.
        databases: One report for each database that the project migrates.
        fail_on: What fails the check: gaps, whose findings fail it unless they are notes;
            ``hazards``; and rules by their names, notes too. Faults of the project fail it where
            they are errors.
        command: The command that made it, as people would type it: ``driftcheck compare``.
        strict_coverage: Whether a check that finds nothing, and has not compared everything, is
            no check.
        subject: What was checked, where that is not the databases as they are.
        checks: The checks that were made of it, and those that could not be.
    """

    project: str
    databases: tuple[DatabaseReport, ...]
    fail_on: frozenset[str] = frozenset({Gap.DRIFT, Gap.PENDING})
    command: str = "driftcheck compare"
    strict_coverage: bool = False
    subject: str = ""
    checks: tuple[Check, ...] = ()

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails the check."""
        if finding.rule in self.fail_on:
            return True
        if finding.rule.startswith("hazard-"):
            return HAZARDS in self.fail_on
        if not finding.gaps:
            return finding.severity is Severity.ERROR
        return finding.severity is not Severity.NOTE and not self.fail_on.isdisjoint(finding.gaps)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of every database."""
        return tuple(f for database in self.databases for f in database.findings)

    @property
    def ignored(self) -> tuple[Ignored, ...]:
        """What was found of every database, and does not count."""
        return tuple(one for database in self.databases for one in database.ignored)

    @property
    def exit_code(self) -> ExitCode:
        """Found where any finding fails the check; cannot check where nothing was compared.

        The same goes for a check that an error kept from being made and, where coverage is
        strict, for what was not compared.
        """
        if any(self.fails(finding) for finding in self.findings):
            return ExitCode.FOUND
        if any(check.broken for check in self.checks):
            return ExitCode.CANNOT_CHECK
        if not any(sum(d.coverage.compared.values()) for d in self.databases):
            return ExitCode.CANNOT_CHECK
        if self.strict_coverage and any(d.coverage.not_compared for d in self.databases):
            return ExitCode.CANNOT_CHECK
        return ExitCode.CLEAN
