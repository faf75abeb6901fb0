"""Scheduled events. DEFINER is not read, as for views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.attribute_mutations import either, toggle
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    Row,
    address,
    in_one_line,
    literal,
    name_of,
    rows,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject, Value

_EVENTS = """SELECT * FROM information_schema.events WHERE event_schema = DATABASE()
    AND (event_type = 'RECURRING' OR on_completion = 'PRESERVE') ORDER BY event_name"""


class Event(MySQLKind):
    """An event that stays after its execution.

    An event that the server drops once it was executed is a job, and no part of the schema. The
    start of a recurring event is not read where it is the default: the time of the statement that
    created or altered the event.
    """

    name = "event"
    plural = "events"
    is_stored_code = True
    changes = (
        either("schedule", "EVERY '77' DAY", "EVERY '78' DAY"),
        toggle("preserve"),
        toggle("enabled"),
        either("definition", "DO 77", "DO 78"),
        either("comment", "driftcheck mutation"),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every event that stays."""
        for row in rows(cursor, _EVENTS):
            facts: dict[str, Value] = {
                "schedule": _schedule(row),
                "preserve": row["on_completion"] == "PRESERVE",
                # a replica disables every event, and the primary server executes it
                "enabled": row["status"] != "DISABLED",
                "definition": in_one_line(row["event_definition"]),
                "comment": row["event_comment"] or None,
            }
            yield SchemaObject(address(self.name, row["event_name"]), facts, recognizable=True)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the event."""
        return [f"CREATE EVENT {name_of(obj)} {_clauses(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the event."""
        return [f"DROP EVENT {name_of(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that redefines the event. ALTER EVENT cannot take the end back."""
        if _has_end(current) and not _has_end(wanted):
            return [*self.drop(current), *self.create(wanted)]
        return [f"ALTER EVENT {name_of(wanted)} {_clauses(wanted)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the event."""
        return [f"ALTER EVENT {name_of(current)} RENAME TO {name_of(wanted)}"]


def _has_end(event: SchemaObject) -> bool:
    return " ENDS " in str(event.attributes["schedule"])


def _clauses(event: SchemaObject) -> str:
    facts = event.attributes
    return " ".join(
        (
            f"ON SCHEDULE {facts['schedule']}",
            f"ON COMPLETION {'' if facts['preserve'] else 'NOT '}PRESERVE",
            "ENABLE" if facts["enabled"] else "DISABLE",
            f"COMMENT {literal(facts['comment'] or '')}",
            f"DO {facts['definition']}",
        )
    )


def _schedule(row: Row) -> str:
    if row["event_type"] == "ONE TIME":
        return f"AT '{row['execute_at']}'"
    interval = str(row["interval_value"])
    every = interval if interval.startswith("'") else f"'{interval}'"
    words = [f"EVERY {every} {row['interval_field']}"]
    if row["starts"] not in (row["created"], row["last_altered"]):
        words.append(f"STARTS '{row['starts']}'")
    if row["ends"]:
        words.append(f"ENDS '{row['ends']}'")
    return " ".join(words)
