"""Generates values of PostgreSQL's types, as SQL expressions that the server accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg2

from driftcheck.databases.reading import Cursor
from driftcheck.databases.rows import values
from driftcheck.quoting import quote_identifier, quote_literal

UNDO = "ROLLBACK TO SAVEPOINT driftcheck; RELEASE SAVEPOINT driftcheck"
_SEVERAL = 6
_MODIFIER_HEADER = 4  # VARHDRSZ, which is added to the type modifiers of varchar and numeric
_DEEPEST = 8

# https://www.postgresql.org/docs/current/catalog-pg-type.html
_TYPES = """
select t.oid::bigint, n.nspname, t.typname, t.typtype, t.typbasetype::bigint, t.typtypmod,
  t.typnotnull, case when e.typarray = t.oid then e.oid::bigint end,
  coalesce(r.rngsubtype, m.rngtypid)::bigint,
  array(select enumlabel::text from pg_enum where enumtypid = t.oid order by enumsortorder),
  array(select array[a.atttypid::bigint, a.atttypmod] from pg_attribute a where t.typtype = 'c'
    and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum),
  array(select pg_get_constraintdef(c.oid) from pg_constraint c
    where c.contypid = t.oid and c.contype = 'c' order by c.conname)
from pg_type t join pg_namespace n on n.oid = t.typnamespace
left join pg_type e on e.oid = t.typelem
left join pg_range r on r.rngtypid = t.oid
left join pg_range m on m.rngmultitypid = t.oid
where t.typtype <> 'p'
"""

_VALUES = {
    "bool": ("true", "false"),
    "money": ("1000.50", "2000.50", "3000.50", "1", "2"),
    "interval": ("1 day 02:03:04.5", "2 days", "3 hours", "4 minutes", "0"),
    "bytea": (r"\x01ff", r"\x02ff", r"\x03ff", ""),
    "inet": ("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"),
    "cidr": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
    "macaddr": ("08:00:2b:01:02:03", "08:00:2b:01:02:04", "08:00:2b:01:02:05"),
    "macaddr8": ("08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:06", "08:00:2b:01:02:03:04:07"),
    "tsvector": ("'some':1 'text':2", "'other':1", "'third':1"),
    "tsquery": ("'some' & 'text'", "'other'", "'third'"),
    "jsonpath": ("$.a", "$.b", "$.c"),
    "xml": ("<a>1</a>", "<a>2</a>", "<a>3</a>"),
    "point": ("(1,2)", "(3,4)", "(5,6)"),
    "line": ("{1,2,3}", "{2,3,4}", "{3,4,5}"),
    "lseg": ("[(1,2),(3,4)]", "[(2,3),(4,5)]", "[(3,4),(5,6)]"),
    "box": ("(3,4),(1,2)", "(13,14),(11,12)", "(23,24),(21,22)"),
    "path": ("[(1,2),(3,4)]", "[(2,3),(4,5)]", "[(3,4),(5,6)]"),
    "polygon": ("((0,0),(0,1),(1,1))", "((5,5),(5,6),(6,6))", "((9,9),(9,8),(8,8))"),
    "circle": ("<(1,2),1>", "<(11,12),1>", "<(21,22),1>"),
    "pg_lsn": ("0/1", "0/2", "0/3"),
    "tid": ("(0,1)", "(0,2)", "(0,3)"),
    "pg_snapshot": ("10:20:10,14,15", "10:20:11", "10:20:12"),
    "hstore": ('"a"=>"1"', '"b"=>"2"', '"c"=>"3"'),
}
_OTHER_VALUES = (
    "1",
    "2",
    "3",
    "a",
    "b",
    "c",
    "1.5",
    "(1,2)",
    "{}",
    "[1]",
    "a=>1",
    "POINT(1 2)",
    "",
)


@dataclass(frozen=True)
class _Type:
    oid: int
    schema: str
    name: str
    kind: str
    base: int
    base_modifier: int
    not_null: bool
    element: int | None
    of_range: int | None
    labels: Sequence[str]
    attributes: Sequence[tuple[int, int]]
    conditions: Sequence[str]

    @property
    def sql(self) -> str:
        """The qualified name. In this form, no type has an implicit length, as ``char`` has."""
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"


class Types:
    """The types of a database.

    Args:
        cursor: A cursor in a transaction that allows savepoints.
    """

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        cursor.execute(_TYPES)
        self._types = {row[0]: _Type(*row) for row in cursor.fetchall()}
        self._accepted: dict[str, bool] = {}

    def name(self, oid: int) -> str:
        """The type as SQL."""
        return self._types[oid].sql

    def not_null(self, oid: int) -> bool:
        """Whether a type forbids NULL, as a domain can."""
        type_ = self._types[oid]
        return type_.kind == "d" and (type_.not_null or self.not_null(type_.base))

    def values(self, oid: int, modifier: int, conditions: Iterable[str]) -> tuple[str, ...]:
        """Values of a type, as SQL expressions.

        Args:
            oid: The OID of the type.
            modifier: The type modifier of the column, for length or precision; -1 for none.
            conditions: The checks on the column. Values that occur in them come first.
        """
        type_ = self._types[oid]
        first, *rest = self._of(type_, modifier, 0) or [f"NULL::{type_.sql}"]
        named = [
            expression
            for text in dict.fromkeys(
                text for condition in conditions for text in values.values_near(condition)
            )
            if self._is_accepted(expression := f"{quote_literal(text)}::{type_.sql}")
        ]
        return tuple(dict.fromkeys([first, *named, *rest]))

    def _of(self, type_: _Type, modifier: int, depth: int) -> list[str]:
        if depth > _DEEPEST:
            return []
        if type_.kind == "d":
            return self._of_domain(type_, depth)
        if type_.kind == "e":
            return [f"{quote_literal(label)}::{type_.sql}" for label in type_.labels]
        return [*self._composed(type_, modifier, depth)] or [
            expression
            for text in _strings(type_.name, modifier)
            if self._is_accepted(expression := f"{quote_literal(text)}::{type_.sql}")
        ]

    def _of_domain(self, type_: _Type, depth: int) -> list[str]:
        base = self._of(self._types[type_.base], type_.base_modifier, depth + 1)
        inner = self._types[type_.base].sql
        strings = (text for condition in type_.conditions for text in values.values_near(condition))
        named = [f"{quote_literal(text)}::{inner}" for text in dict.fromkeys(strings)]
        wanted = (f"({value})::{type_.sql}" for value in [*base[:1], *named, *base[1:]])
        return [expression for expression in wanted if self._is_accepted(expression)]

    def _composed(self, type_: _Type, modifier: int, depth: int) -> Iterator[str]:
        """Values of arrays, composite types and ranges, from values of their element types."""
        if type_.element is not None:
            inner = self._of(self._types[type_.element], modifier, depth + 1)
            for value in inner[:_SEVERAL]:
                yield f"ARRAY[{value}, {inner[0]}]::{type_.sql}"
            yield f"'{{}}'::{type_.sql}"
        elif type_.kind == "c":
            parts = [
                self._of(self._types[t], m, depth + 1) or ["NULL"] for t, m in type_.attributes
            ]
            for index in range(_SEVERAL):
                row = ", ".join(several[index % len(several)] for several in parts)
                yield f"ROW({row})::{type_.sql}"
        elif type_.of_range is not None:
            inner = self._of(self._types[type_.of_range], -1, depth + 1)
            if type_.kind == "m":
                yield from (f"{type_.sql}({value})" for value in inner[:_SEVERAL])
            else:
                for first, second in zip(inner[::2], inner[1::2], strict=False):
                    bounds = f"least({first}, {second}), greatest({first}, {second})"
                    yield f"{type_.sql}({bounds})"
                yield f"'empty'::{type_.sql}"

    def _is_accepted(self, expression: str) -> bool:
        """Whether the server accepts a value."""
        if expression not in self._accepted:
            statements = "SAVEPOINT driftcheck", f"SELECT {expression}", "RELEASE driftcheck"
            try:
                self._cursor.execute("; ".join(statements))
            except psycopg2.Error:
                self._cursor.execute(UNDO)
                self._accepted[expression] = False
            else:
                self._accepted[expression] = True
        return self._accepted[expression]


def _strings(name: str, modifier: int) -> Iterator[str]:
    """Strings that can be values of a type with this name."""
    maker = _MAKERS.get(name)
    return maker(modifier) if maker else iter(_VALUES.get(name, _OTHER_VALUES))


def _length(modifier: int) -> int | None:
    return modifier - _MODIFIER_HEADER if modifier >= _MODIFIER_HEADER else None


def _vectors(modifier: int) -> Iterator[str]:
    for number in "123456":
        yield f"[{', '.join([number] * max(modifier, 1))}]"


def _precision(modifier: int) -> tuple[int | None, int]:
    """Precision and scale from the type modifier of numeric. The scale can be negative."""
    length = _length(modifier)
    if length is None:
        return None, 0
    return length >> 16, ((length & 0x7FF) ^ 0x400) - 0x400


_MAKERS: dict[str, Callable[[int], Iterator[str]]] = {
    "int2": lambda _: values.integers(16),
    "int8": lambda _: values.integers(64),
    **dict.fromkeys(("int4", "oid", "xid", "xid8", "cid"), lambda _: values.integers(32)),
    "numeric": lambda modifier: values.decimals(*_precision(modifier)),
    **dict.fromkeys(("float4", "float8"), lambda _: values.decimals(None, 0)),
    **dict.fromkeys(
        ("text", "varchar", "bpchar", "citext"), lambda modifier: values.strings(_length(modifier))
    ),
    "name": lambda _: values.strings(63),
    "char": lambda _: values.strings(1),
    "date": lambda _: values.days(),
    **dict.fromkeys(("timestamp", "timestamptz"), lambda _: values.timestamps()),
    **dict.fromkeys(("time", "timetz"), lambda _: values.times()),
    "bit": values.bits,
    "varbit": lambda modifier: values.bits(modifier if modifier > 0 else 8),
    "uuid": lambda _: values.uuids(),
    **dict.fromkeys(("json", "jsonb"), lambda _: values.documents()),
    **dict.fromkeys(("vector", "halfvec"), _vectors),
}
"""By the name of the type: a function from the type modifier to strings."""
