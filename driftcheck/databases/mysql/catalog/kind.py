"""What the kinds of MySQL and MariaDB have in common: the information schema, and backticks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from driftcheck.databases.catalog import Cursor
from driftcheck.schema import Address, SchemaObject

Row: TypeAlias = Mapping[str, Any]

TABLES = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')"
"""SQL: whether a row of information_schema.tables is a table, and no view or sequence."""


def rows(cursor: Cursor, query: str) -> list[Row]:
    """The rows of a query, by the names of its columns: MySQL gives these in capitals."""
    cursor.execute(query)
    names = [column[0].lower() for column in cursor.description or ()]
    return [dict(zip(names, map(_decoded, row), strict=True)) for row in cursor.fetchall()]


def _decoded(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def grouped(found: Iterable[Row], *names: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
    """Neighbouring rows that have these columns alike."""
    for key, group in groupby(found, key=itemgetter(*names)):
        yield key, list(group)


def is_mariadb(cursor: Cursor) -> bool:
    """Whether it is MariaDB, whose information schema quotes where MySQL's does not."""
    cursor.execute("SELECT VERSION()")
    return "MariaDB" in str((cursor.fetchone() or ("",))[0])


def as_typed(expression: str, *, mariadb: bool) -> str:
    """An expression without the backslashes that MySQL puts before its quotes."""
    return expression if mariadb else expression.replace("\\'", "'")


def address(kind: str, *path: str) -> Address:
    """An address in a database that has no schemas in it, for it is one."""
    return Address(kind, "", path)


def quote(name: str) -> str:
    """Quote a name."""
    return "`" + name.replace("`", "``") + "`"


def quoted(names: Iterable[str]) -> str:
    """Quote names, for a list of them in parentheses."""
    return ", ".join(map(quote, names))


def literal(text: object) -> str:
    """Quote a text."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "''") + "'"


def name_of(obj: SchemaObject) -> str:
    """An object's own name, as SQL."""
    return quote(obj.address.name)


def alter_table(obj: SchemaObject) -> str:
    """The words that begin a change to a part's table."""
    return f"ALTER TABLE {quote(obj.part_of.name if obj.part_of else obj.address.path[0])}"


_WORD = re.compile(
    r"""(?P<text>   '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*` )
      | (?P<remark> \#[^\n]* | --(?=\s)[^\n]* | /\*(?![!M]).*?\*/ )
      | (?P<blank>  \s+ )""",
    re.VERBOSE | re.DOTALL,
)


def in_one_line(sql: str) -> str:
    """The same SQL without comments, line breaks and needless blanks."""
    one = _WORD.sub(lambda match: match["text"] or " ", sql)
    return _WORD.sub(lambda match: match["text"] or " ", one).strip()


_NAMES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | (?P<chain> `(?:[^`]|``)*` (?:\.`(?:[^`]|``)*`)* )""", re.VERBOSE
)


def without_database(sql: str, database: str) -> str:
    """The SQL of a view without the name of the database that it is in, which is no part of it."""
    prefix = f"{quote(database)}."

    def unprefixed(match: re.Match[str]) -> str:
        return (match["chain"] or match[0]).removeprefix(prefix)

    return _NAMES.sub(unprefixed, sql)


def after_what_they_name(texts: Mapping[str, str]) -> list[str]:
    """Names in an order in which each comes after those that its text mentions."""
    ordered: list[str] = []
    left = dict(texts)
    while left:
        free = [name for name in left if not _mentions(left[name], left.keys() - {name})]
        for name in free or list(left)[:1]:
            ordered.append(name)
            del left[name]
    return ordered


def _mentions(text: str, names: Iterable[str]) -> bool:
    return any(quote(name) in text for name in names)


def differing(current: SchemaObject, wanted: SchemaObject) -> set[str]:
    """The names of the attributes that two objects do not have alike."""
    return {k for k, value in wanted.attributes.items() if current.attributes.get(k) != value}


def of_kind(parts: Sequence[SchemaObject], name: str) -> list[SchemaObject]:
    """Those of the parts that are of one kind."""
    return [part for part in parts if part.address.kind == name]
