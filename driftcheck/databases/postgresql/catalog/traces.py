"""Traces of past changes: tombstones of dropped columns, and write times of catalog rows.

The row of a dropped column stays in pg_attribute, marked as dropped, until the table is dropped.
The write time of a catalog row is known if ``track_commit_timestamp`` is on. The server keeps it
for a limited number of transactions.

https://www.postgresql.org/docs/current/catalog-pg-attribute.html
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-COMMIT-TIMESTAMP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import psycopg2

from driftcheck.databases.reading import Cursor
from driftcheck.schema import Address, SchemaObject, Trace

_IN_UTC = """to_char(pg_xact_commit_timestamp({}.xmin) at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""

_TOMBSTONES = f"""
    select w.place, a.attisdropped, case when current_setting('track_commit_timestamp')::boolean
      and a.attisdropped then {_IN_UTC.format("a")} end
    from unnest(%s::text[], %s::text[], %s::integer[]) with ordinality
      as w (schema, name, number, place)
    join pg_namespace n on n.nspname = w.schema
    join pg_class c on c.relnamespace = n.oid and c.relname = w.name
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = w.number"""

# The names of object types that differ between DDL and pg_get_object_address().
_TYPES = {
    "column": "table column",
    "constraint": "table constraint",
    "foreign data wrapper": "foreign-data wrapper",
    "statistics": "statistics object",
}
_NAMED_BY_TYPE = frozenset(("type", "domain"))


def tombstones(cursor: Cursor, missing: Sequence[SchemaObject]) -> Iterator[tuple[Address, Trace]]:
    """Look for the tombstone of each missing part that has a number.

    Args:
        cursor: A cursor of the database.
        missing: The missing parts, each with the address of its existing parent object.
    """
    parts = [(t, t.part_of, t.number) for t in missing if t.part_of and t.number is not None]
    if not parts:
        return
    schemas, names, numbers = zip(*((w.schema, w.name, n) for _, w, n in parts), strict=True)
    cursor.execute(_TOMBSTONES, (list(schemas), list(names), list(numbers)))
    for index, is_dropped, when in cursor.fetchall():
        obj, _, number = parts[index - 1]
        if is_dropped is not False:  # an existing column with this number is another column
            yield obj.address, Trace(number, has_tombstone=bool(is_dropped), written=when)


def write_times(
    cursor: Cursor, objects: Iterable[tuple[str, Address]]
) -> Iterator[tuple[Address, Trace]]:
    """The time when the catalog row of each object was last written, if it is known.

    Args:
        cursor: A cursor of the database.
        objects: The kind of each object as DDL names it, and its address.
    """
    cursor.execute("select current_setting('track_commit_timestamp')::boolean")
    if cursor.fetchall() != [(True,)]:
        return
    for keyword, address in objects:
        cursor.execute("savepoint driftcheck_written")
        try:
            when = _write_time(cursor, keyword.lower(), address)
        except psycopg2.Error:  # the object has no row, or no longer exists
            when = None
            cursor.execute("rollback to savepoint driftcheck_written")
        cursor.execute("release savepoint driftcheck_written")
        if when is not None:
            yield address, Trace(written=when)


def _write_time(cursor: Cursor, keyword: str, address: Address) -> str | None:
    arguments = address.arguments.split(", ") if address.arguments else []
    names = [address.schema, *address.path] if address.schema else [*address.path]
    if keyword in _NAMED_BY_TYPE:
        names = [address.sql]
    cursor.execute(
        "select classid::regclass::text, objid, objsubid"
        " from pg_get_object_address(%s, %s::text[], %s::text[])",
        (_TYPES.get(keyword, keyword), names, arguments),
    )
    ((catalog, oid, number),) = cursor.fetchall()
    row = f"{catalog} x where x.oid = {oid}"
    if number:
        row = f"pg_attribute x where x.attrelid = {oid} and x.attnum = {number}"
    cursor.execute(f"select {_IN_UTC.format('x')} from {row}")
    ((when,),) = cursor.fetchall()
    return None if when is None else str(when)
