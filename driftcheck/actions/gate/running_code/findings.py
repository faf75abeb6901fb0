"""Findings for statements of the running code that fail after a new revision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from driftcheck.actions.gate.running_code.messages import Action, Failure
from driftcheck.databases.statement_errors import Reason
from driftcheck.judging.findings import Finding, Origin, Remedy, SourceLine
from driftcheck.judging.rules import FAULTS
from driftcheck.judging.templates import fill
from driftcheck.schema import Address, Snapshot

RULE = "gate-breaks-running-code"
_SEVERAL = 5


def certain(failures: Iterable[Failure], schema: Callable[[Failure], Snapshot]) -> list[Failure]:
    """Return the failures that the models alone lead to, and each cause only once.

    Whether a check constraint refuses what the code writes is known if it concerns one column only,
    with a value that the models declare.

    Args:
        failures: All failures.
        schema: Returns the schema after the new revisions of the database of a failure.
    """
    kept = [_of_table(each, schema(each)) for each in failures if _is_known(each, schema(each))]
    read = {(f.database_key, f.table, f.column) for f in kept if f.action is Action.READ}
    broken = {(key, table) for key, table, column in read if not column}
    missing = {(key, table) for key, table, _ in read}

    def follows(failure: Failure) -> bool:
        table = failure.database_key, failure.table
        if failure.action is Action.READ:
            return bool(failure.column) and table in broken
        if failure.action is Action.INSERT:
            return failure.reason == Reason.MISSING and table in missing
        return table in broken or (*table, failure.column) in read

    return [failure for failure in kept if not follows(failure)]


def _of_table(failure: Failure, schema: Snapshot) -> Failure:
    """Forget the column that an error names if it is one of another table: a trigger has failed."""
    name = failure.error_column
    column = Address("column", failure.table[0], (failure.table[1], name))
    return failure if column in schema.objects else replace(failure, error_column="")


def _is_known(failure: Failure, schema: Snapshot) -> bool:
    if failure.reason != Reason.CHECK:
        return True
    address = Address("check constraint", failure.table[0], (failure.table[1], failure.constraint))
    constraint = schema.objects.get(address)
    condition = failure.constraint  # a constraint of SQLite without a name
    if constraint is not None:
        condition = " ".join(map(str, constraint.attributes.values()))
    elif not re.search(r"\W", condition):
        return False
    mapped = {name for name in failure.mapped if _mentions(condition, name)}
    return len(mapped) <= 1 and mapped.isdisjoint(failure.undeclared)


def _mentions(condition: str, column: str) -> bool:
    """Whether a condition may use a column. SQLite and MySQL compare names without their case."""
    return bool(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", condition, re.IGNORECASE))


def findings(
    failures: Sequence[Failure], revision: str, origin: Origin | None, base: str
) -> Iterator[Finding]:
    """Yield a finding for each table or column, for failures of one database.

    Args:
        failures: The failures, as ``certain`` returns them.
        revision: The revision after which they occur, as the message names it.
        origin: The line of its upgrade; ``None`` if the revision is not known.
        base: The base, as the message names it.
    """
    for _, same in groupby(failures, key=lambda each: (each.table, each.column, each.action)):
        of_column = [*same]
        first = of_column[0]
        rule = FAULTS[RULE]
        address, table = _address(first)
        yield Finding(
            rule=RULE,
            severity=rule.severity,
            message=fill(
                rule.message, revision=revision, base=base, what=_what(of_column, address, table)
            ),
            address=address,
            part_of=None if address == table else table,
            impact=rule.impact,
            remedies=(_remedy(first),),
            origin=origin,
            declared=SourceLine(*first.line) if first.line else None,
            details="\n".join(filter(None, (first.message, first.statement))),
            why=_why(first, base),
        )


def _address(failure: Failure) -> tuple[Address, Address]:
    schema, name = failure.table
    table = Address("table", schema, (name,))
    column = "" if failure.is_of_property else failure.column
    if failure.action is Action.INSERT and failure.reason == Reason.NOT_NULL:
        column = failure.error_column
    if not column:
        return table, table
    return Address("column", schema, (name, column)), table


def _what(failures: Sequence[Failure], address: Address, table: Address) -> str:
    first = failures[0]
    match first.action:
        case Action.READ:
            return f"read {first.column if first.is_of_property else address}"
        case Action.INSERT:
            without = f" without a value for {address.name}" if address != table else ""
            return f"insert a row into {table.sql}{without}"
        case Action.WRITE:
            values = [failure.value for failure in failures]
            more = f" and {len(values) - _SEVERAL} more values" if len(values) > _SEVERAL else ""
            return f"write {', '.join(values[:_SEVERAL])}{more} to {address.sql}"


def _why(failure: Failure, base: str) -> str:
    if failure.line is None:
        return ""
    file, line = failure.line
    what = f"The class {failure.model}" if failure.model else "The table"
    return f"{what} of {base} declares it in {file}, line {line}."


_LATER = "in a later release, when no process runs the old code any more"

_REMEDIES = {
    Reason.MISSING: Remedy(
        "use two releases",
        f"First release code that does not use it any more. Drop or rename it {_LATER}. For a new "
        "name, add the new column beside the old one, write to both, and copy the old values.",
    ),
    Reason.NOT_NULL: Remedy(
        "require it later",
        "Let the column be nullable. If the old code does not know the column, a server_default "
        f"is sufficient. Set NOT NULL {_LATER}.",
    ),
    Reason.CHECK: Remedy(
        "add the constraint later",
        f"First release code that does not write such values. Add the constraint {_LATER}.",
    ),
    Reason.VALUE: Remedy(
        "remove the value later",
        f"First release code that does not write the value. Remove it {_LATER}.",
    ),
    Reason.TYPE: Remedy(
        "use a new column",
        f"Add a new column beside the old one, and write to both. Drop the old one {_LATER}.",
    ),
    Reason.TOO_LARGE: Remedy(
        "shorten it later",
        f"First release code that does not write such values. Change the type {_LATER}.",
    ),
    Reason.NOT_WRITABLE: Remedy(
        "stop writing to it first",
        f"First release code that does not write to it. Make the change {_LATER}.",
    ),
}


def _remedy(failure: Failure) -> Remedy:
    return _REMEDIES.get(Reason(failure.reason), _REMEDIES[Reason.MISSING])
