"""Remarks on the state of a database that is no part of its schema and is not compared."""

from __future__ import annotations

from driftcheck.databases.postgresql.catalog.foreign_options import SECRET
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    USERS_SCHEMA,
    not_in_extension,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import Address, Remark

# Each query returns the rule; the kind, schema and name of the object; two values for the rule.

# https://www.postgresql.org/docs/current/catalog-pg-class.html
_UNPOPULATED = f"""
    select 'live-materialized-view-unpopulated', 'materialized view', n.nspname::text,
      c.relname::text, '', ''
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and not c.relispopulated and {USERS_SCHEMA}
      and {not_in_extension("pg_class", "c.oid")}"""

# https://www.postgresql.org/docs/current/catalog-pg-collation.html
_COLLATIONS = f"""
    select 'live-collation-version', 'collation', n.nspname, l.collname, l.collversion, l.actual
    from (
      select *, pg_collation_actual_version(oid) as actual from pg_collation
      where collversion is not null and (oid >= {FIRST_NORMAL_OID} or oid in (
        select refobjid from pg_depend where refclassid = 'pg_collation'::regclass))
      offset 0  -- compare the versions of used collations only
    ) l join pg_namespace n on n.oid = l.collnamespace
    where l.collversion <> l.actual"""

# https://www.postgresql.org/docs/current/catalog-pg-database.html
_DATABASE_COLLATION = """
    select 'live-database-collation-version', 'database', '', d.datname, d.datcollversion, d.actual
    from (
      select *, pg_database_collation_actual_version(oid) as actual from pg_database
      where datname = current_database()
    ) d where d.datcollversion <> d.actual"""

# https://www.postgresql.org/docs/current/catalog-pg-db-role-setting.html
_SETTINGS = f"""
    select 'live-setting-of-' || case when s.setrole = 0 then 'database'
        when s.setdatabase = 0 then 'role' else 'role-in-database' end,
      case when s.setrole = 0 and s.setdatabase <> 0 then 'database' else 'role' end, '',
      case when s.setrole <> 0 then pg_get_userbyid(s.setrole)
        when s.setdatabase = 0 then 'ALL' else current_database() end,
      o.name, case when o.name ~* '{SECRET}' or o.value ~ '://[^/]*@' then '***' else o.value end
    from pg_db_role_setting s cross join lateral (
      select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
      from unnest(s.setconfig) c) o
    where s.setdatabase = 0
      or s.setdatabase = (select oid from pg_database where datname = current_database())"""


def remarks(cursor: Cursor, scope: Scope) -> tuple[Remark, ...]:
    """Read the remarks in one query. Settings are included if the scope says so."""
    queries = [_UNPOPULATED, _COLLATIONS, _DATABASE_COLLATION, *[_SETTINGS] * scope.settings]
    cursor.execute(" union all ".join(queries) + " order by 1, 2, 3, 4, 5")
    return tuple(
        Remark(rule, Address(kind, schema, (name,)), (first, second))
        for rule, kind, schema, name, first, second in cursor.fetchall()
    )
