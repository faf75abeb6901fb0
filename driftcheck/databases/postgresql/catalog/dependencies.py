"""Reads which objects depend on which, from ``pg_depend``.

What the snapshot shows already is left out: that a part depends on its parent object, an object on
its schema, and an index or a constraint on the columns of its own table.

https://www.postgresql.org/docs/current/catalog-pg-depend.html
"""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern

from driftcheck.databases.postgresql.catalog.query_parts import FIRST_NORMAL_OID
from driftcheck.databases.reading import Cursor, in_batches
from driftcheck.schema import Address

_CONSTRAINTS = """case k.contype when 'p' then 'primary key' when 'u' then 'unique constraint'
    when 'x' then 'exclusion constraint' when 'c' then 'check constraint'
    when 'f' then 'foreign key' when 'n' then 'not-null constraint' when 't' then 'trigger' end"""

_RELATION = """case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'f' then 'foreign table' when 'S' then 'sequence' when 'c' then 'composite type'
    when 'i' then 'index' when 'I' then 'index' else 'table' end"""

# SQL: the objects of users, by the OIDs under which pg_depend knows them. A rule that implements a
# view stands for the view, a default for its column, the index of a constraint for the constraint.
_OBJECTS = f"""
    select 'pg_class'::regclass::oid as classid, c.oid as objid,
      coalesce({_CONSTRAINTS}, {_RELATION}) as kind, n.nspname as schema,
      case when k.oid is not null then t.relname end as within,
      coalesce(k.conname, c.relname) as name, null::text as arguments
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_constraint k on c.relkind in ('i', 'I') and k.conindid = c.oid
      and k.contype in ('p', 'u', 'x')
    left join pg_class t on t.oid = k.conrelid
    where c.oid >= {FIRST_NORMAL_OID} and c.relkind <> 't'
    union all
    select 'pg_constraint'::regclass, k.oid,
      case when k.conrelid = 0 then 'domain' else {_CONSTRAINTS} end, n.nspname, c.relname,
      coalesce(d.typname, k.conname), null
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace
    left join pg_class c on c.oid = k.conrelid left join pg_type d on d.oid = k.contypid
    where k.oid >= {FIRST_NORMAL_OID}
    union all
    select 'pg_attrdef'::regclass, f.oid, 'column', n.nspname, c.relname, a.attname, null
    from pg_attrdef f join pg_class c on c.oid = f.adrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = f.adnum
    where c.relkind in ('r', 'p', 'f')
    union all
    select 'pg_rewrite'::regclass, r.oid,
      case when r.rulename = '_RETURN' then {_RELATION} else 'rule' end, n.nspname,
      case when r.rulename <> '_RETURN' then c.relname end,
      case when r.rulename = '_RETURN' then c.relname else r.rulename end, null
    from pg_rewrite r join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace where r.oid >= {FIRST_NORMAL_OID}
    union all
    select 'pg_trigger'::regclass, t.oid, 'trigger', n.nspname, c.relname, t.tgname, null
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal
    union all
    select 'pg_policy'::regclass, p.oid, 'policy', n.nspname, c.relname, p.polname, null
    from pg_policy p join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    union all
    select 'pg_type'::regclass, t.oid,
      case e.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range type'
        when 'c' then {_RELATION} else 'base type' end, n.nspname, null, e.typname, null
    from pg_type t left join pg_range g on g.rngmultitypid = t.oid
    left join pg_type s on s.typarray = t.oid
    join pg_type e on e.oid = coalesce(s.oid, g.rngtypid, t.oid)
    join pg_namespace n on n.oid = e.typnamespace left join pg_class c on c.oid = e.typrelid
    where t.oid >= {FIRST_NORMAL_OID} and c.relkind is distinct from 't'
    union all
    select 'pg_proc'::regclass, p.oid, case p.prokind when 'p' then 'procedure'
      when 'a' then 'aggregate' else 'function' end, n.nspname, null, p.proname,
      oidvectortypes(p.proargtypes)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid >= {FIRST_NORMAL_OID}
    union all
    select 'pg_operator'::regclass, o.oid, 'operator', n.nspname, null, o.oprname,
      coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE') || ', '
        || format_type(o.oprright, null)
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
    where o.oid >= {FIRST_NORMAL_OID}
    union all
    select x.classid, x.objid, x.kind, n.nspname, m.amname, x.name, null
    from (
      select 'pg_opclass'::regclass::oid as classid, oid as objid, 'operator class' as kind,
        opcnamespace as schema, opcname as name, opcmethod as method from pg_opclass
      union all
      select 'pg_opfamily'::regclass, oid, 'operator family', opfnamespace, opfname, opfmethod
      from pg_opfamily) x
    join pg_namespace n on n.oid = x.schema join pg_am m on m.oid = x.method
    where x.objid >= {FIRST_NORMAL_OID}
    union all
    select x.classid, x.objid, x.kind, n.nspname, null, x.name, null
    from (
      select 'pg_statistic_ext'::regclass::oid as classid, oid as objid,
        'statistics object' as kind, stxnamespace as schema, stxname as name from pg_statistic_ext
      union all
      select 'pg_collation'::regclass, oid, 'collation', collnamespace, collname from pg_collation
      union all
      select 'pg_conversion'::regclass, oid, 'conversion', connamespace, conname
      from pg_conversion
      union all
      select 'pg_ts_dict'::regclass, oid, 'text search dictionary', dictnamespace, dictname
      from pg_ts_dict
      union all
      select 'pg_ts_config'::regclass, oid, 'text search configuration', cfgnamespace, cfgname
      from pg_ts_config
      union all
      select 'pg_ts_parser'::regclass, oid, 'text search parser', prsnamespace, prsname
      from pg_ts_parser
      union all
      select 'pg_ts_template'::regclass, oid, 'text search template', tmplnamespace, tmplname
      from pg_ts_template) x
    join pg_namespace n on n.oid = x.schema where x.objid >= {FIRST_NORMAL_OID}
    union all
    select x.classid, x.objid, x.kind, '', x.within, x.name, null
    from (
      select 'pg_cast'::regclass::oid as classid, oid as objid, 'cast' as kind,
        null::name as within,
        format_type(castsource, null) || ' AS ' || format_type(casttarget, null) as name
      from pg_cast where oid >= {FIRST_NORMAL_OID}
      union all
      select 'pg_language'::regclass, oid, 'language', null, lanname from pg_language
      union all
      select 'pg_foreign_data_wrapper'::regclass, oid, 'foreign data wrapper', null, fdwname
      from pg_foreign_data_wrapper
      union all
      select 'pg_foreign_server'::regclass, oid, 'server', null, srvname from pg_foreign_server
      union all
      select 'pg_user_mapping'::regclass, umid, 'user mapping', srvname,
        case umuser when 0 then 'PUBLIC' else usename end from pg_user_mappings
      union all
      select 'pg_event_trigger'::regclass, oid, 'event trigger', null, evtname
      from pg_event_trigger
      union all
      select 'pg_extension'::regclass, oid, 'extension', null, extname from pg_extension
      union all
      select 'pg_namespace'::regclass, oid, 'schema', null, nspname from pg_namespace
      union all
      select 'pg_publication'::regclass, oid, 'publication', null, pubname from pg_publication
      union all
      select 'pg_publication_rel'::regclass, r.oid, 'publication', null, p.pubname
      from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
      union all
      select 'pg_publication_namespace'::regclass, r.oid, 'publication', null, p.pubname
      from pg_publication_namespace r join pg_publication p on p.oid = r.pnpubid) x
    where x.objid >= {FIRST_NORMAL_OID}"""

# SQL: whether an entry is about a partition's key whose index is attached to an index of its table.
# A key that is attached to a key is inherited from it.
_IS_KEY_ON_INDEX = """(deptype = 'P' and classid = 'pg_class'::regclass
      and refclassid = 'pg_class'::regclass
      and exists (select from pg_constraint k where k.conindid = objid and k.conparentid = 0
        and k.contype in ('p', 'u', 'x')))"""

_QUERY = f"""
with objects as materialized ({_OBJECTS}),
members as materialized (
  select m.classid, m.objid, 'extension' as kind, '' as schema, null::name as within,
    x.extname::text as name, null::text as arguments
  from pg_depend m join pg_extension x on x.oid = m.refobjid
  where m.refclassid = 'pg_extension'::regclass and m.deptype = 'e'),
everything as materialized (
  select * from objects o where not exists (
    select from members m where m.classid = o.classid and m.objid = o.objid)
  union all select * from members),
depends as (
  select classid, objid, objsubid, refclassid, refobjid, refobjsubid from pg_depend d
  where (deptype in ('n', 'a', 'i') or {_IS_KEY_ON_INDEX}) and objid >= {FIRST_NORMAL_OID}
    and refobjid >= {FIRST_NORMAL_OID}
    and (refclassid <> 'pg_namespace'::regclass or classid = 'pg_extension'::regclass)
    and not (refclassid = 'pg_class'::regclass and (
      classid = 'pg_constraint'::regclass
        and exists (select from pg_constraint k where k.oid = objid and k.conrelid = refobjid)
      or classid = 'pg_class'::regclass
        and exists (select from pg_index i where i.indexrelid = objid and i.indrelid = refobjid)
      or classid = 'pg_type'::regclass
        and exists (select from pg_type t where t.oid = objid and t.typrelid = refobjid))))
select
  case when s.attname is not null then 'column' else o.kind end, o.schema,
  case when s.attname is not null then o.name else o.within end, coalesce(s.attname, o.name),
  o.arguments,
  case when a.attname is not null then 'column' else r.kind end, r.schema,
  case when a.attname is not null then r.name else r.within end, coalesce(a.attname, r.name),
  r.arguments
from depends d
join everything o on o.classid = d.classid and o.objid = d.objid
join everything r on r.classid = d.refclassid and r.objid = d.refobjid
left join pg_attribute s on d.objsubid > 0 and o.kind in ('table', 'foreign table')
  and d.classid = 'pg_class'::regclass and s.attrelid = d.objid and s.attnum = d.objsubid
left join pg_attribute a on d.refobjsubid > 0 and r.kind in ('table', 'foreign table')
  and d.refclassid = 'pg_class'::regclass and a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where (o.classid, o.objid) <> (r.classid, r.objid)"""


def read_dependencies(cursor: Cursor) -> Mapping[Address, tuple[Address, ...]]:
    """Read the objects that each object of the database depends on.

    Args:
        cursor: A cursor of a session in which ``reading_session`` is active.
    """
    cursor.execute(_QUERY)
    addresses: dict[Address, Address] = {}  # each once: many objects depend on the same ones
    dependencies: dict[Address, list[Address]] = {}
    for row in in_batches(cursor):
        pair = _address(*row[:5]), _address(*row[5:])
        dependent, dependency = (addresses.setdefault(address, address) for address in pair)
        if dependent != dependency:
            dependencies.setdefault(dependent, []).append(dependency)
    return {address: tuple(sorted(set(found), key=str)) for address, found in dependencies.items()}


def _address(
    kind: str, schema: str, within: str | None, name: str, arguments: str | None
) -> Address:
    path = (intern(name),) if within is None else (intern(within), intern(name))
    return Address(intern(kind), intern(schema), path, arguments)
