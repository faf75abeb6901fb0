"""Statistics objects: what the planner is told about several columns together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.kind import (
    USERS_SCHEMA,
    PostgreSQLKind,
    comment_on,
    differing,
    no_member,
)
from driftcheck.schema import SchemaObject


class StatisticsObject(PostgreSQLKind):
    """Extended statistics. https://www.postgresql.org/docs/current/catalog-pg-statistic-ext.html."""

    name = "statistics object"
    plural = "statistics objects"
    keyword = "STATISTICS"
    recognizable = True
    owner = "s.stxowner"
    columns = """n.nspname as schema, s.stxname as name, 'table' as whole,
        cn.nspname as whole_schema, c.relname as whole_name,
        array_to_string(array(
          select case kind when 'd' then 'ndistinct' when 'f' then 'dependencies' else 'mcv' end
          from unnest(s.stxkind) kind where kind <> 'e'), ', ') as kinds,
        pg_get_statisticsobjdef_columns(s.oid) as definition,
        nullif(s.stxstattarget, -1)::integer as target, d.description as comment"""
    source = f"""from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
        join pg_class c on c.oid = s.stxrelid join pg_namespace cn on cn.oid = c.relnamespace
        {comment_on("pg_statistic_ext", "s.oid")}
        where {USERS_SCHEMA} and {no_member("pg_statistic_ext", "s.oid")}
          and {no_member("pg_class", "c.oid")} order by s.oid"""
    alterations = (
        alter("target", "ALTER STATISTICS {path} SET STATISTICS 777"),
        alter("default target", "ALTER STATISTICS {path} SET STATISTICS -1"),
        alter(
            "other kinds",
            "DROP STATISTICS {path}",
            "CREATE STATISTICS {path} ({otherwise}) ON {definition} FROM {table}",
        ),
        alter(
            "one more expression",
            "DROP STATISTICS {path}",
            "CREATE STATISTICS {path}{kinds_} ON {definition}, (now() IS NULL) FROM {table}",
        ),
    )
    quiet = (alter("analyze", "ANALYZE {table}"),)

    def fields(self, thing: SchemaObject) -> Mapping[str, Any]:
        """And its kinds as CREATE STATISTICS has them, and others."""
        kinds = str(thing.attributes["kinds"])
        return {
            **super().fields(thing),
            "kinds_": f" ({kinds})" if kinds else "",
            "otherwise": "mcv" if kinds != "mcv" else "ndistinct",
        }

    def build(self, thing: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that make the bare statistics object, and how much it samples."""
        facts = thing.attributes
        kinds = f" ({facts['kinds']})" if facts["kinds"] else ""
        table = thing.part_of.sql if thing.part_of else ""
        made = f"CREATE STATISTICS {thing.address.sql}{kinds} ON {facts['definition']} FROM {table}"
        return [made] if thing.attributes["target"] is None else [made, _target(thing)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change how much it samples; all else makes another object."""
        return None if differing(current, wanted) & {"definition", "kinds"} else [_target(wanted)]


def _target(statistics: SchemaObject) -> str:
    target = statistics.attributes["target"]
    number = -1 if target is None else target
    return f"ALTER STATISTICS {statistics.address.sql} SET STATISTICS {number}"
