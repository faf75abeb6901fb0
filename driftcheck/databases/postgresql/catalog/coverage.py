"""Counts the objects that no kind reads, so that reports can name them.

Every system catalog is listed in one of the tables of this module, and a test checks that. A new
server version can have further catalogs. Their objects are counted as objects of an unknown kind.

https://www.postgresql.org/docs/current/catalogs-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftcheck.databases.postgresql.catalog.foreign import OPTIONS_ARE_HIDDEN
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    USERS_SCHEMA,
    not_in_extension,
)
from driftcheck.databases.reading import Cursor

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
    "pg_subscription": "subscriptions",
    "pg_trigger": "triggers",
    "pg_ts_config": "text search configurations",
    "pg_ts_dict": "text search dictionaries",
    "pg_ts_parser": "text search parsers",
    "pg_ts_template": "text search templates",
    "pg_type": "enums, domains, composite types, range types and base types",
}
"""The catalogs that kinds read, and their content."""

PARTS: Mapping[str, str] = {
    "pg_amop": "of an operator class or family",
    "pg_amproc": "of an operator class or family",
    "pg_attrdef": "of a column, or of a view's",
    "pg_attribute": "of a table: a column; of a composite type, a view or an index",
    "pg_depend": "dependencies between objects",
    "pg_description": "of any object: a comment",
    "pg_enum": "of an enum: a value",
    "pg_init_privs": "of the privileges on a member of an extension, or on a language",
    "pg_inherits": "of a table or an index that has a parent",
    "pg_partitioned_table": "of a partitioned table: its key, as pg_get_partkeydef prints it",
    "pg_publication_namespace": "of a publication",
    "pg_publication_rel": "of a publication",
    "pg_subscription_rel": "of a subscription",
    "pg_ts_config_map": "of a text search configuration",
    "pg_user_mapping": "of a server; read by way of pg_user_mappings, which hides secrets",
}
"""The catalogs whose rows are parts of other objects, and of which objects."""

NO_SCHEMA: Mapping[str, str] = {
    "pg_auth_members": "roles belong to the whole server",
    "pg_authid": "roles belong to the whole server",
    "pg_database": "databases belong to the whole server",
    "pg_db_role_setting": "settings of sessions; reported as notes with --settings",
    "pg_largeobject": "data; the large objects themselves are counted",
    "pg_parameter_acl": "privileges on settings belong to the whole server",
    "pg_replication_origin": "the progress of replication",
    "pg_shdepend": "dependencies on roles",
    "pg_shdescription": "comments on databases, roles and tablespaces",
    "pg_shseclabel": "security labels of databases, roles and tablespaces",
    "pg_statistic": "results of ANALYZE",
    "pg_statistic_ext_data": "results of ANALYZE",
    "pg_tablespace": "tablespaces belong to the whole server; a table has one as an attribute",
}
"""The catalogs that contain no part of a schema, and why."""

# Kind and catalog. None of these objects belongs to a schema.
_NOT_READ = (
    ("access method", "pg_am"),
    ("transform", "pg_transform"),
    ("large object", "pg_largeobject_metadata"),
)

# Catalogs with several types of objects: catalog, the column with the type, the known types (read,
# counted or parts of other objects), the column with the schema, and a noun for the objects.
_TYPES = (
    ("pg_class", "relkind", "rpvmfScitI", "relnamespace", "relation"),
    ("pg_type", "typtype", "bcderpm", "typnamespace", "type"),
    ("pg_proc", "prokind", "fpaw", "pronamespace", "routine"),
    ("pg_constraint", "contype", "cfpuxtn", "connamespace", "constraint"),
)

COUNTED = frozenset(("pg_seclabel", *(catalog for _, catalog in _NOT_READ))) - set(READ)
"""The catalogs that contain only objects that no kind reads."""


def not_compared(cursor: Cursor) -> dict[tuple[str, str], int]:
    """Count the objects that no kind reads, by kind and schema (empty for objects without one)."""
    queries = (
        *(_count(*row) for row in _NOT_READ),
        *(_count_new_types(*row) for row in _TYPES),
        "select 'security label', '', count(*) from pg_seclabel having count(*) > 0",
        f"""select 'user mapping option list', '', count(*)
        from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid
        where {OPTIONS_ARE_HIDDEN} and {not_in_extension("pg_foreign_server", "m.srvid")}
        having count(*) > 0""",
    )
    cursor.execute(" union all ".join(queries))
    counted = {(kind, schema): count for kind, schema, count in cursor.fetchall()}
    return counted | dict(_unknown(cursor))


def _count(kind: str, catalog: str) -> str:
    """SQL: the number of user objects of a kind, without members of extensions."""
    return f"""select '{kind}', '', count(*) from {catalog} x
        where x.oid >= {FIRST_NORMAL_OID} and {not_in_extension(catalog, "x.oid")}
        having count(*) > 0"""


def _count_new_types(catalog: str, column: str, known: str, namespace: str, noun: str) -> str:
    """SQL: the number of objects of each type that is not in the list of known types."""
    return f"""select '{column} ' || x.{column}::text || ' {noun}', n.nspname, count(*)
        from {catalog} x join pg_namespace n on n.oid = x.{namespace}
        where strpos('{known}', x.{column}::text) = 0 and {USERS_SCHEMA}
          and {not_in_extension(catalog, "x.oid")} group by 1, 2"""


def _unknown(cursor: Cursor) -> Iterator[tuple[tuple[str, str], int]]:
    """Count the objects with dependencies in catalogs that are in none of the tables above."""
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
