"""Parts of SQL that the catalog queries of several kinds share."""

from __future__ import annotations

FIRST_NORMAL_OID = 16384
"""Objects that initdb creates have lower OIDs:
https://www.postgresql.org/docs/current/system-catalog-initial-data.html."""

PUBLIC = 2200
"""The OID of the schema ``public``, the only user object that initdb creates."""

RELATION_KIND = """case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'f' then 'foreign table' else 'table' end"""
"""SQL: the name of the kind of the relation ``c``."""


def not_in_extension(catalog: str, oid: str) -> str:
    """SQL: whether an object is no member of an extension. The subquery is hashed by the planner.

    https://www.postgresql.org/docs/current/catalog-pg-depend.html
    """
    return f"""{oid} not in (select e.objid from pg_depend e
        where e.refclassid = 'pg_extension'::regclass and e.deptype = 'e'
          and e.classid = '{catalog}'::regclass)"""


USERS_SCHEMA = f"""n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and {not_in_extension("pg_namespace", "n.oid")}"""
"""SQL: whether the schema ``n`` is no system, temporary or extension schema."""


def comment_on(
    catalog: str, oid: str, number: str = "0", *, alias: str = "d", first: int = FIRST_NORMAL_OID
) -> str:
    """SQL: a join with the comment of an object, as ``d.description``.

    The condition on the first OID is redundant, but without it the planner would scan thousands of
    comments on system objects for every kind.
    https://www.postgresql.org/docs/current/catalog-pg-description.html
    """
    return f"""left join pg_description {alias} on {alias}.classoid = '{catalog}'::regclass
        and {alias}.objoid = {oid} and {alias}.objoid >= {first} and {alias}.objsubid = {number}"""


def depending_on_extensions(catalog: str, oid: str) -> str:
    """SQL: a join with the extensions that the object depends on, as ``need.extensions``.

    https://www.postgresql.org/docs/current/catalog-pg-depend.html (``DEPENDENCY_AUTO_EXTENSION``)
    """
    return f"""left join (
          select e.objid, array_agg(w.extname::text order by w.extname) as extensions
          from pg_depend e join pg_extension w on w.oid = e.refobjid
          where e.deptype = 'x' and e.classid = '{catalog}'::regclass
            and e.refclassid = 'pg_extension'::regclass
          group by e.objid) need on need.objid = {oid}"""
