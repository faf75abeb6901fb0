"""Privileges on the members of extensions and on the server's own languages.

These objects are not compared themselves, but privileges on them can be granted and revoked. As
``pg_dump`` does, only the difference from the privileges is read that the objects had at first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import (
    Grant,
    change_grants,
    normalized_grants,
)
from driftcheck.databases.postgresql.catalog.query_parts import FIRST_NORMAL_OID
from driftcheck.databases.reading import Cursor, ObjectsByRow, Scope
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Value

# SQL: catalog, OID and part of each object that has privileges; the word of GRANT, schema, name and
# arguments; its privileges, owner and the first argument of ``acldefault()``.
_OBJECTS = """
    select 'pg_class'::regclass as catalog, c.oid, 0 as part,
      case c.relkind when 'S' then 'SEQUENCE' else 'TABLE' end as word, c.relnamespace as schema,
      c.relname as name, null::text as arguments, c.relacl as acl, c.relowner as owner,
      case c.relkind when 'S' then 's' else 'r' end as kind
    from pg_class c where c.relacl is not null
    union all
    select 'pg_class'::regclass, c.oid, a.attnum, 'COLUMN', c.relnamespace, c.relname, a.attname,
      a.attacl, c.relowner, 'c'
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where a.attacl is not null and a.attnum > 0 and not a.attisdropped
    union all
    select 'pg_proc'::regclass, p.oid, 0, case p.prokind when 'p' then 'PROCEDURE'
        else 'FUNCTION' end, p.pronamespace, p.proname, oidvectortypes(p.proargtypes), p.proacl,
      p.proowner, 'f'
    from pg_proc p where p.proacl is not null
    union all
    select 'pg_type'::regclass, t.oid, 0, 'TYPE', t.typnamespace, t.typname, null, t.typacl,
      t.typowner, 'T'
    from pg_type t where t.typacl is not null
    union all
    select 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', 0, n.nspname, null, n.nspacl, n.nspowner,
      'n'
    from pg_namespace n where n.nspacl is not null
    union all
    select 'pg_language'::regclass, l.oid, 0, 'LANGUAGE', 0, l.lanname, null, l.lanacl, l.lanowner,
      'l'
    from pg_language l where l.lanacl is not null
    union all
    select 'pg_foreign_data_wrapper'::regclass, w.oid, 0, 'FOREIGN DATA WRAPPER', 0, w.fdwname,
      null, w.fdwacl, w.fdwowner, 'F'
    from pg_foreign_data_wrapper w where w.fdwacl is not null
    union all
    select 'pg_foreign_server'::regclass, s.oid, 0, 'FOREIGN SERVER', 0, s.srvname, null, s.srvacl,
      s.srvowner, 'S'
    from pg_foreign_server s where s.srvacl is not null"""


def _without(acl: str, other: str) -> str:
    """SQL: the grants of one ``aclitem[]`` that the other one does not contain, without owners."""
    exploded = """select coalesce(pg_get_userbyid(nullif(g.grantee, 0)), 'PUBLIC')::text as grantee,
            g.privilege_type, case when g.is_grantable then 'WITH GRANT OPTION' else '' end as how
          from aclexplode({}) g
          where g.grantee is distinct from o.owner and g.grantee is distinct from x.extowner"""
    return f"""array(select array[w.grantee, w.privilege_type, w.how] from (
          {exploded.format(acl)} except {exploded.format(other)}) w order by 1)"""


_INITIAL = """coalesce(i.initprivs, acldefault(o.kind::"char", o.owner))"""


class InitialPrivileges(PostgreSQLKind):
    """The difference of an object's privileges from its initial privileges.

    They are read if the scope includes grants. Privileges of the owner are left out. The name
    begins with the word that GRANT uses for the object; a column is the argument of its table.

    https://www.postgresql.org/docs/current/catalog-pg-init-privs.html
    """

    name = "privileges"
    plural = "privileges"
    keyword = "PRIVILEGES"
    left_out_of_copies = True
    columns = f"""coalesce(n.nspname, '') as schema, o.word as within, o.name, o.arguments,
        case when x.extname <> 'plpgsql' then 'extension' end as part_of, '' as part_of_schema,
        x.extname as part_of_name,
        {_without("o.acl", _INITIAL)} as granted, {_without(_INITIAL, "o.acl")} as revoked"""
    source = f"""from ({_OBJECTS}) o
        left join pg_init_privs i on i.objoid = o.oid and i.classoid = o.catalog
          and i.objsubid = o.part
        left join pg_depend m on m.classid = o.catalog and m.objid = o.oid and m.deptype = 'e'
          and m.objsubid = 0 and m.refclassid = 'pg_extension'::regclass
        left join pg_extension x on x.oid = m.refobjid left join pg_namespace n on n.oid = o.schema
        where x.oid is not null
          or o.catalog = 'pg_language'::regclass and o.oid < {FIRST_NORMAL_OID}
        order by o.catalog, o.oid, o.part"""
    drop_sql = ""
    rename_sql = ""
    move_sql = ""
    add_sql = ()
    alterations = (
        alter("grant", "GRANT ALL{columns} ON {target} TO pg_monitor WITH GRANT OPTION"),
        alter("grant to PUBLIC", "GRANT ALL{columns} ON {target} TO PUBLIC"),
        alter("revoke", "REVOKE ALL{columns} ON {target} FROM PUBLIC"),
    )

    @property
    def catalog(self) -> str:
        """The catalog without which no object has initial privileges; it is never empty."""
        return "pg_init_privs"

    def read(
        self, cursor: Cursor, scope: Scope, known: ObjectsByRow | None = None
    ) -> Iterable[SchemaObject]:
        """Read the privileges that differ from the initial ones, if the scope includes grants."""
        if not scope.grants:
            return
        for obj in super().read(cursor, scope, known):
            if obj.attributes["granted"] or obj.attributes["revoked"]:
                yield obj

    def normalize(self, attributes: dict[str, Any]) -> None:
        """Change the attributes in place to the values that every server version would return."""
        for name in ("granted", "revoked"):
            attributes[name] = normalized_grants(attributes[name])

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``target`` and ``columns``, as GRANT writes them."""
        return {**super().fields(obj), "target": _target(obj), "columns": _columns(obj)}

    def build(self, _obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """No statements: ``set_metadata`` grants and revokes the privileges."""
        return []

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges to the wanted ones."""
        return _changed(wanted, current, wanted.attributes)

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """No statements: ``set_metadata`` grants and revokes the privileges."""
        del current, wanted
        return []

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that restore the initial privileges."""
        return _changed(obj, obj.attributes, {})

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that move the privileges to another object."""
        return [*self.drop(current), *self.create(wanted)]


def _changed(
    obj: SchemaObject, current: Mapping[str, Value], wanted: Mapping[str, Value]
) -> list[str]:
    """Statements that lead from one difference to another.

    What is granted in one state is not an initial privilege, and what is revoked is one.
    """

    def grants(side: Mapping[str, Value], name: str) -> set[Grant]:
        return set(cast("tuple[Grant, ...]", side.get(name, ())))

    have = grants(current, "granted") | grants(wanted, "revoked")
    want = grants(wanted, "granted") | grants(current, "revoked")
    return change_grants(tuple(have), tuple(want), _target(obj), _columns(obj))


def _target(obj: SchemaObject) -> str:
    """The object as GRANT names it: ``FUNCTION public.dblink(text, text)``."""
    address, word = obj.address, obj.address.path[0]
    name = address.path[1:]
    if word == "COLUMN":
        return f"TABLE {Address('', address.schema, name).sql}"
    return f"{word} {Address('', address.schema, name, address.arguments).sql}"


def _columns(obj: SchemaObject) -> str:
    """The column in parentheses; empty for another object."""
    address = obj.address
    is_column = address.path[0] == "COLUMN"
    return f" ({quote_identifier(str(address.arguments))})" if is_column else ""
