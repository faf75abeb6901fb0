"""Finds differences between models and migrations that have no meaning.

PostgreSQL stores some expressions as they were written: ``'0'::numeric`` and ``0``, ``now()`` and
``CURRENT_TIMESTAMP``. The models and the migrations are written independently, so they may differ
in such details without a difference in meaning. Only this module decides which details these are,
and it is used between models and head only. Between any two schemas, an expression can also be
printed in two ways: see ``judging/printed_expressions.py``. There, the server decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate

from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.schema import Address, SchemaObject, Snapshot

_LITERAL_OR_CAST = re.compile(
    r"""('(?:[^']|'')*')                          # a string literal, which is kept
    | ::(?:"[^"]+"|[a-z_][\w\ ]*)                # the cast's type or its schema
      (?:\.(?:"[^"]+"|\w+))? (?:\([\d,\ ]+\))? (?:\[\])?""",
    re.VERBOSE,
)
_NUMBER_AS_STRING = re.compile(r"\A'(-?\d+(?:\.\d+)?)'\Z")
_NUMBER = re.compile(
    r"(?:\(?(-?\d+(?:\.\d+)?)\)?|'(-?\d+(?:\.\d+)?)')"
    r"(::(?:smallint|integer|bigint|numeric|real|double precision)(?:\([\d, ]+\))?)?"
)
"""A number, or a string that a cast converts to a number; a string without a cast is a text."""
_NO_ELEMENTS = "ARRAY[]"
_NEXT_VALUE = re.compile(r"\Anextval\(")
_NAME_BY_SERVER = re.compile(
    r"""(_.+)?_(pkey|key|fkey|check|excl)\d*     # PostgreSQL
    | _(ibfk|chk)_\d+ | CONSTRAINT_\d+          # MySQL, and checks of MariaDB
    | \(.*\)                                   # SQLite, where there is no name""",
    re.VERBOSE,
)
_NOW = frozenset({"now()", "current_timestamp", "transaction_timestamp()"})


def meaningful(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes between models and head without the differences that have no meaning.

    A change of which nothing is left is omitted.
    """
    every = list(changes)
    called = {change.address for pair in _called_by_models(every) for change in pair}
    for change in every:
        if change.address in called:
            continue
        if change.type not in (ChangeType.CHANGED, ChangeType.RENAMED):
            yield change
            continue
        kept = tuple(d for d in change.differences if not _has_same_meaning(d))
        renamed = change.type is ChangeType.RENAMED and not is_named_by_server(change.address)
        if kept or renamed:
            yield replace(change, differences=kept)


def _called_by_models(changes: Sequence[Change]) -> Iterator[tuple[Change, Change]]:
    """Yield a sequence and a column of which only the models say that they take its values.

    ``Column("id", Sequence("orders_id_seq"), primary_key=True)`` creates a sequence on its own, and
    SQLAlchemy calls it in each INSERT. Autogenerate writes the column without the sequence, so the
    migration makes it serial: its default takes the values of a sequence with this name.
    """
    columns = {
        change.address: change
        for change in changes
        if _attributes(change) == {"default", "serial"} and change.wanted and change.actual
    }
    for change in changes:
        if _attributes(change) != {"owned_by", "part_of"} or change.actual is None:
            continue
        owner = columns.get(next(iter(change.actual.stands_on), change.address))
        if owner is not None and owner.actual is not None and owner.wanted is not None:
            default = str(owner.actual.attributes["default"])
            is_its_default = _NEXT_VALUE.match(default) and change.address.name in default
            if is_its_default and owner.wanted.attributes["default"] is None:
                yield owner, change


def _attributes(change: Change) -> set[str]:
    """The names of the attributes that differ."""
    return {difference.attribute for difference in change.differences}


def duplicate_declaration(change: Change, models: Snapshot, head: Snapshot) -> SchemaObject | None:
    """Return the other declaration of an object that the models declare twice.

    Example: a column has ``ForeignKey`` and its table has ``ForeignKeyConstraint`` for the same
    foreign key. The migrations create it once, under one of the two names, so the other name is
    missing from head; but nothing is missing from the schema.

    Args:
        change: A change between models and head.
        models: The snapshot of the models.
        head: The snapshot of head.

    Returns:
        The object of the models with the same content; ``None`` if the change is not of this
        kind.
    """
    missing = change.wanted
    if change.type is not ChangeType.MISSING or missing is None or missing.part_of is None:
        return None
    is_created = any(_has_same_content(missing, part) for part in _siblings(missing, head))
    if not missing.renamable or not is_created:
        return None
    siblings = _siblings(missing, models)
    return next((part for part in siblings if _has_same_content(missing, part)), None)


def _siblings(part: SchemaObject, snapshot: Snapshot) -> Iterator[SchemaObject]:
    """Yield the other parts of the same parent object."""
    parts = snapshot.parts.get(part.part_of, ()) if part.part_of else ()
    return (other for other in parts if other.address != part.address)


def _has_same_content(left: SchemaObject, right: SchemaObject) -> bool:
    return left.address.kind == right.address.kind and left.attributes == right.attributes


def is_named_by_server(address: Address) -> bool:
    """Return whether a constraint has the name that stands for one without a name.

    PostgreSQL names a constraint after the table, the columns and the type of the constraint:
    see ``ChooseConstraintName`` in its source. MySQL and MariaDB number the foreign keys of a
    table in the order of their creation: ``boxes_ibfk_1``. MySQL numbers checks in the same way,
    ``boxes_chk_1``; MariaDB names them ``CONSTRAINT_1``. Source: MySQL manual, "FOREIGN KEY
    Constraints" and "CHECK Constraints"; MariaDB manual, "CONSTRAINT". SQLite gives no name, so its
    constraints are read with their columns as the name.
    """
    table = address.path[0]
    return (
        len(address.path) > 1
        and _NAME_BY_SERVER.fullmatch(address.name.removeprefix(table)) is not None
    )


def _has_same_meaning(difference: Difference) -> bool:
    wanted, actual = difference.wanted, difference.actual
    if difference.attribute != "default" or not isinstance(wanted, str):
        return False
    return isinstance(actual, str) and canonical(wanted) == canonical(actual)


def canonical(expression: str) -> str:
    """Return a column default in a form that is equal for expressions of the same value.

    Casts to the column's type, quotes around a number and parentheses around the expression are
    removed. All calls of ``nextval()`` are equal, because a sequence keeps its name when its table
    is renamed.
    """
    number = _NUMBER.fullmatch(expression)
    if number is not None and (number[1] or number[3]):
        return f"{Decimal(number[1] or number[2]).normalize():f}"
    bare = _LITERAL_OR_CAST.sub(lambda match: match[1] or "", expression).strip()
    while _is_enclosed(bare):
        bare = bare[1:-1].strip()
    bare = _NUMBER_AS_STRING.sub(r"\1", bare)
    if _NEXT_VALUE.match(bare):
        return "nextval()"
    if bare == _NO_ELEMENTS:
        return "'{}'"
    return "now()" if bare.lower() in _NOW else bare


def _is_enclosed(expression: str) -> bool:
    """Whether parentheses enclose a whole expression."""
    brackets = re.sub(r"'(?:[^']|'')*'|[^()]", "", expression)
    depths = [*accumulate(1 if bracket == "(" else -1 for bracket in brackets)]
    return expression.startswith("(") and expression.endswith(")") and 0 not in depths[:-1]
