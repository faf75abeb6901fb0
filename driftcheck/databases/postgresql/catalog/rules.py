"""Rewrite rules, except for those that implement views."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of, table_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.databases.postgresql.catalog.triggers import ENABLED, enabled_sql
from driftcheck.schema import SchemaObject


class Rule(PostgreSQLKind):
    """A rule. https://www.postgresql.org/docs/current/catalog-pg-rewrite.html.

    The definition does not contain the rule's name.
    """

    name = "rule"
    plural = "rules"
    keyword = "RULE"
    printed = frozenset(("definition",))
    recognizable = True
    columns = f"""n.nspname as schema, c.relname as within, r.rulename as name,
        {RELATION_KIND} as part_of, substr(rtrim(pg_get_ruledef(r.oid), ';'),
          length('CREATE RULE ' || quote_ident(r.rulename)) + 1) as definition,
        {enabled_sql("r.ev_enabled")} as enabled, d.description as comment"""
    rows = "x.rulename <> '_RETURN'"
    source = f"""from pg_rewrite r join pg_class c on c.oid = r.ev_class
        join pg_namespace n on n.oid = c.relnamespace
        {comment_on("pg_rewrite", "r.oid")}
        where r.rulename <> '_RETURN' and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
        order by r.oid"""
    add_sql = ("CREATE RULE {new} AS ON DELETE TO {table} DO ALSO NOTHING",)
    alterations = (
        *(
            alter(how.lower(), f"ALTER TABLE {{table}} {how} RULE {{name}}")
            for how in ENABLED.values()
        ),
        alter(
            "another action",
            "CREATE OR REPLACE RULE {name} AS ON INSERT TO {table} WHERE now() IS NULL DO NOTHING",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare rule, and whether it is followed."""
        create_sql = f"CREATE RULE {name_of(obj)}{obj.attributes['definition']}"
        return (
            [create_sql] if obj.attributes["enabled"] == "enabled" else [create_sql, _enable(obj)]
        )

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that enable or disable the rule; ``None`` for another definition."""
        return None if "definition" in differing(current, wanted) else [_enable(wanted)]

    def designation(self, obj: SchemaObject) -> str:
        """The rule as DROP, ALTER and COMMENT ON name it."""
        return f"RULE {name_of(obj)} ON {table_of(obj)}"


def _enable(rule: SchemaObject) -> str:
    how = ENABLED[str(rule.attributes["enabled"])]
    return f"ALTER TABLE {table_of(rule)} {how} RULE {name_of(rule)}"
