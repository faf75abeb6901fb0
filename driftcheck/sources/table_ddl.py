"""Finds which tables a change of the models' DDL concerns, and the statements that create them.

Only the statements that SQLAlchemy writes itself are known. If the models have others, such as a
trigger, it is not known what these do to other tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_TABLE = rf"(?P<{{}}>{_NAME}(?:\.{_NAME})?)"
_OF_TABLE = re.compile(
    rf"CREATE TABLE {_TABLE.format('created')} \("
    rf"|CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{_NAME} ON {_TABLE.format('indexed')} "
    rf"|ALTER TABLE {_TABLE.format('altered')} ADD (?:CONSTRAINT|FOREIGN KEY|UNIQUE|CHECK)\b"
    rf"|COMMENT ON TABLE {_TABLE.format('described')} IS "
    rf"|COMMENT ON COLUMN {_TABLE.format('with_column')}\.{_NAME} IS "
)
_OF_NO_TABLE = re.compile(
    rf"CREATE (?:TYPE {_NAME}(?:\.{_NAME})? AS ENUM \(|SEQUENCE\b|SCHEMA\b|EXTENSION\b)"
)
_UNKNOWN_EFFECT = re.compile(r";|\b(?:INHERITS|PARTITION|nextval|regclass)\b", re.IGNORECASE)
"""What makes the effect of a statement depend on other statements, in other ways than a foreign key
does: a second statement, a parent table, a sequence of another table."""
_REFERENCES = re.compile(rf"\bREFERENCES {_TABLE.format('target')}")


@dataclass(frozen=True)
class ChangedTables:
    """The tables that a change of the DDL concerns.

    Attributes:
        names: The schema and the name of each table whose statements differ, or that names one of
            these. The schema is ``None`` for the default schema.
        statements: The statements that create these tables, the tables that they refer to, and
            everything that belongs to no table.
    """

    names: frozenset[tuple[str | None, str]]
    statements: tuple[str, ...]


@dataclass(frozen=True)
class _Grouped:
    """Statements, grouped by the table that they are about.

    Attributes:
        of_table: The statements about each table, by the name as it is written.
        others: The statements that are about no table.
        table_of: The table of each statement; ``None`` for the others.
    """

    of_table: Mapping[str, Sequence[str]]
    others: Sequence[str]
    table_of: Sequence[str | None]


def changed_tables(old: Sequence[str], new: Sequence[str]) -> ChangedTables | None:
    """Find the tables that a change of the models concerns.

    Args:
        old: The DDL of the models before the change. The database has refused no statement of it.
        new: The DDL after the change.

    Returns:
        ``None`` if the change may concern other tables.
    """
    before, after = _grouped(old), _grouped(new)
    if before is None or after is None or not set(before.others) <= set(after.others):
        return None
    names = {*before.of_table, *after.of_table}
    differing = {n for n in names if before.of_table.get(n) != after.of_table.get(n)}
    concerned = differing | _naming(differing, before) | _naming(differing, after)
    needed = _referred_to(concerned, after)
    statements = (
        statement
        for statement, table in zip(new, after.table_of, strict=True)
        if table is None or table in needed
    )
    return ChangedTables(frozenset(map(_parsed, concerned)), tuple(statements))


def _grouped(ddl: Iterable[str]) -> _Grouped | None:
    of_table: dict[str, list[str]] = {}
    others: list[str] = []
    table_of: list[str | None] = []
    for statement in ddl:
        found = _OF_TABLE.match(statement)
        if found is None and not _OF_NO_TABLE.match(statement):
            return None
        if _UNKNOWN_EFFECT.search(_LITERAL.sub("", statement)):
            return None
        table = found[str(found.lastgroup)] if found else None
        table_of.append(table)
        if table is None:
            others.append(statement)
        elif table in of_table or (found and found["created"]):
            of_table.setdefault(table, []).append(statement)
        else:  # a view, or a table that another statement creates
            return None
    return _Grouped(of_table, others, table_of)


def _naming(tables: Iterable[str], ddl: _Grouped) -> set[str]:
    """Return the tables whose statements contain the name of one of some tables."""
    written = (name.replace('"', '""') for _, name in map(_parsed, tables))
    names = "|".join(map(re.escape, written))
    if not names:
        return set()
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    return {
        table for table, statements in ddl.of_table.items() if any(map(pattern.search, statements))
    }


def _referred_to(tables: Iterable[str], ddl: _Grouped) -> set[str]:
    """Return tables and, at any distance, the tables that their foreign keys refer to."""
    found: set[str] = set()
    waiting = [*tables]
    while waiting:
        table = waiting.pop()
        if table in found or table not in ddl.of_table:
            continue
        found.add(table)
        for statement in ddl.of_table[table]:
            waiting += _REFERENCES.findall(_LITERAL.sub("", statement))
    return found


def _parsed(table: str) -> tuple[str | None, str]:
    """Return the schema and the name of a table from SQL."""
    *schema, name = (
        part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()
        for part in re.findall(_NAME, table)
    )
    return (schema[0] if schema else None), name
