"""Decides which operations of autogenerate exist because of drift.

Autogenerate runs only on a database at the head of its history, so the live database differs from
a database at the head by its drift alone. An operation exists because of drift if autogenerate does
not write it for the head, and if it is about something that has drifted. The second condition is
for operations that are rendered in another way on another server.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from driftcheck.judging.guard_answer import DatabaseAnswer, DriftFinding, PhantomText
from driftcheck.pipeline.completion.operation_matching import is_for_any
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
        finding = _finding_about(operation, database)
        if finding is None:
            real.append(operation)
        else:
            phantoms.append(_phantom(operation, finding, database))
    return Classified(tuple(phantoms), tuple(real), database.faults)


def _finding_about(operation: Operation, database: DatabaseAnswer) -> DriftFinding | None:
    """Return the drift that an operation is written for.

    That is a finding about the operation's object; else one about its table, if no operation on the
    head has the same object. What a plugin's operation is about is known by its text only.
    """
    drift = database.drift
    if operation.is_of_plugin:
        return next((each for each in drift if _names(operation.text, each)), None)
    exact = next((each for each in drift if is_for_any(operation, each.objects)), None)
    if exact is not None or any(o.address == operation.address for o in database.on_head):
        return exact
    return next((each for each in drift if operation.table in each.tables), None)


def _names(text: str, finding: DriftFinding) -> bool:
    """Whether a text has the name of an object of a finding as a word."""
    names = {each.address.name for each in finding.objects} - {""}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)


def _phantom(operation: Operation, finding: DriftFinding, database: DatabaseAnswer) -> Phantom:
    needed: tuple[str, ...] = ()
    if finding.is_pending:
        addresses = {each.address for each in finding.objects}
        needed = tuple(each.text for each in database.on_head if each.address in addresses)
    return Phantom(operation, PhantomText(operation.text, finding, needed))
