"""Reads a digest of what findings about a live database depend on besides its objects' attributes.

That is which rows of the catalogs there are, with their versions: they have the numbers of columns,
dropped columns, dependencies, owners and privileges. And it is which tables have rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from driftcheck.databases.postgresql.catalog.filled import row_estimates
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import FIRST_NORMAL_OID
from driftcheck.databases.postgresql.catalog.rereading import read_marks
from driftcheck.databases.reading import Cursor

# An owner or a grantee is the OID of a role in the catalogs, and its name in a statement.
# Roles that the server itself has made are not in pg_shdepend.
_ROLES = f"""
    select r.oid, r.rolname from pg_roles r
    where r.oid < {FIRST_NORMAL_OID} or exists (
      select from pg_shdepend d join pg_database b on b.oid = d.dbid
      where b.datname = current_database() and d.refclassid = 'pg_authid'::regclass
        and d.refobjid = r.oid)
    order by r.oid"""
_KNOWS_TIMES = "select current_setting('track_commit_timestamp')::boolean"


def read_state(kinds: Iterable[PostgreSQLKind], cursor: Cursor) -> str | None:
    """Read a digest of the state of a live database.

    Args:
        kinds: The kinds that are read from the database.
        cursor: A cursor of a session in which ``reading_session`` is active.

    Returns:
        A digest; ``None`` if the server keeps commit times: findings then depend on them too, and
        the server forgets them.
    """
    cursor.execute(_KNOWS_TIMES)
    if cursor.fetchall() != [(False,)]:
        return None
    marks = sorted(read_marks(kinds, cursor).items())
    filled = sorted(table for table, rows in row_estimates(cursor).items() if rows != 0)
    cursor.execute(_ROLES)
    parts = marks, filled, cursor.fetchall()
    return hashlib.sha256(repr(parts).encode()).hexdigest()
