"""Digests of the system catalogs, to see whether a mutation changed anything.

The digests do not depend on the catalog queries of the kinds. They cover all columns of each row,
except for counters and hints that the server maintains.
"""

from __future__ import annotations

from typing import Any

# By catalog without a column oid: the column with the OID of the object that a row describes.
_NUMBER = {
    "pg_aggregate": "aggfnoid",
    "pg_attribute": "attrelid",
    "pg_foreign_table": "ftrelid",
    "pg_index": "indexrelid",
    "pg_inherits": "inhrelid",
    "pg_partitioned_table": "partrelid",
    "pg_range": "rngtypid",
    "pg_sequence": "seqrelid",
    "pg_ts_config_map": "mapcfg",
}
_BY_OID = """
    pg_am pg_amop pg_amproc pg_attrdef pg_cast pg_class pg_collation pg_constraint pg_conversion
    pg_default_acl pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server
    pg_language pg_opclass pg_operator pg_opfamily pg_policy pg_proc pg_publication
    pg_publication_namespace pg_publication_rel pg_rewrite pg_statistic_ext pg_trigger pg_ts_config
    pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user_mapping
""".split()
_FIRST_NORMAL_OID = 16384

# Columns that the server updates on its own: file numbers, which change when a table is rewritten,
# counters, and hints that VACUUM resets.
_MAINTAINED_BY_SERVER = """
    relfilenode relpages reltuples relallvisible relallfrozen relfrozenxid relminmxid
    relhasindex relhasrules relhastriggers relhassubclass
""".split()
# The position of an expression in the text of the statement that created it.
_POSITIONS = r":(location|stmt_location|stmt_len) -?\d+"


def _rows(catalog: str) -> str:
    """SQL: the rows of one catalog that describe user objects."""
    if catalog in _NUMBER:
        condition = f"{_NUMBER[catalog]}::oid >= {_FIRST_NORMAL_OID}"
    elif catalog == "pg_namespace":
        condition = "nspname !~ '^pg_'"
    elif catalog == "pg_description":
        condition = f"objoid >= {_FIRST_NORMAL_OID} or classoid = 'pg_namespace'::regclass"
    elif catalog == "pg_init_privs":
        condition = "true"
    elif catalog == "pg_depend":
        condition = f"objid >= {_FIRST_NORMAL_OID} and deptype in ('a', 'e', 'x')"
    else:
        condition = f"oid >= {_FIRST_NORMAL_OID}"
    return f"select * from pg_catalog.{catalog} where {condition}"


def _digest(catalog: str) -> str:
    row = "to_jsonb(t)"
    if catalog == "pg_class":
        row += "".join(f" - '{column}'" for column in _MAINTAINED_BY_SERVER)
    text = f"regexp_replace(({row})::text, '{_POSITIONS}', '', 'g')"
    return f"""select '{catalog}', coalesce(sum(hashtextextended({text}, 0)), 0)::text
        from ({_rows(catalog)}) t"""


_CATALOGS = (*_NUMBER, *_BY_OID, "pg_namespace", "pg_description", "pg_depend", "pg_init_privs")
_QUERY = " union all ".join(map(_digest, _CATALOGS))

# Not every user may read the connection strings. The subscriptions of other databases are left out.
_READABLE = """
    select string_agg(quote_ident(attname), ', ' order by attnum) from pg_catalog.pg_attribute
    where attrelid = 'pg_catalog.pg_subscription'::regclass and attnum > 0 and not attisdropped
      and attname not in ('subconninfo', 'subskiplsn')"""
_SUBSCRIPTIONS = """
    select 'pg_subscription', coalesce(sum(hashtextextended(t::text, 0)), 0)::text from (
      select {} from pg_catalog.pg_subscription where subdbid = (
        select oid from pg_catalog.pg_database where datname = current_database())) t"""


def catalog_digests(connection: Any) -> dict[str, str]:
    """The digest of each catalog, in the connection's current transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_READABLE)
        ((columns,),) = cursor.fetchall()
        cursor.execute(f"{_QUERY} union all {_SUBSCRIPTIONS.format(columns)}")
        return dict(cursor.fetchall())
