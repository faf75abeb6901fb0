"""Triggers on tables and views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.databases.mutations import Alteration, alter, escape_braces
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of, pairs, table_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    depending_on_extensions,
    not_in_extension,
)
from driftcheck.schema import SchemaObject, Snapshot

ENABLED = {
    "enabled": "ENABLE",
    "disabled": "DISABLE",
    "replica": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
}
"""The clauses of ALTER TABLE and ALTER EVENT TRIGGER, by the value of ``enabled_sql``."""


def enabled_sql(column: str) -> str:
    """SQL: whether a trigger or rule is enabled, and for which replication roles."""
    return f"""case {column} when 'O' then 'enabled' when 'D' then 'disabled'
        when 'R' then 'replica' else 'always' end"""


# SQL: the partitions in which a trigger has another enabled state than in the partitioned table.
_OF_PARTITIONS = f"""(
    with recursive copies (root, fires, copy) as (
      select r.oid, r.tgenabled, k.oid from pg_trigger r join pg_trigger k on k.tgparentid = r.oid
      where r.tgparentid = 0 and not r.tgisinternal
      union all
      select s.root, s.fires, k.oid from copies s join pg_trigger k on k.tgparentid = s.copy)
    select s.root, array_agg(array[k.tgrelid::regclass::text, {enabled_sql("k.tgenabled")}]
      order by k.tgrelid::regclass::text) as partitions
    from copies s join pg_trigger k on k.oid = s.copy where k.tgenabled <> s.fires
    group by s.root)"""


class Trigger(PostgreSQLKind):
    """A trigger. https://www.postgresql.org/docs/current/catalog-pg-trigger.html.

    Internal triggers of foreign keys are not read. Triggers of partitions are read with the trigger
    of the partitioned table. ``fires`` is the timing and the events; ``definition`` is the rest.
    Neither contains the names of the trigger and its table.
    """

    name = "trigger"
    plural = "triggers"
    keyword = "TRIGGER"
    printed = frozenset(("definition",))
    renamable = True
    summary_attributes = ("constraint", "fires", "definition")
    usual = (("enabled", "enabled"),)
    columns = f"""n.nspname as schema, c.relname as within, t.tgname as name,
        {RELATION_KIND} as part_of, t.tgconstraint <> 0 as constraint, p.fires,
        substr(p.text, length(p.fires || p.on_table) + 1) as definition,
        {enabled_sql("t.tgenabled")} as enabled, coalesce(o.partitions, '{{}}') as partitions,
        coalesce(need.extensions, '{{}}') as extensions, d.description as comment"""
    rows = "not x.tgisinternal"
    source = f"""from pg_trigger t join pg_class c on c.oid = t.tgrelid
        join pg_namespace n on n.oid = c.relnamespace
        cross join lateral (
          select substr(pg_get_triggerdef(t.oid), length('CREATE ' || case when t.tgconstraint <> 0
              then 'CONSTRAINT ' else '' end || 'TRIGGER ' || quote_ident(t.tgname) || ' ') + 1)
            as text, ' ON ' || c.oid::regclass || ' ' as on_table) w
        cross join lateral (select w.*, split_part(w.text, w.on_table, 1) as fires) p
        left join {_OF_PARTITIONS} o on o.root = t.oid
        {depending_on_extensions("pg_trigger", "t.oid")}
        {comment_on("pg_trigger", "t.oid")}
        where not t.tgisinternal and t.tgparentid = 0 and {USERS_SCHEMA}
          and {not_in_extension("pg_class", "c.oid")} and {not_in_extension("pg_trigger", "t.oid")}
        order by t.oid"""
    alterations = tuple(
        alter(how.lower(), f"ALTER TABLE {{table}} {how} TRIGGER {{name}}")
        for how in ENABLED.values()
    )

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Add: one more event, and another enabled state in one partition."""
        for part in schema.parts.get(obj.part_of, ()) if obj.part_of else ():
            if part.attributes.get("bound"):
                table = escape_braces(part.address.sql)
                yield alter(
                    "disable on a partition", f"ALTER TABLE ONLY {table} DISABLE TRIGGER {{name}}"
                )
                break
        recreatable = self.build(obj, ())[0]
        fires = str(obj.attributes["fires"])
        for event in ("INSERT", "UPDATE", "DELETE"):
            if event not in fires:
                other = recreatable.replace(fires, f"{fires} OR {event}", 1)
                yield alter(f"on {event.lower()} too", self.drop_sql, escape_braces(other))

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare trigger, and whether it fires."""
        facts = obj.attributes
        constraint = "CONSTRAINT " if facts["constraint"] else ""
        create_sql = f"CREATE {constraint}TRIGGER {name_of(obj)} {self.summary(obj)}"
        return [create_sql] if facts["enabled"] == "enabled" else [create_sql, _enable(obj)]

    def summary(self, obj: SchemaObject) -> str:
        """The trigger as CREATE TRIGGER writes it, without its name."""
        facts = obj.attributes
        return f"{facts['fires']} ON {table_of(obj)} {facts['definition']}"

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that enable or disable the trigger; ``None`` for another definition."""
        changed = differing(current, wanted)
        return None if changed & {"constraint", "fires", "definition"} else [_enable(wanted)]

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements for partitions with another enabled state, after they are attached."""
        have = pairs(current.attributes["partitions"]) if current else {}
        want = pairs(wanted.attributes["partitions"])
        enabled = str(wanted.attributes["enabled"])
        if current and have == want and current.attributes["enabled"] == enabled:
            return []
        fires = {table: ENABLED[want.get(table, enabled)] for table in {**have, **want}}
        trigger = f"TRIGGER {name_of(wanted)}"
        return [f"ALTER TABLE ONLY {table} {how} {trigger}" for table, how in fires.items()]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current trigger to the wanted name."""
        return [f"ALTER {self.designation(current)} RENAME TO {name_of(wanted)}"]

    def designation(self, obj: SchemaObject) -> str:
        """The trigger as DROP, ALTER and COMMENT ON name it."""
        return f"TRIGGER {name_of(obj)} ON {table_of(obj)}"


def _enable(trigger: SchemaObject) -> str:
    how = ENABLED[str(trigger.attributes["enabled"])]
    return f"ALTER TABLE {table_of(trigger)} {how} TRIGGER {name_of(trigger)}"
