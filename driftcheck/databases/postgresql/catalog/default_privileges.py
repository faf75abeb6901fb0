"""Default privileges: the privileges on objects that a role will create."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import (
    Grant,
    change_grants,
    grants_beyond,
)
from driftcheck.databases.postgresql.catalog.query_parts import USERS_SCHEMA
from driftcheck.databases.reading import Cursor, ObjectsByRow, Scope
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Value

_IMPLICIT: dict[str, tuple[Grant, ...]] = {
    "FUNCTIONS": (("PUBLIC", "EXECUTE", ""),),
    "TYPES": (("PUBLIC", "USAGE", ""),),
}
"""The built-in default privileges of PUBLIC. Those of a schema are added to the global ones."""

_GRANTS = grants_beyond(
    "p.defaclacl",
    """case when p.defaclnamespace = 0 then
            acldefault(translate(p.defaclobjtype::text, 'S', 's')::"char", p.defaclrole) end""",
    "case when p.defaclnamespace = 0 then p.defaclrole end",
)


class DefaultPrivileges(PostgreSQLKind):
    """The default privileges of one role for one type of object, globally or in one schema.

    They are read if the scope includes grants.

    https://www.postgresql.org/docs/current/catalog-pg-default-acl.html
    """

    name = "default privileges"
    plural = "default privileges"
    keyword = "DEFAULT PRIVILEGES"
    acl = "p.defaclacl"
    columns = """coalesce(n.nspname, '') as schema, pg_get_userbyid(p.defaclrole) as within,
        case p.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES'
          when 'f' then 'FUNCTIONS' when 'T' then 'TYPES' when 'n' then 'SCHEMAS'
          else 'LARGE OBJECTS' end as name"""
    source = f"""from pg_default_acl p left join pg_namespace n on n.oid = p.defaclnamespace
        where p.defaclnamespace = 0 or {USERS_SCHEMA} order by p.oid"""
    drop_sql = ""
    rename_sql = ""
    move_sql = ""
    add_sql = ()
    owner_sql = ""
    grant_target = ""
    alterations = (
        alter("grant", "{defaults} GRANT ALL ON {type} TO pg_monitor WITH GRANT OPTION"),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``defaults``, the start of the ALTER statement, and ``type``, the type of object."""
        return {**super().fields(obj), "defaults": _altered(obj), "type": obj.address.name}

    def read(
        self, cursor: Cursor, scope: Scope, known: ObjectsByRow | None = None
    ) -> Iterable[SchemaObject]:
        """Read all default privileges, if the scope includes grants."""
        return super().read(cursor, Scope(grants=True), known) if scope.grants else ()

    def query(self, scope: Scope) -> str:
        """The catalog query. In a schema, no privilege of the role itself is implicit."""
        del scope
        return f"select {self.columns}, {_GRANTS} as grants {self.source}"

    def build(self, _thing: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """No statements: ``set_metadata`` grants the privileges."""
        return []

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements that change the default privileges to the wanted ones."""
        return _changed(
            wanted, current.get("grants", _implicit(wanted)), wanted.attributes["grants"]
        )

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that restore the built-in default privileges."""
        return _changed(obj, obj.attributes["grants"], _implicit(obj))

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that move the default privileges to another role or schema."""
        return [*self.drop(current), *self.create(wanted)]


def _implicit(obj: SchemaObject) -> tuple[Grant, ...]:
    return () if obj.address.schema else _IMPLICIT.get(obj.address.name, ())


def _changed(obj: SchemaObject, current: Value, wanted: Value) -> list[str]:
    grants = change_grants(current, wanted, obj.address.name)
    return [f"{_altered(obj)} {grant}" for grant in grants]


def _altered(obj: SchemaObject) -> str:
    role, schema = obj.address.path[0], obj.address.schema
    within = f" IN SCHEMA {quote_identifier(schema)}" if schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {quote_identifier(role)}{within}"
