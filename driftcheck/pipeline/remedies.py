"""Gives findings what a reader needs to act: phantom operations, remedies, origins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.chain import Gap
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.plan import Plan
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import (
    Evidence,
    Finding,
    Origin,
    PhantomOperation,
    Remedy,
    Severity,
    SourceLine,
    Verdict,
)
from driftcheck.judging.judge import Judged, is_left_to_migrations, things_of
from driftcheck.pipeline.change_plan import redo, undo
from driftcheck.pipeline.faults import origin_of
from driftcheck.schema import Address, SchemaObject
from driftcheck.sources.autogenerate import Operation
from driftcheck.sources.replay import Made


@dataclass(frozen=True)
class Operations:
    """What autogenerate writes over the tables that findings are about.

    Attributes:
        on_head: Against the history's head: what the models really need.
        on_live: Against the head with the drift made again: what ``migrate`` would write.
        errors: What the head's database answers to those of the first that fail on it, by text.
        left: What of the models the head still lacks once the first have run.
        ran: Whether autogenerate ran at all; where it did not, nothing is a blind spot.
        not_tried: Why it did not run with the drift; empty where it did.
    """

    on_head: Sequence[Operation] = ()
    on_live: Sequence[Operation] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[Change] = ()
    ran: bool = False
    not_tried: str = ""

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
class ColleagueError:
    """What a database without the drift answers to an operation.

    Attributes:
        error: Its error; ``None`` where the operation runs.
        not_tried: Why it could not be found out; empty where it was.
    """

    error: str | None = None
    not_tried: str = ""


@dataclass(frozen=True)
class Dossier:
    """What is known besides the changes themselves.

    Attributes:
        catalog: Writes changes as DDL.
        operations: What autogenerate writes.
        colleague_error: What a database without drift answers to an operation.
        made: Which revision made what.
        declared: Where the models declare what a finding is about, by its address.
        upgrade: The command that upgrades, in the project's own manner.
        evidence: What the live database knows of how changes came about.
    """

    catalog: Catalog
    operations: Operations = field(default_factory=Operations)
    colleague_error: Callable[[Operation], ColleagueError] = lambda _: ColleagueError()
    made: Mapping[Address, Made] = field(default_factory=dict)
    declared: Mapping[Address, SourceLine] = field(default_factory=dict)
    upgrade: str = "alembic upgrade head"
    evidence: Mapping[Address, Evidence] = field(default_factory=dict)


def complete(judged: Sequence[Judged], dossier: Dossier) -> list[Finding]:
    """Complete every finding with its phantom operation, its remedies and its origin."""
    phantoms = _share_out(dossier.operations.phantoms, judged)
    return [_completed(one, phantoms[index], dossier) for index, one in enumerate(judged)]


def _completed(one: Judged, phantoms: Sequence[Operation], dossier: Dossier) -> Finding:
    phantom, not_tried = _phantom(one, phantoms, dossier)
    return replace(
        one.finding,
        leads_to=" ".join(filter(None, (one.finding.leads_to, not_tried))),
        phantom=phantom,
        remedies=tuple(_remedies(one, phantoms, dossier)),
        origin=_origin(one.finding.address, dossier.made),
        whole_origin=_origin(one.finding.part_of, dossier.made),
        declared=one.finding.address and dossier.declared.get(one.finding.address),
        blind_spot=_is_blind_spot(one, dossier.operations),
        evidence=_evidence(one, dossier.evidence),
    )


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
    things = list(_things(one))
    own = {thing.address for thing in things}
    if address.kind == "index":  # where its name belongs to its table, Alembic's does not
        return any((a.kind, a.name) == ("index", address.name) for a in own)
    if address.name:
        return address in own
    alike = [
        t
        for t in things
        if (t.address.kind, t.address.path[:-1]) == (address.kind, address.path[:-1])
    ]
    return any(t.subject in (None, operation.subject) for t in alike)


def _things(one: Judged) -> Iterator[SchemaObject]:
    """Everything that a finding is about, the parts of wholes included."""
    for changes in one.changes.values():
        yield from things_of(changes)


def _same_table(operation: Operation, one: Judged) -> bool:
    tables = {thing.address.path[0] for thing in _things(one)}
    wholes = {c.thing.part_of for several in one.changes.values() for c in several}
    tables |= {whole.name for whole in wholes if whole is not None}
    return operation.table in tables


def _phantom(
    one: Judged, operations: Sequence[Operation], dossier: Dossier
) -> tuple[PhantomOperation | None, str]:
    """What ``migrate`` would wrongly write for a finding, and a sentence on what was not tried."""
    address, reason = one.finding.address, dossier.operations.not_tried
    if reason and Gap.DRIFT in one.finding.gaps:
        return None, f"Whether migrate would write an operation for it was not tried: {reason}."
    if not operations or address is None:
        return None, ""
    text = "\n".join(operation.text for operation in operations)
    not_tried = ""
    for operation in operations:
        answer = dossier.colleague_error(operation)
        if answer.error is not None:
            return PhantomOperation(text, address, answer.error), ""
        not_tried = not_tried or answer.not_tried
    phantom = PhantomOperation(text, address, answer_known=not not_tried)
    if not not_tried:
        return phantom, ""
    return phantom, f"What a database without the drift answers to it was not tried: {not_tried}."


def _origin(address: Address | None, made: Mapping[Address, Made]) -> Origin | None:
    return None if address is None else origin_of(made.get(address))


def _evidence(one: Judged, evidence: Mapping[Address, Evidence]) -> Evidence | None:
    """What the database that was looked at knows of a change made in it."""
    if one.finding.address is None or {Gap.DRIFT, Gap.DIFFERENCE}.isdisjoint(one.changes):
        return None
    return evidence.get(one.finding.address)


def _is_blind_spot(one: Judged, operations: Operations) -> bool:
    """Whether the models changed, and autogenerate does not see it, or not all of it.

    What is still missing once its operations have run was not seen. Of one that fails, that cannot
    be said.
    """
    if not operations.ran or Gap.PENDING not in one.finding.gaps:
        return False
    if one.finding.severity is Severity.NOTE:  # there is nothing to be seen
        return False
    own = [operation for operation in operations.on_head if _is_for(operation, one)]
    fails = any(operation.text in operations.errors for operation in own)
    return bool(_left_of(one, operations)) and not fails


def _left_of(one: Judged, operations: Operations) -> list[Change]:
    """What is left of a finding's change once all operations have run."""
    own = {thing.address for thing in _things(one)}
    left = (change for change in operations.left if not is_left_to_migrations(change))
    return [c for c in left if any(t.address in own for t in things_of([c]))]


def _remedies(one: Judged, phantoms: Sequence[Operation], dossier: Dossier) -> Iterator[Remedy]:
    if one.finding.severity is Severity.NOTE and one.finding.verdict is not Verdict.UNAPPLIED:
        return
    match one.finding.verdict:
        case Verdict.DRIFT:
            yield _repair(one.changes[Gap.DRIFT], dossier.catalog)
            yield _adopt(one.changes[Gap.DRIFT], phantoms, dossier.catalog)
        case Verdict.PENDING:
            yield _write(one, dossier)
        case Verdict.HAND_APPLIED:
            yield _write(one, dossier, "stamp this database with it: it has the change")
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


def _write(one: Judged, dossier: Dossier, besides: str = "") -> Remedy:
    """The migration that is missing, as ``migrate`` writes it as far as that is all, and runs."""
    operations = dossier.operations
    how, code = _written(one, operations, lambda c: _executed(undo(c, dossier.catalog)))
    summary = "; ".join(filter(None, ("Write the migration", how, besides)))
    return Remedy("write the migration", f"{summary}.", "python", code)


def _written(
    one: Judged, operations: Operations, executed: Callable[[Sequence[Change]], str]
) -> tuple[str, str]:
    """Who writes the migration, and what is to be written."""
    changes, left = one.changes[Gap.PENDING], _left_of(one, operations)
    if not operations.ran:
        return "", executed(changes)
    own = [operation for operation in operations.on_head if _is_for(operation, one)]
    errors = [operations.errors[o.text] for o in own if o.text in operations.errors]
    if errors:
        return f"by hand: what migrate writes fails: {errors[0]}", executed(changes)
    if not own:
        by_hand = "by hand: migrate does not see this", executed(changes)
        return by_hand if left else ("migrate does it, along with what uses it", "")
    if changes[0].type is ChangeType.RENAMED and not changes[0].thing.renamable:
        return "by hand: migrate would drop it and make a new one, empty", executed(changes)
    texts = [operation.text for operation in own]
    if left:
        return "migrate sees only a part of it", "\n".join([*texts, executed(left)])
    return "migrate does it", "\n".join(texts)


def _executed(plan: Plan) -> str:
    """A plan as operations of a migration."""
    lines = [f"op.execute({statement!r})" for statement in plan.statements]
    return "\n".join([*lines, *(f"# by hand: {words}" for words in plan.by_hand)])
