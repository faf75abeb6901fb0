"""Extended statistics on several columns or on expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.ddl_parts import differing
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.schema import SchemaObject


class StatisticsObject(PostgreSQLKind):
    """Extended statistics. https://www.postgresql.org/docs/current/catalog-pg-statistic-ext.html."""

    name = "statistics object"
    plural = "statistics objects"
    keyword = "STATISTICS"
    printed = frozenset(("definition",))
    recognizable = True
    owner = "s.stxowner"
    columns = """n.nspname as schema, s.stxname as name, 'table' as part_of,
        cn.nspname as part_of_schema, c.relname as part_of_name,
        array_to_string(array(
          select case kind when 'd' then 'ndistinct' when 'f' then 'dependencies' else 'mcv' end
          from unnest(s.stxkind) kind where kind <> 'e'), ', ') as kinds,
        pg_get_statisticsobjdef_columns(s.oid) as definition,
        nullif(s.stxstattarget, -1)::integer as target, d.description as comment"""
    source = f"""from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
        join pg_class c on c.oid = s.stxrelid join pg_namespace cn on cn.oid = c.relnamespace
        {comment_on("pg_statistic_ext", "s.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_statistic_ext", "s.oid")}
          and {not_in_extension("pg_class", "c.oid")} order by s.oid"""
    alterations = (
        alter("target", "ALTER STATISTICS {path} SET STATISTICS 777"),
        alter("default target", "ALTER STATISTICS {path} SET STATISTICS -1"),
        alter(
            "other kinds",
            "DROP STATISTICS {path}",
            "CREATE STATISTICS {path} ({inverse}) ON {definition} FROM {table}",
        ),
        alter(
            "another expression",
            "DROP STATISTICS {path}",
            "CREATE STATISTICS {path}{kinds_} ON {definition}, (now() IS NULL) FROM {table}",
        ),
    )
    equivalent = (alter("analyze", "ANALYZE {table}"),)

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add the statistics kinds as CREATE STATISTICS writes them, and other ones."""
        kinds = str(obj.attributes["kinds"])
        return {
            **super().fields(obj),
            "kinds_": f" ({kinds})" if kinds else "",
            "inverse": "mcv" if kinds != "mcv" else "ndistinct",
        }

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare statistics object, and how much it samples."""
        facts = obj.attributes
        kinds = f" ({facts['kinds']})" if facts["kinds"] else ""
        table = obj.part_of.sql if obj.part_of else ""
        create_sql = (
            f"CREATE STATISTICS {obj.address.sql}{kinds} ON {facts['definition']} FROM {table}"
        )
        return [create_sql] if obj.attributes["target"] is None else [create_sql, _target(obj)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the statistics target; ``None`` for another definition."""
        return None if differing(current, wanted) & {"definition", "kinds"} else [_target(wanted)]


def _target(statistics: SchemaObject) -> str:
    target = statistics.attributes["target"]
    number = -1 if target is None else target
    return f"ALTER STATISTICS {statistics.address.sql} SET STATISTICS {number}"
