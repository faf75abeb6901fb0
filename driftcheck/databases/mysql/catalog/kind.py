"""Helpers of the kinds of MySQL and MariaDB: the information schema, names and quoting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from driftcheck.databases.attribute_mutations import KindWithAttributeMutations
from driftcheck.databases.reading import Cursor
from driftcheck.schema import Address, SchemaObject

Row: TypeAlias = Mapping[str, Any]

TABLES = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')"
"""SQL: whether a row of information_schema.tables is a table, not a view or a sequence."""


class MySQLKind(KindWithAttributeMutations):
    """The base class of the kinds of MySQL and MariaDB."""

    def quoted(self, name: str) -> str:
        """A name as SQL."""
        return quote(name)


def rows(cursor: Cursor, query: str) -> list[Row]:
    """The rows of a query as dictionaries, with column names in lower case on every server."""
    cursor.execute(query)
    names = [column[0].lower() for column in cursor.description or ()]
    return [dict(zip(names, map(_decoded, row), strict=True)) for row in cursor.fetchall()]


def _decoded(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def grouped(sorted_rows: Iterable[Row], *names: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
    """Group consecutive rows that have equal values in these columns."""
    for key, group in groupby(sorted_rows, key=itemgetter(*names)):
        yield key, list(group)


def is_mariadb(cursor: Cursor) -> bool:
    """Whether the server is MariaDB, whose information schema quotes more than MySQL's."""
    cursor.execute("SELECT VERSION()")
    return "MariaDB" in str((cursor.fetchone() or ("",))[0])


def as_typed(expression: str, *, mariadb: bool) -> str:
    """An expression without the backslashes that MySQL adds before quotes."""
    return expression if mariadb else expression.replace("\\'", "'")


def address(kind: str, *path: str) -> Address:
    """An address without a schema, because a MySQL database is a schema."""
    return Address(kind, "", path)


def quote(name: str) -> str:
    """Quote a name."""
    return "`" + name.replace("`", "``") + "`"


def quoted(names: Iterable[str]) -> str:
    """Quote names and separate them with commas."""
    return ", ".join(map(quote, names))


def literal(text: object) -> str:
    """Quote a string."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "''") + "'"


def charset_of(collation: object) -> str:
    """The character set of a collation. The names of collations begin with it."""
    return str(collation).partition("_")[0]


def name_of(obj: SchemaObject) -> str:
    """An object's own name, as SQL."""
    return quote(obj.address.name)


def table_of(obj: SchemaObject) -> str:
    """The table of a part, as SQL."""
    return quote(obj.part_of.name if obj.part_of else obj.address.path[0])


def alter_table(obj: SchemaObject) -> str:
    """ALTER TABLE with the table of a part."""
    return f"ALTER TABLE {table_of(obj)}"


_WORD = re.compile(
    r"""(?P<text>   '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*` )
      | (?P<remark> \#[^\n]* | --(?=\s)[^\n]* | /\*(?![!M]).*?\*/ )
      | (?P<blank>  \s+ )""",
    re.VERBOSE | re.DOTALL,
)


def in_one_line(sql: str) -> str:
    """SQL without comments, line breaks and redundant spaces."""
    without_comments = _WORD.sub(lambda match: match["text"] or " ", sql)
    return _WORD.sub(lambda match: match["text"] or " ", without_comments).strip()


_NAMES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | (?P<chain> `(?:[^`]|``)*` (?:\.`(?:[^`]|``)*`)* )""", re.VERBOSE
)


def without_database(sql: str, database: str) -> str:
    """The SQL of a view without the name of the view's own database."""
    prefix = f"{quote(database)}."

    def unprefixed(match: re.Match[str]) -> str:
        return (match["chain"] or match[0]).removeprefix(prefix)

    return _NAMES.sub(unprefixed, sql)


def in_dependency_order(definitions: Mapping[str, str]) -> list[str]:
    """Sort names so that each comes after the names that its definition contains."""
    ordered: list[str] = []
    left = dict(definitions)
    while left:
        free = [name for name in left if not _contains_name(left[name], left.keys() - {name})]
        for name in free or list(left)[:1]:
            ordered.append(name)
            del left[name]
    return ordered


def _contains_name(text: str, names: Iterable[str]) -> bool:
    return any(quote(name) in text for name in names)


def differing(current: SchemaObject, wanted: SchemaObject) -> set[str]:
    """The names of the attributes in which two objects differ."""
    return {k for k, value in wanted.attributes.items() if current.attributes.get(k) != value}


def of_kind(parts: Sequence[SchemaObject], name: str) -> list[SchemaObject]:
    """The parts of one kind."""
    return [part for part in parts if part.address.kind == name]
