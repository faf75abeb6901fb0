"""Views and triggers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.attribute_mutations import AttributeChange
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.databases.sqlite.catalog.kind import SQLiteKind, address, statements
from driftcheck.databases.sqlite.catalog.tokens import Names, Token, canonical, tokens_of
from driftcheck.schema import SchemaObject, Snapshot


class View(SQLiteKind):
    """A view."""

    name = "view"
    plural = "views"
    keyword = "VIEW"
    changes = (
        AttributeChange("definition", lambda a: {"definition": f"{a['definition']} LIMIT 77"}),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every view."""
        for name, _, sql in statements(cursor, "view"):
            facts = {"definition": _after_name(tokens_of(sql))}
            yield SchemaObject(address("view", name), facts, recognizable=True)

    def recreated_parts(self, obj: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that create the triggers of the view."""
        triggers = schema.parts.get(obj.address, ())
        return [statement for trigger in triggers for statement in Trigger().create(trigger)]

    def is_recreated(self, _current: SchemaObject, _wanted: SchemaObject) -> bool:
        """Always: the triggers of the view are dropped with it."""
        return True


class Trigger(SQLiteKind):
    """A trigger on a table or a view."""

    name = "trigger"
    plural = "triggers"
    keyword = "TRIGGER"
    changes = (
        AttributeChange(
            "body", lambda a: {"definition": str(a["definition"])[:-3] + "SELECT 77; END"}
        ),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every trigger."""
        views = Names([name for name, _, _ in statements(cursor, "view")])
        tables = Names([name for name, _, _ in statements(cursor, "table")])
        for name, typed, sql in statements(cursor, "trigger"):
            facts = {"definition": _without_default(_after_name(tokens_of(sql)))}
            kind, names = ("view", views) if typed in views else ("table", tables)
            parent = address(kind, names.spelled(typed))
            yield SchemaObject(address("trigger", name), facts, parent, recognizable=True)


def _without_default(definition: str) -> str:
    """The definition of a trigger without FOR EACH ROW, which every trigger is."""
    event, each_row, rest = definition.partition(" FOR EACH ROW ")
    # In the body of the trigger, the words could only be a part of a string.
    return f"{event} {rest}" if each_row and " BEGIN " not in event else definition


def _after_name(tokens: Sequence[Token]) -> str:
    """The statement without CREATE, the kind and the name."""
    return canonical(tokens[3:])
