"""Conditions for the rows of system catalogs that describe user objects, and the kinds of these."""

from __future__ import annotations

from collections.abc import Iterable

from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import FIRST_NORMAL_OID, PUBLIC
from driftcheck.databases.reading import Cursor

_BY_OID = f"x.oid >= {FIRST_NORMAL_OID}"

USER_ROWS = {
    **dict.fromkeys(
        """
        pg_class pg_type pg_proc pg_operator pg_amop pg_amproc pg_collation pg_conversion pg_trigger
        """.split(),
        _BY_OID,
    ),
    "pg_attribute": f"x.attrelid >= {FIRST_NORMAL_OID}",
    "pg_depend": f"x.objid >= {FIRST_NORMAL_OID}",
    "pg_description": f"(x.objoid >= {FIRST_NORMAL_OID} or x.objoid = {PUBLIC})",
    "pg_foreign_table": f"x.ftrelid >= {FIRST_NORMAL_OID}",
    "pg_index": f"x.indexrelid >= {FIRST_NORMAL_OID}",
    "pg_init_privs": "true",
    "pg_namespace": f"(x.oid >= {FIRST_NORMAL_OID} or x.oid = {PUBLIC})",
    "pg_range": f"x.rngtypid >= {FIRST_NORMAL_OID}",
    "pg_sequence": f"x.seqrelid >= {FIRST_NORMAL_OID}",
    "pg_ts_config_map": f"x.mapcfg >= {FIRST_NORMAL_OID}",
    "pg_user_mappings": f"x.umid >= {FIRST_NORMAL_OID}",
}
"""SQL: by catalog ``x``, a condition for the rows of user objects. Only for catalogs that have many
rows of system objects or no column ``oid``."""


def kinds_with_rows(kinds: Iterable[PostgreSQLKind], cursor: Cursor) -> list[PostgreSQLKind]:
    """The kinds of which the database can have objects.

    The catalog queries of the other kinds are not run. Most databases have no object of most kinds,
    and planning a catalog query takes longer than this check.

    Args:
        kinds: The kinds to check.
        cursor: A cursor of the database.
    """
    checked = list(kinds)
    cursor.execute(f"select {', '.join(map(_exists, checked))}")
    (row,) = cursor.fetchall()
    return [kind for kind, exists in zip(checked, row, strict=True) if exists]


def _exists(kind: PostgreSQLKind) -> str:
    condition = USER_ROWS.get(kind.catalog, _BY_OID)
    name = f"{kind.name.replace(' ', '_').replace('-', '_')}_"
    return f"exists (select from {kind.catalog} x where {condition} and {kind.rows}) as {name}"
