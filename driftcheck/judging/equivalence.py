"""What models and migrations may write differently and mean the same.

The server stores some expressions as they were typed: ``'0'::numeric`` and ``0``, ``now()`` and
``CURRENT_TIMESTAMP``. Two histories of writing, the models' and the migrations', differ in such
things without differing in meaning. This is the one place where that is settled, and it is asked
between models and head only: between stamped and live the same statements ran, so there every
difference is real.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from driftcheck.judging.comparison import Change, ChangeType, Difference
from driftcheck.schema import SchemaObject, Snapshot

_LITERAL_OR_CAST = re.compile(
    r"""('(?:[^']|'')*')                          # a text, which is left alone
    | ::(?:"[^"]+"|[a-z_][\w\ ]*)                # the cast's type or its schema
      (?:\.(?:"[^"]+"|\w+))? (?:\([\d,\ ]+\))? (?:\[\])?""",
    re.VERBOSE,
)
_NUMBER_AS_TEXT = re.compile(r"\A'(-?\d+(?:\.\d+)?)'\Z")
_NEXT_VALUE = re.compile(r"\Anextval\(")
_SERVERS_NAME = re.compile(r"(_.+)?_(pkey|key|fkey|check|excl)\d*")
_NOW = frozenset({"now()", "current_timestamp", "transaction_timestamp()"})


def meaningful(changes: Iterable[Change]) -> Iterator[Change]:
    """Leave out the changes, and the differences within them, that mean nothing."""
    for change in changes:
        if change.type not in (ChangeType.CHANGED, ChangeType.RENAMED):
            yield change
            continue
        kept = tuple(d for d in change.differences if not _same_meaning(d))
        renamed = change.type is ChangeType.RENAMED and not _is_named_by_server(change)
        if kept or renamed:
            yield replace(change, differences=kept)


def twin(change: Change, models: Snapshot, head: Snapshot) -> SchemaObject | None:
    """What the models declare besides, in the same words, where the migrations make it once.

    A column that says ``ForeignKey`` in a table that says ``ForeignKeyConstraint``: the second
    brings nothing that the first has not.
    """
    thing = change.wanted
    if change.type is not ChangeType.MISSING or thing is None or thing.part_of is None:
        return None
    if not thing.renamable or not any(_say_the_same(thing, t) for t in _beside(thing, head)):
        return None
    return next((t for t in _beside(thing, models) if _say_the_same(thing, t)), None)


def _beside(thing: SchemaObject, snapshot: Snapshot) -> Iterator[SchemaObject]:
    parts = snapshot.parts.get(thing.part_of, ()) if thing.part_of else ()
    return (part for part in parts if part.address != thing.address)


def _say_the_same(one: SchemaObject, other: SchemaObject) -> bool:
    return one.address.kind == other.address.kind and one.attributes == other.attributes


def _is_named_by_server(change: Change) -> bool:
    """Whether the models leave a constraint's name to the server, which has its own way of naming.

    ``ChooseConstraintName`` in PostgreSQL's source: the table, the columns, and what it is.
    """
    address = change.address
    table = address.path[0]
    return (
        len(address.path) > 1
        and _SERVERS_NAME.fullmatch(address.name.removeprefix(table)) is not None
    )


def _same_meaning(difference: Difference) -> bool:
    wanted, actual = difference.wanted, difference.actual
    if difference.attribute != "default" or not isinstance(wanted, str):
        return False
    return isinstance(actual, str) and canonical(wanted) == canonical(actual)


def canonical(expression: str) -> str:
    """A default without what does not change its value.

    Casts to the column's own type, quotes around a number and parentheses around the whole go;
    every ``nextval()`` is the same, since a sequence keeps the name of a table that was renamed.
    """
    bare = _LITERAL_OR_CAST.sub(lambda match: match[1] or "", expression).strip()
    while bare.startswith("(") and bare.endswith(")") and bare.count("(") == 1:
        bare = bare[1:-1].strip()
    bare = _NUMBER_AS_TEXT.sub(r"\1", bare)
    if _NEXT_VALUE.match(bare):
        return "nextval()"
    return "now()" if bare.lower() in _NOW else bare
