"""The settings with which a session reads the catalog, so that equal things read equal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from driftcheck.databases.catalog import Cursor

# Whatever decides how the server prints a definition. With nothing but pg_catalog on the path
# every other name is printed with its schema; pg_temp comes last, lest a temporary table called
# pg_class stand in for the catalog's.
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
    ("jit", "off"),  # compiling such queries takes longer than running them
    ("work_mem", "32MB"),  # what is sorted and hashed stays in memory
    ("enable_nestloop", "off"),  # a new database has no statistics, and 12,000 columns make it tell
)


@contextmanager
def reading(cursor: Cursor) -> Iterator[str]:
    """Settle the session for reading within a transaction, and leave it as it was.

    The settings are local to a savepoint, which a read-only transaction may have; rolling back to
    it restores whatever was set before, and a transaction that a failed query has aborted too.

    Yields:
        Where a name without a schema is created, as the session had it.
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
