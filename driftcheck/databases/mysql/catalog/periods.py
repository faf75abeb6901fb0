"""Reads what only SHOW CREATE TABLE shows on MariaDB: periods, and partitions by system time.

Source: MariaDB Server documentation, "Temporal Tables".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from driftcheck.databases.mysql.catalog.kind import is_mariadb, quote, rows
from driftcheck.databases.reading import Cursor

_CANDIDATES = """SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'SYSTEM VERSIONED'
    UNION SELECT table_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND is_nullable = 'NO'
      AND data_type IN ('date', 'datetime', 'timestamp')
    GROUP BY table_name HAVING COUNT(*) >= 2"""
"""The tables and views that can have a period: its columns are dates or times, and NOT NULL."""

_NAME = r"`(?:[^`]|``)*`"
_PERIOD = re.compile(rf"^  PERIOD FOR ({_NAME}|SYSTEM_TIME) (\(.*?\)),?$", re.MULTILINE)
_OVERLAPS = re.compile(
    rf"^  (?:PRIMARY|UNIQUE) KEY (?:({_NAME}) )?"
    rf"\((.*?),?({_NAME}) WITHOUT OVERLAPS\)",
    re.MULTILINE,
)
_BY_TIME = re.compile(r"\n PARTITION BY SYSTEM_TIME.*\Z", re.DOTALL)
_NOT_OF_SCHEMA = re.compile(r" ENGINE = \w+| STARTS TIMESTAMP'[^']*'")


@dataclass(frozen=True)
class Temporal:
    """What a table has of time.

    Attributes:
        periods: The periods, as CREATE TABLE writes them.
        without_overlaps: The definition of each key with WITHOUT OVERLAPS, by the name of the key.
        period_names: The names of the periods.
        partitioning: The clause of partitions by system time; without the start, which is the
            time of creation.
    """

    periods: tuple[str, ...] = ()
    without_overlaps: Mapping[str, str] = field(default_factory=dict)
    partitioning: str | None = None
    period_names: frozenset[str] = frozenset()


def temporal_tables(cursor: Cursor) -> dict[str, Temporal]:
    """Read what tables have of time, by the name of the table; nothing on MySQL."""
    if not is_mariadb(cursor):
        return {}
    candidates = rows(cursor, _CANDIDATES)
    return dict(_read(cursor, (row["table_name"] for row in candidates)))


def _read(cursor: Cursor, tables: Iterable[str]) -> Iterator[tuple[str, Temporal]]:
    for table in tables:
        cursor.execute(f"SHOW CREATE TABLE {quote(table)}")
        statement = str((cursor.fetchone() or ("", ""))[1])
        periods = tuple(f"PERIOD FOR {m[1]} {m[2]}" for m in _PERIOD.finditer(statement))
        names = frozenset(_unquoted(m[1]) for m in _PERIOD.finditer(statement))
        overlaps = {
            (_unquoted(m[1]) if m[1] else "PRIMARY"): f"({m[2]}, {m[3]} WITHOUT OVERLAPS)"
            for m in _OVERLAPS.finditer(statement)
        }
        by_time = _BY_TIME.search(statement)
        partitioning = " ".join(_NOT_OF_SCHEMA.sub("", by_time[0]).split()) if by_time else None
        yield table, Temporal(periods, overlaps, partitioning, names)


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
