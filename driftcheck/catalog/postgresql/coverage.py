"""What a database holds that no kind reads: counted, so that a report can say so."""

from __future__ import annotations

from driftcheck.catalog.base import Cursor
from driftcheck.catalog.postgresql.kind import FIRST_NORMAL_OID, USERS_SCHEMA, no_member

# Kind, its catalog, the column of its schema where it lives in one, what else must be true.
_NOT_READ = (
    ("base type", "pg_type", "typnamespace", "x.typtype in ('b', 'p') and x.typelem = 0"),
    ("text search parser", "pg_ts_parser", "prsnamespace", "true"),
    ("text search template", "pg_ts_template", "tmplnamespace", "true"),
    ("access method", "pg_am", "", "true"),
    ("transform", "pg_transform", "", "true"),
    ("large object", "pg_largeobject_metadata", "", "true"),
    (
        "subscription",
        "pg_subscription",
        "",
        "x.subdbid = (select oid from pg_database where datname = current_database())",
    ),
)


def not_compared(cursor: Cursor) -> dict[str, int]:
    """Count what no kind reads, by kind, in one query."""
    cursor.execute(" union all ".join(_count(*row) for row in _NOT_READ))
    return {kind: count for kind, count in cursor.fetchall() if count}


def _count(kind: str, catalog: str, namespace: str, condition: str) -> str:
    """SQL: how many of a kind are neither the system's nor an extension's."""
    schema = f"join pg_namespace n on n.oid = x.{namespace}" if namespace else ""
    users = USERS_SCHEMA if namespace else f"x.oid >= {FIRST_NORMAL_OID}"
    return f"""select '{kind}', count(*) from {catalog} x {schema}
        where {condition} and {users} and {no_member(catalog, "x.oid")}"""
