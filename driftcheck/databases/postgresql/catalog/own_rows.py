"""Which rows of the catalogs are not the system's own, and of which kinds they show any object."""

from __future__ import annotations

from collections.abc import Iterable

from driftcheck.databases.catalog import Cursor
from driftcheck.databases.postgresql.catalog.kind import FIRST_NORMAL_OID, PUBLIC, PostgreSQLKind

_BY_OID = f"x.oid >= {FIRST_NORMAL_OID}"

OWN_ROWS = {
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
    "pg_namespace": f"(x.oid >= {FIRST_NORMAL_OID} or x.oid = {PUBLIC})",
    "pg_range": f"x.rngtypid >= {FIRST_NORMAL_OID}",
    "pg_sequence": f"x.seqrelid >= {FIRST_NORMAL_OID}",
    "pg_ts_config_map": f"x.mapcfg >= {FIRST_NORMAL_OID}",
    "pg_user_mappings": f"x.umid >= {FIRST_NORMAL_OID}",
}
"""SQL: of a catalog ``x`` that has many rows of the system's, or no ``oid``, which are not."""


def present(kinds: Iterable[PostgreSQLKind], cursor: Cursor) -> list[PostgreSQLKind]:
    """The kinds of which the database can have an object.

    To plan a query takes longer than to find nothing, and most databases have nothing of most
    kinds.

    Args:
        kinds: The kinds that are asked for.
        cursor: Where to look.
    """
    asked = list(kinds)
    cursor.execute(f"select {', '.join(map(_is_present, asked))}")
    (found,) = cursor.fetchall()
    return [kind for kind, is_there in zip(asked, found, strict=True) if is_there]


def _is_present(kind: PostgreSQLKind) -> str:
    own = OWN_ROWS.get(kind.catalog, _BY_OID)
    name = f"{kind.name.replace(' ', '_').replace('-', '_')}_"
    return f"exists (select from {kind.catalog} x where {own} and {kind.rows}) as {name}"
