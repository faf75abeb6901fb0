"""Decides which operations of autogenerate exist because of drift.

Autogenerate runs only on a database at the head of its history, so the live database differs from
a database at the head by its drift alone. What autogenerate writes for live, and does not write
for the head, is there because of drift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from driftcheck.judging.guard_answer import DatabaseAnswer, DriftFinding, PhantomText
from driftcheck.pipeline.operation_matching import is_for_any
from driftcheck.sources.operation import Operation


@dataclass(frozen=True)
class Phantom:
    """An operation that exists because of drift.

    Attributes:
        operation: The operation.
        text: What is shown of it.
    """

    operation: Operation
    text: PhantomText


@dataclass(frozen=True)
class Classified:
    """The operations of one database.

    Attributes:
        phantoms: The operations that exist because of drift.
        real: The other operations.
        faults: The errors of the project that the check has found.
    """

    phantoms: tuple[Phantom, ...] = ()
    real: tuple[Operation, ...] = ()
    faults: tuple[str, ...] = ()


def classify(operations: Iterable[Operation], database: DatabaseAnswer) -> Classified:
    """Divide operations into those that exist because of drift, and the others.

    Args:
        operations: The operations that autogenerate has written for the live database.
        database: What is known of the database.
    """
    if not database.drift:
        return Classified(real=tuple(operations))
    on_head = Counter(operation.text for operation in database.on_head)
    phantoms: list[Phantom] = []
    real: list[Operation] = []
    for operation in operations:
        if on_head[operation.text]:
            on_head[operation.text] -= 1
            real.append(operation)
            continue
        finding = _finding_about(operation, database.drift)
        if finding is None and _is_on_head(operation, database):
            real.append(operation)  # the same operation, rendered in another way
        else:
            phantoms.append(_phantom(operation, finding, database))
    return Classified(tuple(phantoms), tuple(real), database.faults)


def _finding_about(operation: Operation, drift: Sequence[DriftFinding]) -> DriftFinding | None:
    return next((each for each in drift if is_for_any(operation, each.objects)), None)


def _is_on_head(operation: Operation, database: DatabaseAnswer) -> bool:
    address = operation.address
    return address is not None and any(o.address == address for o in database.on_head)


def _phantom(
    operation: Operation, finding: DriftFinding | None, database: DatabaseAnswer
) -> Phantom:
    needed: tuple[str, ...] = ()
    if finding is None:
        near = [each for each in database.drift if operation.table in each.tables]
        candidates = near or database.drift
        finding = candidates[0] if len(candidates) == 1 else None
    elif finding.is_pending:
        addresses = {each.address for each in finding.objects}
        needed = tuple(each.text for each in database.on_head if each.address in addresses)
    return Phantom(operation, PhantomText(operation.text, finding, needed))
