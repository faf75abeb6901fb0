"""What a database holds that no kind reads: counted from its catalog, so that a report can say so.

Every catalog of the server stands in one of the tables here, and a test holds that. What a later
version of the server brings stands in none: its objects are counted as what they are, unknown.

https://www.postgresql.org/docs/current/catalogs-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftcheck.databases.catalog import Cursor
from driftcheck.databases.postgresql.catalog.kind import (
    FIRST_NORMAL_OID,
    USERS_SCHEMA,
    not_in_extension,
)

READ: Mapping[str, str] = {
    "pg_aggregate": "aggregates",
    "pg_cast": "casts",
    "pg_class": "tables, views, indexes, sequences and all other relations",
    "pg_collation": "collations",
    "pg_constraint": "constraints, those of domains with these",
    "pg_conversion": "conversions",
    "pg_default_acl": "default privileges, where privileges count",
    "pg_event_trigger": "event triggers",
    "pg_extension": "extensions",
    "pg_foreign_data_wrapper": "foreign data wrappers",
    "pg_foreign_server": "servers",
    "pg_foreign_table": "foreign tables",
    "pg_index": "indexes",
    "pg_language": "languages",
    "pg_namespace": "schemas",
    "pg_opclass": "operator classes",
    "pg_operator": "operators",
    "pg_opfamily": "operator families",
    "pg_policy": "policies",
    "pg_proc": "functions, procedures and aggregates",
    "pg_publication": "publications",
    "pg_range": "range types",
    "pg_rewrite": "rules",
    "pg_sequence": "sequences",
    "pg_statistic_ext": "statistics objects",
    "pg_trigger": "triggers",
    "pg_ts_config": "text search configurations",
    "pg_ts_dict": "text search dictionaries",
    "pg_type": "enums, domains, composite types and range types",
}
"""The catalogs that kinds read, and what they hold."""

PARTS: Mapping[str, str] = {
    "pg_amop": "of an operator class or family",
    "pg_amproc": "of an operator class or family",
    "pg_attrdef": "of a column, or of a view's",
    "pg_attribute": "of a table: a column; of a composite type, a view or an index",
    "pg_depend": "what belongs to what",
    "pg_description": "of what it is said of: a comment",
    "pg_enum": "of an enum: a value",
    "pg_inherits": "of a table or an index that has a parent",
    "pg_partitioned_table": "of a partitioned table: its key, as pg_get_partkeydef prints it",
    "pg_publication_namespace": "of a publication",
    "pg_publication_rel": "of a publication",
    "pg_subscription_rel": "of a subscription",
    "pg_ts_config_map": "of a text search configuration",
    "pg_user_mapping": "of a server; read by way of pg_user_mappings, which hides secrets",
}
"""The catalogs whose rows are parts of objects, and of which."""

NO_SCHEMA: Mapping[str, str] = {
    "pg_auth_members": "roles belong to the whole server",
    "pg_authid": "roles belong to the whole server",
    "pg_database": "databases belong to the whole server",
    "pg_db_role_setting": "how sessions begin; told as notes with --settings",
    "pg_init_privs": "what an extension or initdb granted, to be left out of dumps",
    "pg_largeobject": "data; the large objects themselves are counted",
    "pg_parameter_acl": "who may set what belongs to the whole server",
    "pg_replication_origin": "the progress of replication",
    "pg_shdepend": "what belongs to which role",
    "pg_shdescription": "comments on databases, roles and tablespaces",
    "pg_shseclabel": "security labels of databases, roles and tablespaces",
    "pg_statistic": "what ANALYZE has found",
    "pg_statistic_ext_data": "what ANALYZE has found",
    "pg_tablespace": "tablespaces belong to the whole server; where a table is kept is said of it",
}
"""The catalogs that hold nothing of a schema, and why."""

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

# Where one catalog holds several sorts of things: the column that tells them apart, the sorts that
# kinds read, that are counted or that are parts of others, and what the things are called.
_SORTS = (
    ("pg_class", "relkind", "rpvmfScitI", "relnamespace", "relation"),
    ("pg_type", "typtype", "bcderpm", "typnamespace", "type"),
    ("pg_proc", "prokind", "fpaw", "pronamespace", "routine"),
    ("pg_constraint", "contype", "cfpuxtn", "connamespace", "constraint"),
)

COUNTED = frozenset(("pg_seclabel", *(catalog for _, catalog, _, _ in _NOT_READ))) - set(READ)
"""The catalogs that hold nothing but what no kind reads."""


def not_compared(cursor: Cursor) -> dict[tuple[str, str], int]:
    """Count what no kind reads, by kind and schema; in none, what lives in no schema."""
    queries = (
        *(_count(*row) for row in _NOT_READ),
        *(_count_new_sorts(*row) for row in _SORTS),
        "select 'security label', '', count(*) from pg_seclabel having count(*) > 0",
    )
    cursor.execute(" union all ".join(queries))
    counted = {(kind, schema): count for kind, schema, count in cursor.fetchall()}
    return counted | dict(_unknown(cursor))


def _count(kind: str, catalog: str, namespace: str, condition: str) -> str:
    """SQL: how many of a kind are neither the system's nor an extension's."""
    schema = f"join pg_namespace n on n.oid = x.{namespace}" if namespace else ""
    users = USERS_SCHEMA if namespace else f"x.oid >= {FIRST_NORMAL_OID}"
    name = "n.nspname" if namespace else "''"
    return f"""select '{kind}', {name}, count(*) from {catalog} x {schema}
        where {condition} and {users} and {not_in_extension(catalog, "x.oid")}
        group by 2 having count(*) > 0"""


def _count_new_sorts(catalog: str, column: str, known: str, namespace: str, noun: str) -> str:
    """SQL: how many there are of each sort that no version known to us has."""
    return f"""select '{column} ' || x.{column}::text || ' {noun}', n.nspname, count(*)
        from {catalog} x join pg_namespace n on n.oid = x.{namespace}
        where strpos('{known}', x.{column}::text) = 0 and {USERS_SCHEMA}
          and {not_in_extension(catalog, "x.oid")} group by 1, 2"""


def _unknown(cursor: Cursor) -> Iterator[tuple[tuple[str, str], int]]:
    """What is in catalogs that no version known to us has, as far as it depends on anything."""
    known = "', '".join({*READ, *PARTS, *NO_SCHEMA, *COUNTED})
    cursor.execute(f"""select oid::bigint, relname from pg_class
        where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'
          and relname not in ('{known}')""")
    for catalog, name in cursor.fetchall():
        cursor.execute(f"""select count(distinct o.objid) from (
              select classid, objid from pg_depend
              union all select classid, objid from pg_shdepend
              where dbid = (select oid from pg_database where datname = current_database())
            ) o where o.classid = {catalog} and o.objid >= {FIRST_NORMAL_OID}
              and {not_in_extension(name, "o.objid")}""")
        ((count,),) = cursor.fetchall()
        if count:
            yield (f"{name} object", ""), count
