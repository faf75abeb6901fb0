"""The sequences of identity columns and of serial columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from driftcheck.databases.postgresql.catalog.column_ddl import alter_column, identity_options
from driftcheck.databases.postgresql.catalog.ddl_parts import comment, name_of, table_of
from driftcheck.databases.postgresql.catalog.privileges import change_grants
from driftcheck.quoting import quote_literal
from driftcheck.schema import SchemaObject, Value

SEQUENCE = "<sequence>"
"""Stands for the name of a column's sequence in a statement for ``on_own_sequence``."""

_INTEGERS = ("smallint", "integer", "bigint")


def becomes_serial(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether a column becomes serial, or gets another sequence.

    A sequence moves to another schema with the table of its column.
    """
    if not (wanted.attributes["serial"] and current.attributes["serial"]):
        return bool(wanted.attributes["serial"])
    names = (str(_sequence_in_default(each)).rpartition(".")[2] for each in (current, wanted))
    return len(set(names)) > 1


def own_sequence(column: SchemaObject) -> list[str]:
    """Statements that make a serial column the owner of the sequence in its default."""
    sequence = _sequence_in_default(column)
    if not column.attributes["serial"] or sequence is None:
        return []
    return [f"ALTER SEQUENCE {sequence} OWNED BY {table_of(column)}.{name_of(column)}"]


def _sequence_in_default(column: SchemaObject) -> str | None:
    """The sequence from which a column takes its default, as SQL; ``None`` if there is none."""
    drawn = re.fullmatch(r"nextval\('(.+)'::regclass\)", str(column.attributes["default"]))
    return drawn[1].replace("''", "'") if drawn is not None else None


def continue_sequence(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    """Statements that let a sequence, which is new to the column, continue after its values."""
    have, want = current.attributes, wanted.attributes
    is_new = want["identity"] and not have["identity"]
    if not (is_new or becomes_serial(current, wanted)) or want["type"] not in _INTEGERS:
        return []
    # The column may still own the sequence that it had before.
    drawn = _sequence_in_default(wanted) if have["serial"] else None
    sequence = quote_literal(drawn) if drawn is not None else _sequence_of(wanted)
    descending = "INCREMENT BY -" in identity_options(wanted)
    furthest, last, step = ("least", "min", "- 1") if descending else ("greatest", "max", "+ 1")
    after = f"coalesce({last}({name_of(wanted)}), 0)::bigint {step}"
    value = f"{furthest}({after}, nextval({sequence}))"
    return [f"SELECT setval({sequence}, {value}, false) FROM {table_of(wanted)}"]


def change_identity(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    """Statements that make a column an identity column, or change its identity.

    Args:
        current: The current column.
        wanted: The wanted column.
        changed: The attributes in which they differ.
    """
    column, have, want = alter_column(wanted), current.attributes, wanted.attributes
    if want["identity"] is None or not changed & {"identity", "identity_sequence", "type"}:
        return []
    if have["identity"] is None:
        options = identity_options(wanted)
        return [f"{column} ADD GENERATED {want['identity']} AS IDENTITY ({options})"]
    changes = [f"SET GENERATED {want['identity']}"] if "identity" in changed else []
    before = cast("tuple[str, ...]", have["identity_sequence"])
    after = cast("tuple[str, ...]", want["identity_sequence"])
    # A new type moves the bounds that were those of the former type.
    moved = ("MINVALUE", "MAXVALUE") if "type" in changed else ()
    changes += [f"SET {o}" for o in after if o not in before or o.startswith(moved)]
    return [*_moved_into(wanted, before, after), f"{column} {' '.join(changes)}"]


def is_narrower_identity(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether an identity column gets a type with fewer values."""
    have, want = current.attributes, wanted.attributes
    types = have["type"], want["type"]
    if have["identity"] is None or want["identity"] is None or not {*types} <= {*_INTEGERS}:
        return False
    return _INTEGERS.index(str(want["type"])) < _INTEGERS.index(str(have["type"]))


def _moved_into(column: SchemaObject, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Statements that move the value of an identity into its new bounds, if these are narrower.

    The server refuses bounds that exclude the current value.
    """
    (lowest, highest), (low, high) = _bounds(before), _bounds(after)
    if low <= lowest and high >= highest:
        return
    if low > highest or high < lowest:
        extended = f"SET MINVALUE {min(low, lowest)} SET MAXVALUE {max(high, highest)}"
        yield f"{alter_column(column)} {extended}"
    nearest = f"least(greatest(last_value, {low}), {high})"
    within = f"last_value BETWEEN {low} AND {high} AND is_called"
    name = _sequence_of(column)
    query = quote_literal(f"SELECT setval(%L, {nearest}, {within}) FROM %s")
    body = f"BEGIN EXECUTE format({query}, {name}, {name}); END"
    yield f"DO {quote_literal(body)}"


def _bounds(options: Iterable[str]) -> tuple[int, int]:
    """The lowest and the highest value of an identity sequence, from its options."""
    found = dict(option.split(" ", 1) for option in options if option.startswith("M"))
    return int(found["MINVALUE"]), int(found["MAXVALUE"])


def change_identity_sequence(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    """Statements for the persistence, comment and privileges of an identity sequence."""
    want = wanted.attributes
    if want["identity"] is None:
        return []
    statements = []
    if want["identity_persistence"] != current.get("identity_persistence"):
        usual = "LOGGED" if current.get("identity_persistence") == "UNLOGGED" else "UNLOGGED"
        logged = want["identity_persistence"] or usual
        statements.append(f"ALTER SEQUENCE {SEQUENCE} SET {logged}")
    if want["identity_comment"] != current.get("identity_comment"):
        statements.append(comment(f"SEQUENCE {SEQUENCE}", want["identity_comment"]))
    if "identity_grants" in want:
        have = current.get("identity_grants")
        statements += change_grants(have, want["identity_grants"], f"SEQUENCE {SEQUENCE}")
    return [on_own_sequence(wanted, statement) for statement in statements]


def on_own_sequence(column: SchemaObject, statement: str) -> str:
    """The statement, with the name of the column's sequence looked up at run time."""
    own = _sequence_of(column)
    before, after = map(quote_literal, statement.split(SEQUENCE, 1))
    return f"DO {quote_literal(f'BEGIN EXECUTE {before} || {own} || {after}; END')}"


def _sequence_of(column: SchemaObject) -> str:
    """SQL: the name of the sequence that the column owns."""
    table, name = quote_literal(table_of(column)), quote_literal(column.address.name)
    return f"pg_get_serial_sequence({table}, {name})"
