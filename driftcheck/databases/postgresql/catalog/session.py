"""The session settings for reading the catalogs, so that equal objects have equal definitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from driftcheck.databases.reading import Cursor

# The settings that affect how the server prints definitions. With only pg_catalog in search_path,
# all other names are printed with their schemas. pg_temp comes last, so that a temporary table
# named pg_class does not hide the catalog.
_SETTINGS = (
    ("search_path", "pg_catalog, pg_temp"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("xmlbinary", "base64"),
    ("jit", "off"),  # compiling the catalog queries takes longer than running them
    ("work_mem", "32MB"),  # sorts and hash tables stay in memory
    ("enable_nestloop", "off"),  # slow on new databases, which have no statistics
)

# The settings that affect how the server parses what it printed. TimeZone does not, because what is
# printed has a time zone. With that of the database, a change of a column's type converts the
# values as the migrations of the project would.
_PARSING = frozenset(
    "search_path standard_conforming_strings DateStyle IntervalStyle lc_monetary".split()
)

REBUILD_SETTINGS = tuple(
    f"SELECT pg_catalog.set_config('{name}', '{value}', false)"
    for name, value in _SETTINGS
    if name in _PARSING
)
"""Statements for the session in which printed definitions are run."""


@contextmanager
def reading_session(cursor: Cursor) -> Iterator[str]:
    """Apply the settings in the current transaction, and restore the previous ones at the end.

    The settings are local to a savepoint, which also works in a read-only transaction. The rollback
    to the savepoint restores the previous settings, even after a failed query.

    Yields:
        The default schema of the session.
    """
    cursor.execute("savepoint driftcheck_reading")
    try:
        cursor.execute("select coalesce(pg_catalog.current_schema(), 'public')")
        (default_schema,) = cursor.fetchone() or ("public",)
        settings = (
            f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in _SETTINGS
        )
        cursor.execute(f"select {', '.join(settings)}")
        yield default_schema
    finally:
        cursor.execute("rollback to savepoint driftcheck_reading")
        cursor.execute("release savepoint driftcheck_reading")
