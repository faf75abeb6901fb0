"""What a database holds that no kind reads: counted, so that a report can say so."""

from __future__ import annotations

from driftcheck.catalog.base import Cursor
from driftcheck.catalog.postgresql.kind import USERS_SCHEMA, no_member

# What initdb makes has lower OIDs.
# https://www.postgresql.org/docs/current/system-catalog-initial-data.html
_FIRST_NORMAL_OID = 16384

# Kind, its catalog, the column of its schema where it lives in one, what else must be true.
_NOT_READ = (
    ("composite type", "pg_class", "relnamespace", "x.relkind = 'c'"),
    ("foreign table", "pg_class", "relnamespace", "x.relkind = 'f'"),
    ("range type", "pg_type", "typnamespace", "x.typtype = 'r'"),
    ("base type", "pg_type", "typnamespace", "x.typtype in ('b', 'p') and x.typelem = 0"),
    ("rule", "pg_rewrite", "", "x.rulename <> '_RETURN'"),
    ("policy", "pg_policy", "", "true"),
    ("event trigger", "pg_event_trigger", "", "true"),
    ("publication", "pg_publication", "", "true"),
    ("statistics object", "pg_statistic_ext", "stxnamespace", "true"),
    ("foreign data wrapper", "pg_foreign_data_wrapper", "", "true"),
    ("server", "pg_foreign_server", "", "true"),
    ("collation", "pg_collation", "collnamespace", "true"),
    ("cast", "pg_cast", "", "true"),
    ("operator", "pg_operator", "oprnamespace", "true"),
    ("operator class", "pg_opclass", "opcnamespace", "true"),
    ("operator family", "pg_opfamily", "opfnamespace", "true"),
    ("text search configuration", "pg_ts_config", "cfgnamespace", "true"),
    ("text search dictionary", "pg_ts_dict", "dictnamespace", "true"),
    ("text search parser", "pg_ts_parser", "prsnamespace", "true"),
    ("text search template", "pg_ts_template", "tmplnamespace", "true"),
    ("language", "pg_language", "", "true"),
    ("conversion", "pg_conversion", "connamespace", "true"),
    ("access method", "pg_am", "", "true"),
    ("transform", "pg_transform", "", "true"),
    ("large object", "pg_largeobject_metadata", "", "true"),
)


def not_compared(cursor: Cursor) -> dict[str, int]:
    """Count what no kind reads, by kind, in one query."""
    cursor.execute(" union all ".join(_count(*row) for row in _NOT_READ))
    return {kind: count for kind, count in cursor.fetchall() if count}


def _count(kind: str, catalog: str, namespace: str, condition: str) -> str:
    """SQL: how many of a kind are neither the system's nor an extension's."""
    schema = f"join pg_namespace n on n.oid = x.{namespace}" if namespace else ""
    users = USERS_SCHEMA if namespace else f"x.oid >= {_FIRST_NORMAL_OID}"
    return f"""select '{kind}', count(*) from {catalog} x {schema}
        where {condition} and {users} and {no_member(catalog, "x.oid")}"""
