"""Gives findings what a reader needs to act: phantom operations, remedies, origins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.catalog.base import Catalog
from driftcheck.catalog.plan import Plan
from driftcheck.chain import Gap
from driftcheck.checking.faults import origin_of
from driftcheck.checking.undoing import redo, undo
from driftcheck.comparison import Change, ChangeType
from driftcheck.findings import (
    Evidence,
    Finding,
    Origin,
    PhantomOperation,
    Remedy,
    Severity,
    Verdict,
)
from driftcheck.judge import Judged, touched
from driftcheck.schema import Address
from driftcheck.sources.autogenerate import Operation
from driftcheck.sources.replay import Made


@dataclass(frozen=True)
class Operations:
    """What autogenerate writes over the tables that findings are about.

    Attributes:
        on_head: Against the history's head: what the models really need.
        on_live: Against the head with the drift made again: what ``migrate`` would write.
        ran: Whether autogenerate ran at all; where it did not, nothing is a blind spot.
    """

    on_head: Sequence[Operation] = ()
    on_live: Sequence[Operation] = ()
    ran: bool = False

    @property
    def phantoms(self) -> list[Operation]:
        """The difference: what is written because of drift alone."""
        real = Counter(operation.text for operation in self.on_head)
        found = []
        for operation in self.on_live:
            if real[operation.text]:
                real[operation.text] -= 1
            else:
                found.append(operation)
        return found


@dataclass(frozen=True)
class Dossier:
    """What is known besides the changes themselves.

    Attributes:
        catalog: Writes changes as DDL.
        operations: What autogenerate writes.
        colleague_error: What a database without drift answers to an operation.
        made: Which revision made what.
        upgrade: The command that upgrades, in the project's own manner.
        evidence: What the live database knows of how changes came about.
    """

    catalog: Catalog
    operations: Operations = field(default_factory=Operations)
    colleague_error: Callable[[Operation], str | None] = lambda _: None
    made: Mapping[Address, Made] = field(default_factory=dict)
    upgrade: str = "alembic upgrade head"
    evidence: Mapping[Address, Evidence] = field(default_factory=dict)


def complete(judged: Sequence[Judged], dossier: Dossier) -> list[Finding]:
    """Complete every finding with its phantom operation, its remedies and its origin."""
    phantoms = _share_out(dossier.operations.phantoms, judged)
    return [
        replace(
            one.finding,
            phantom=_phantom(one, phantoms[index], dossier),
            remedies=tuple(_remedies(one, phantoms[index], dossier)),
            origin=_origin(one, dossier.made),
            blind_spot=_is_blind_spot(one, dossier.operations),
            evidence=_evidence(one, dossier.evidence),
        )
        for index, one in enumerate(judged)
    ]


def _share_out(phantoms: Iterable[Operation], judged: Sequence[Judged]) -> list[list[Operation]]:
    """Give each phantom operation to the drift that it is written for."""
    shares: list[list[Operation]] = [[] for _ in judged]
    drifts = [i for i, one in enumerate(judged) if Gap.DRIFT in one.finding.gaps]
    for operation in phantoms:
        exact = [i for i in drifts if _is_for(operation, judged[i])]
        near = [i for i in drifts if _same_table(operation, judged[i])]
        for index in (exact or near or drifts)[:1]:
            shares[index].append(operation)
    return shares


def _is_for(operation: Operation, one: Judged) -> bool:
    address = operation.address
    if address is None:
        return False
    own = _addresses(one)
    if address.kind == "index":  # where its name belongs to its table, Alembic's does not
        return any((a.kind, a.name) == ("index", address.name) for a in own)
    if address.name:
        return address in own
    return any(a.kind == address.kind and a.path[:-1] == address.path[:-1] for a in own)


def _addresses(one: Judged) -> set[Address]:
    """Everything that a finding is about, the parts of wholes included."""
    changes = [change for several in one.changes.values() for change in several]
    return {a for change in changes for a in touched(change)} | set(one.finding.parts)


def _same_table(operation: Operation, one: Judged) -> bool:
    tables = {a.path[0] for a in _addresses(one)}
    wholes = {c.thing.part_of for several in one.changes.values() for c in several}
    tables |= {whole.name for whole in wholes if whole is not None}
    return operation.table in tables


def _phantom(
    one: Judged, operations: Sequence[Operation], dossier: Dossier
) -> PhantomOperation | None:
    address = one.finding.address
    if not operations or address is None:
        return None
    text = "\n".join(operation.text for operation in operations)
    errors = (dossier.colleague_error(operation) for operation in operations)
    return PhantomOperation(text, address, next(filter(None, errors), None))


def _origin(one: Judged, made: Mapping[Address, Made]) -> Origin | None:
    address = one.finding.address
    return None if address is None else origin_of(made.get(address))


def _evidence(one: Judged, evidence: Mapping[Address, Evidence]) -> Evidence | None:
    """What the database that was looked at knows of a change made in it."""
    if one.finding.address is None or {Gap.DRIFT, Gap.DIFFERENCE}.isdisjoint(one.changes):
        return None
    return evidence.get(one.finding.address)


def _is_blind_spot(one: Judged, operations: Operations) -> bool:
    """Whether the models changed, and autogenerate does not see it."""
    if not operations.ran or Gap.PENDING not in one.finding.gaps:
        return False
    if one.finding.severity is Severity.NOTE:  # there is nothing to be seen
        return False
    return not any(_is_for(operation, one) for operation in operations.on_head)


def _remedies(one: Judged, phantoms: Sequence[Operation], dossier: Dossier) -> Iterator[Remedy]:
    if one.finding.severity is Severity.NOTE and one.finding.verdict is not Verdict.UNAPPLIED:
        return
    match one.finding.verdict:
        case Verdict.DRIFT:
            yield _repair(one.changes[Gap.DRIFT], dossier.catalog)
            yield _adopt(one.changes[Gap.DRIFT], phantoms, dossier.catalog)
        case Verdict.PENDING:
            yield _write(one, dossier, "Write the migration; migrate does it.")
        case Verdict.HAND_APPLIED:
            yield _write(
                one,
                dossier,
                "Write the migration, and stamp this database with it: it has the change.",
            )
            yield _repair(one.changes[Gap.DRIFT], dossier.catalog)
        case Verdict.CONFLICT:
            yield _repair(one.changes[Gap.DRIFT], dossier.catalog)
            yield Remedy(
                "decide", "Keep what was done by hand: bring the models to it, then adopt."
            )
        case Verdict.DIFFERENCE:
            yield _align(one.changes[Gap.DIFFERENCE], dossier.catalog)
        case Verdict.UNAPPLIED:
            yield Remedy("upgrade", "Run the migrations.", "shell", dossier.upgrade)


def _repair(changes: Sequence[Change], catalog: Catalog) -> Remedy:
    plan = undo(changes, catalog)
    summary = "Bring the live database back to its migrations."
    if plan.loses_data:
        summary += " What was put into it is lost."
    if any(catalog.kind(c.address.kind).holds_data for c in changes if c.actual is None):
        summary += " What it held is not brought back."
    return Remedy("repair", summary, "sql", plan.script, plan.loses_data)


def _align(changes: Sequence[Change], catalog: Catalog) -> Remedy:
    plan = undo(changes, catalog)
    summary = "Bring the second database to the first."
    return Remedy("align", summary, "sql", plan.script, plan.loses_data)


def _adopt(changes: Sequence[Change], phantoms: Sequence[Operation], catalog: Catalog) -> Remedy:
    """The reverse of what migrate would wrongly write is what was done by hand."""
    plan = redo(changes, catalog)
    reverses = [operation.reverse for operation in reversed(phantoms)]
    # Autogenerate knows no renames, and cannot drop what has no name in the models.
    renames = any(change.type is ChangeType.RENAMED for change in changes)
    named = all(o.address is None or o.address.name for o in phantoms)
    written = bool(reverses) and all(reverses) and named and not renames
    code = "\n".join(reverses) if written else _executed(plan)
    summary = (
        "Make it official: change the models likewise, write this into a migration, "
        "and stamp this database with it."
    )
    return Remedy("adopt", summary, "python", code, plan.loses_data)


def _write(one: Judged, dossier: Dossier, summary: str) -> Remedy:
    written = [o.text for o in dossier.operations.on_head if _is_for(o, one)]
    renamed = one.finding.change is ChangeType.RENAMED
    if written and renamed and not one.changes[Gap.PENDING][0].thing.renamable:
        summary = "Write the migration by hand: migrate would drop it and make a new one, empty."
    elif written:
        return Remedy("write the migration", summary, "python", "\n".join(written))
    elif dossier.operations.ran:
        summary = "Write the migration by hand: migrate does not see this."
    code = _executed(undo(one.changes[Gap.PENDING], dossier.catalog))
    return Remedy("write the migration", summary, "python", code)


def _executed(plan: Plan) -> str:
    """A plan as operations of a migration."""
    lines = [f"op.execute({statement!r})" for statement in plan.statements]
    return "\n".join([*lines, *(f"# by hand: {words}" for words in plan.by_hand)])
