"""How the values of a column are converted to another type."""

from __future__ import annotations

import re

from driftcheck.databases.postgresql.catalog.ddl_parts import name_of
from driftcheck.schema import SchemaObject

_NUMBERS = frozenset(
    ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")
)
_TEXTS = frozenset(("text", "character varying", "character", "name"))
_TIMES = frozenset(("timestamp without time zone", "timestamp with time zone", "date"))
_EXPLICIT_CASTS = frozenset(
    (
        ("boolean", "integer"),
        ("integer", "boolean"),
        ("json", "jsonb"),
        ("jsonb", "json"),
        ("jsonb", "boolean"),
        ("jsonb", "integer"),
        ("jsonb", "numeric"),
        ("integer", "bit"),
        ("bit", "integer"),
        ("bit", "bit varying"),
        ("bit varying", "bit"),
        ("cidr", "inet"),
        ("inet", "cidr"),
        ("time without time zone", "interval"),
        ("interval", "time without time zone"),
    )
)
"""Casts that are not made in an assignment, or whose result differs from a cast by way of text.
https://www.postgresql.org/docs/current/catalog-pg-cast.html"""


def using_clause(current: SchemaObject, wanted: SchemaObject) -> str:
    """The USING clause, if PostgreSQL does not convert the values implicitly.

    A foreign table has no values that PostgreSQL could convert.
    """
    if wanted.part_of is not None and wanted.part_of.kind == "foreign table":
        return ""
    have, want = str(current.attributes["type"]), str(wanted.attributes["type"])
    base, target = _base(have), _base(want)
    if base == target or _are_alike(base, target) or target in _TEXTS:
        return ""
    from_text = base.removesuffix("[]") in _TEXTS and base.endswith("[]") == target.endswith("[]")
    how = "::" if from_text or base in _TEXTS or (base, target) in _EXPLICIT_CASTS else "::text::"
    return f" USING {name_of(wanted)}{how}{want}"


def _are_alike(base: str, target: str) -> bool:
    """Whether PostgreSQL converts values of one type to the other in an assignment."""
    if base.endswith("[]") and target.endswith("[]"):
        return _are_alike(base[:-2], target[:-2])
    return base == target or any({base, target} <= family for family in (_NUMBERS, _TIMES))


_COMPARABLE = (
    frozenset(("smallint", "integer", "bigint")),
    frozenset(("real", "double precision")),
    frozenset(("text", "character varying")),
    _TIMES,
)
"""Types with operators of one family, so that a foreign key of one type can reference another."""


def are_comparable(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether a foreign key stays valid while only one of its two columns has the wanted type."""
    base, target = (_base(str(column.attributes["type"])) for column in (current, wanted))
    return base == target or any({base, target} <= family for family in _COMPARABLE)


def is_unrelated(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether nothing is known of how values of the current type convert to the wanted type.

    Values of a type of the user convert if their text is that of a value of the other type.
    """
    base, target = (_base(str(column.attributes["type"])) for column in (current, wanted))
    built_in = not base.startswith("former ") and "." not in base + target
    return "::text::" in using_clause(current, wanted) and built_in


def _base(type_: str) -> str:
    """The type without its modifier: ``numeric`` for ``numeric(10,2)``."""
    return re.sub(r"\([^)]*\)", "", type_)


def default_storage(type_: str) -> str:
    """The result of SET STORAGE DEFAULT, which servers before version 16 do not support."""
    return "MAIN" if _base(type_) in {"numeric", "inet", "cidr"} else "EXTENDED"
