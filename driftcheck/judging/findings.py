"""Findings as frozen values: what is wrong, with which object, and how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.schema import Address, Value

Labelled = TypeVar("Labelled")


class Severity(StrEnum):
    """The severity of a finding. A note never fails a check, unless its rule is in ``fail_on``."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Verdict(StrEnum):
    """The conclusion about an object from all the schemas that were compared."""

    PENDING = "pending"
    UNAPPLIED = "unapplied"
    DRIFT = "drift"
    HAND_APPLIED = "hand-applied"
    CONFLICT = "conflict"
    DIFFERENCE = "difference"

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps in which the object differs, first the gap under which it is reported."""
        if self is Verdict.HAND_APPLIED:
            return Gap.PENDING, Gap.DRIFT
        if self is Verdict.CONFLICT:
            return Gap.DRIFT, Gap.PENDING
        return (Gap(self.value),)

    @property
    def change_gap(self) -> Gap:
        """The gap of the change that the verdict is about.

        For a hand-applied change and for a conflict, the change was made to the live database.
        """
        return Gap.DRIFT if Gap.DRIFT in self.gaps else self.gaps[0]


@dataclass(frozen=True, slots=True)
class Origin:
    """The migration that created an object.

    Attributes:
        revision: The revision's identifier.
        file: The path of the migration file, relative to the project if it lies within.
        line: The line of the operation, from 1; ``None`` if unknown.
        is_written: Whether the file exists. False for a migration that ``migrate`` would write.
    """

    revision: str
    file: str
    line: int | None = None
    is_written: bool = True


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of one of the project's files.

    Attributes:
        file: The path, relative to the project if it lies within.
        line: The line, from 1; ``None`` if unknown.
    """

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way to fix a finding.

    Attributes:
        name: ``repair``, ``adopt``, ``upgrade``, ``write the migration`` ...
        summary: A sentence that describes the remedy.
        language: The language of the code: ``sql``, ``python``, ``shell``, or ``text`` for what
            only a person can do.
        code: The code to run or to write; empty if the summary describes a manual step.
        loses_data: Whether running the code loses rows or values.
    """

    name: str
    summary: str
    language: str = ""
    code: str = ""
    loses_data: bool = False


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One statement of the script that repairs a database.

    Attributes:
        statement: SQL without a closing semicolon.
        address: The object that the statement creates, changes or drops.
        rule: The rule of the finding that the statement belongs to; empty if it belongs to none,
            such as a view that is dropped and created again.
        finding: The object of that finding.
        hazards: What the statement does to a database in use: ``data loss``, ``rewrite``,
            ``lock``, ``not in a transaction``.
    """

    statement: str
    address: Address
    rule: str = ""
    finding: Address | None = None
    hazards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairScript:
    """The statements that repair all findings of a database, in an order in which they run.

    Attributes:
        steps: The statements.
        manual_steps: What only a person can do.
    """

    steps: tuple[RepairStep, ...] = ()
    manual_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhantomOperation:
    """An operation that ``migrate`` would write because of drift, not because of a model change.

    Attributes:
        operation: The operation in Python, as Alembic writes it.
        address: The object of the operation.
        colleague_error: The error that the operation causes on a database without drift;
            ``None`` if it causes none, or if that was not tried.
        answer_known: Whether that was tried. If not, the finding says why.
    """

    operation: str
    address: Address
    colleague_error: str | None = None
    answer_known: bool = True


@dataclass(frozen=True, slots=True)
class AttributeValues:
    """An attribute that does not have the same value on every side.

    Attributes:
        attribute: The name of the attribute.
        values: The value on each side that has the object.
    """

    attribute: str
    values: Mapping[Side, Value]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record in the live database of how a change happened.

    Attributes:
        text: The evidence in a sentence.
        tombstone: The number at which a dropped column left its tombstone in the catalog.
        at: The time of the change in ISO 8601; ``None`` if the server does not record it.
        never_existed: Whether the object has not existed since its parent object was created.
    """

    text: str
    tombstone: int | None = None
    at: str | None = None
    never_existed: bool = False


@dataclass(frozen=True)
class Finding:
    """A change of an object, or a fault of the project itself.

    Attributes:
        rule: The identity of the rule, such as ``drift-column-missing``: public API.
        severity: The severity.
        message: What was found, in a sentence.
        verdict: The conclusion from all schemas; ``None`` for a fault of the project itself.
        change: How the object differs; ``None`` for a fault of the project itself.
        address: The object; ``None`` for a fault of the project itself.
        new_name: The name on the actual side, of a renamed object.
        part_of: The object's parent object: the table of a column or an index.
        definitions: The object's definition on each side, ``None`` where the object does not
            exist. A side that was not compared has no entry.
        differences: The attributes that differ in the first of the gaps, for a changed object.
        attribute_values: The attributes that differ in any of the gaps, with the value on every
            side.
        parts: The objects that are created or dropped with it: the columns of a missing table.
        impact: The consequence if nothing is done.
        remedies: The ways to fix it.
        phantom: The operation that ``migrate`` would write because of it.
        origin: The migration that created the object.
        parent_origin: The migration that created the parent object, or the object that an
            operation conflicts with.
        declared: The line of the models that declares the object.
        details: The unmodified message of the database or of the project's code.
        why: The cause, in sentences.
        blind_spot: Whether autogenerate does not detect the change.
        evidence: The live database's record of how the change happened.
    """

    rule: str
    severity: Severity
    message: str
    verdict: Verdict | None = None
    change: ChangeType | None = None
    address: Address | None = None
    new_name: str = ""
    part_of: Address | None = None
    definitions: Mapping[Side, str | None] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    attribute_values: tuple[AttributeValues, ...] = ()
    parts: tuple[Address, ...] = ()
    impact: str = ""
    remedies: tuple[Remedy, ...] = ()
    phantom: PhantomOperation | None = None
    origin: Origin | None = None
    parent_origin: Origin | None = None
    declared: SourceLine | None = None
    details: str = ""
    why: str = ""
    blind_spot: bool = False
    evidence: Evidence | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps that the finding belongs to, first the gap under which it is reported."""
        return self.verdict.gaps if self.verdict else ()

    @property
    def sides(self) -> tuple[Side, Side] | None:
        """The wanted side and the actual side of the differences; ``None`` without a gap."""
        if Side.REVISION in self.definitions:
            return Side.REVISION, Side.LIVE
        return self.gaps[0].between if self.gaps else None

    def against_revision(self) -> Finding:
        """Return the finding with the stamped side labelled as a revision other than the stamp."""
        values = (replace(v, values=_relabelled(v.values)) for v in self.attribute_values)
        definitions = _relabelled(self.definitions)
        return replace(self, definitions=definitions, attribute_values=tuple(values))

    @property
    def location(self) -> SourceLine | None:
        """The line of the project that the finding is attached to.

        For a pending change, the declaration in the models. Otherwise the operation of the
        migration that created the object or, if no migration did, the operation that created the
        parent object. A migration that is not written yet has no line in the project.
        """
        own = self.origin if self.origin and self.origin.is_written else None
        created = own or self.parent_origin
        operation = None if created is None else SourceLine(created.file, created.line)
        if Gap.PENDING in self.gaps or operation is None:
            return self.declared or operation
        return operation


def _relabelled(by_side: Mapping[Side, Labelled]) -> dict[Side, Labelled]:
    return {Side.REVISION if side is Side.STAMPED else side: v for side, v in by_side.items()}


@dataclass(frozen=True)
class IgnoredFinding:
    """A finding that does not count: an ignore entry matches it, or it is in the baseline.

    Attributes:
        finding: The finding.
        reason: Why it is ignored.
        until: The last day on which the finding is ignored; ``None`` for no limit.
        in_baseline: Whether it is ignored because it is in the baseline.
    """

    finding: Finding
    reason: str
    until: date | None = None
    in_baseline: bool = False
