"""Row security policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from driftcheck.databases.mutations import alter, per_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import name_of, table_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import role
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.schema import SchemaObject


class Policy(PostgreSQLKind):
    """A policy. https://www.postgresql.org/docs/current/catalog-pg-policy.html."""

    name = "policy"
    plural = "policies"
    keyword = "POLICY"
    printed = frozenset(("using", "with_check"))
    recognizable = True
    columns = """n.nspname as schema, c.relname as within, p.polname as name, 'table' as part_of,
        case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
          when 'd' then 'DELETE' else 'ALL' end as command, p.polpermissive as permissive,
        array(select coalesce(pg_get_userbyid(nullif(r, 0)), 'PUBLIC')::text
          from unnest(p.polroles) r order by 1) as roles,
        pg_get_expr(p.polqual, p.polrelid) as "using",
        pg_get_expr(p.polwithcheck, p.polrelid) as with_check, d.description as comment"""
    source = f"""from pg_policy p join pg_class c on c.oid = p.polrelid
        join pg_namespace n on n.oid = c.relnamespace
        {comment_on("pg_policy", "p.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")} order by p.oid"""
    alterations = (
        *per_clause(
            "ALTER {object}",
            (
                "USING (now() IS NOT NULL)",
                "WITH CHECK (now() IS NOT NULL)",
                "TO PUBLIC",
                "TO pg_monitor",
            ),
        ),
        alter("toggle permissive", "DROP {object}", "{inverse}"),
        alter("another command", "DROP {object}", "{command_}"),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add CREATE POLICY with the opposite of PERMISSIVE, and for another command."""
        create_sql = self.build(obj, ())[0]
        words = ("PERMISSIVE", "RESTRICTIVE")
        have, other = words if obj.attributes["permissive"] else reversed(words)
        command = obj.attributes["command"]
        another = "ALL" if command != "ALL" else "UPDATE"
        return {
            **super().fields(obj),
            "inverse": create_sql.replace(f" AS {have} ", f" AS {other} ", 1),
            "command_": create_sql.replace(f" FOR {command} ", f" FOR {another} ", 1),
        }

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare policy."""
        facts = obj.attributes
        permissive = "PERMISSIVE" if facts["permissive"] else "RESTRICTIVE"
        roles = ", ".join(map(role, cast("tuple[str, ...]", facts["roles"])))
        words = [f"CREATE {self.designation(obj)} AS {permissive} FOR {facts['command']}"]
        words.append(f"TO {roles}")
        if facts["using"] is not None:
            words.append(f"USING ({facts['using']})")
        if facts["with_check"] is not None:
            words.append(f"WITH CHECK ({facts['with_check']})")
        return [" ".join(words)]

    def designation(self, obj: SchemaObject) -> str:
        """The policy as CREATE, DROP, ALTER and COMMENT ON name it."""
        return f"POLICY {name_of(obj)} ON {table_of(obj)}"
