"""Views and triggers. DEFINER is not read: in a shadow database it is driftcheck's own user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.attribute_mutations import AttributeChange, either
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    address,
    in_dependency_order,
    in_one_line,
    name_of,
    quote,
    rows,
    without_database,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import HIDDEN, SchemaObject, Value

HIDDEN_VIEWS = """FROM information_schema.views
WHERE table_schema = DATABASE() AND view_definition = ''"""
"""SQL: the views whose definition is hidden from the user."""


class View(MySQLKind):
    """A view."""

    name = "view"
    plural = "views"
    changes = (
        AttributeChange("definition", lambda a: {"definition": f"{a['definition']} limit 77"}),
        either("check_option", "CASCADED"),
        either("security", "DEFINER", "INVOKER"),
        either("algorithm", "TEMPTABLE", "UNDEFINED"),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every view, in the order of their dependencies."""
        view_rows = rows(
            cursor,
            """SELECT *, DATABASE() AS own FROM information_schema.views
            WHERE table_schema = DATABASE() ORDER BY table_name""",
        )
        views = {row["table_name"]: row for row in view_rows}
        definitions = {
            name: without_database(row["view_definition"], row["own"])
            for name, row in views.items()
        }
        for name in in_dependency_order(definitions):
            row = views[name]
            facts: dict[str, Value] = {
                # empty without the privilege to see the definition
                "definition": definitions[name] or HIDDEN,
                "check_option": None if row["check_option"] == "NONE" else row["check_option"],
                "security": row["security_type"],
                "algorithm": row.get("algorithm"),
            }
            is_known = bool(definitions[name])
            yield SchemaObject(address("view", name), facts, recognizable=is_known)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the view."""
        return [f"CREATE {_view(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the view."""
        return [f"DROP VIEW {name_of(obj)}"]

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that replaces the view."""
        return [f"CREATE OR REPLACE {_view(wanted)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the view."""
        return [f"RENAME TABLE {name_of(current)} TO {name_of(wanted)}"]


def _view(view: SchemaObject) -> str:
    facts = view.attributes
    if facts["definition"] == HIDDEN:
        raise CannotBeWritten(
            f"The definition of {view.address} is hidden from this user. Create it as its owner."
        )
    words = [f"ALGORITHM={facts['algorithm']}"] if facts["algorithm"] else []
    words.append(f"SQL SECURITY {facts['security']} VIEW {name_of(view)} AS {facts['definition']}")
    if facts["check_option"]:
        words.append(f"WITH {facts['check_option']} CHECK OPTION")
    return " ".join(words)


class Trigger(MySQLKind):
    """A trigger on a table."""

    name = "trigger"
    plural = "triggers"
    is_stored_code = True
    changes = (
        either("fires", "BEFORE INSERT", "BEFORE UPDATE"),
        either("definition", "SET @driftcheck = 1", "SET @driftcheck = 2"),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every trigger, in the order of execution."""
        for row in rows(
            cursor,
            """SELECT trigger_name, event_object_table, action_timing, event_manipulation,
                action_statement FROM information_schema.triggers
            WHERE trigger_schema = DATABASE()
            ORDER BY event_object_table, action_timing, event_manipulation, action_order""",
        ):
            table = row["event_object_table"]
            facts: dict[str, Value] = {
                "fires": f"{row['action_timing']} {row['event_manipulation']}",
                "definition": in_one_line(row["action_statement"]),
            }
            yield SchemaObject(
                address("trigger", row["trigger_name"]),
                facts,
                address("table", table),
                recognizable=True,
            )

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the trigger."""
        facts = obj.attributes
        table = quote(obj.part_of.name) if obj.part_of else ""
        when = f"{facts['fires']} ON {table} FOR EACH ROW"
        return [f"CREATE TRIGGER {name_of(obj)} {when} {facts['definition']}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the trigger."""
        return [f"DROP TRIGGER {name_of(obj)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop the trigger and create it again with the wanted name."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [*self.drop(current), *self.create(renamed)]
