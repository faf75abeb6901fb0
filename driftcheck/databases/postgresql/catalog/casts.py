"""Casts from one type to another."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    comment_on,
    not_in_extension,
)
from driftcheck.schema import SchemaObject


class Cast(PostgreSQLKind):
    """A cast. Its name consists of its types. https://www.postgresql.org/docs/current/catalog-pg-cast.html."""

    name = "cast"
    plural = "casts"
    keyword = "CAST"
    is_used_implicitly = True
    columns = """'' as schema,
        format_type(k.castsource, null) || ' AS ' || format_type(k.casttarget, null) as name,
        case k.castmethod when 'f' then 'WITH FUNCTION ' || k.castfunc::regprocedure
          when 'i' then 'WITH INOUT' else 'WITHOUT FUNCTION' end
        || case k.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT'
          else '' end as definition, d.description as comment"""
    source = f"""from pg_cast k {comment_on("pg_cast", "k.oid")}
        where k.oid >= {FIRST_NORMAL_OID} and {not_in_extension("pg_cast", "k.oid")}
          and k.oid not in (  -- a range type brings its own
            select i.objid from pg_depend i where i.refclassid = 'pg_type'::regclass
              and i.classid = 'pg_cast'::regclass and i.deptype = 'i')
        order by k.oid"""
    rename_sql = ""
    add_sql = ()
    alterations = (
        alter("with inout", "DROP {object}", "CREATE {object} WITH INOUT AS IMPLICIT"),
        alter("as assignment", "DROP {object}", "CREATE {object} WITH INOUT AS ASSIGNMENT"),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare cast."""
        return [f"CREATE {self.designation(obj)} {obj.attributes['definition']}"]

    def designation(self, obj: SchemaObject) -> str:
        """The cast as CREATE, DROP and COMMENT ON name it."""
        return f"CAST ({obj.address.name})"
