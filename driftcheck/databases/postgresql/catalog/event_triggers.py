"""Event triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import comment_on, not_in_extension
from driftcheck.databases.postgresql.catalog.triggers import ENABLED, enabled_sql
from driftcheck.quoting import quote_literal
from driftcheck.schema import SchemaObject

_EVENTS = frozenset(("ddl_command_start", "ddl_command_end", "sql_drop", "table_rewrite", "login"))
"""https://www.postgresql.org/docs/current/event-trigger-definition.html"""


class EventTrigger(PostgreSQLKind):
    """An event trigger. https://www.postgresql.org/docs/current/catalog-pg-event-trigger.html."""

    name = "event trigger"
    plural = "event triggers"
    affects_all_others = True
    keyword = "EVENT TRIGGER"
    recognizable = True
    owner = "t.evtowner"
    words: ClassVar = {"enabled": ENABLED, "event": _EVENTS}
    stored = frozenset(("tags", "comment"))
    function_names = frozenset(("function",))
    columns = f"""'' as schema, t.evtname as name, t.evtevent as event, t.evttags as tags,
        t.evtfoid::regproc::text as function, {enabled_sql("t.evtenabled")} as enabled,
        d.description as comment"""
    source = f"""from pg_event_trigger t {comment_on("pg_event_trigger", "t.oid")}
        where {not_in_extension("pg_event_trigger", "t.oid")} order by t.oid"""
    alterations = (
        *(alter(how.lower(), f"ALTER {{object}} {how}") for how in ENABLED.values()),
        *(
            alter(
                f"on {event}",
                "DROP {object}",
                f"CREATE {{object}} ON {event} WHEN TAG IN ('DROP TABLE') "
                "EXECUTE FUNCTION {function}()",
            )
            for event in ("sql_drop", "ddl_command_start")
        ),
        alter(
            "other tags",
            "DROP {object}",
            "CREATE {object} ON {event} WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION {function}()",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare event trigger, and whether it fires."""
        facts = obj.attributes
        tags = ", ".join(map(quote_literal, cast("tuple[str, ...]", facts["tags"] or ())))
        when = f" WHEN TAG IN ({tags})" if tags else ""
        create_sql = (
            f"CREATE EVENT TRIGGER {name_of(obj)} ON {facts['event']}{when} "
            f"EXECUTE FUNCTION {facts['function']}()"
        )
        return [create_sql] if facts["enabled"] == "enabled" else [create_sql, _enable(obj)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that enable or disable the trigger; ``None`` for another definition."""
        return [_enable(wanted)] if differing(current, wanted) <= {"enabled", "comment"} else None


def _enable(trigger: SchemaObject) -> str:
    how = ENABLED[str(trigger.attributes["enabled"])]
    return f"ALTER EVENT TRIGGER {name_of(trigger)} {how}"
