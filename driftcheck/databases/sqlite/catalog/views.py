"""Views and triggers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.databases.catalog import Cursor, Scope
from driftcheck.databases.sqlite.catalog.kind import SQLiteKind, address, statements
from driftcheck.databases.sqlite.catalog.tokens import Names, Token, canonical, tokens_of
from driftcheck.schema import SchemaObject


class View(SQLiteKind):
    """A view."""

    name = "view"
    plural = "views"
    keyword = "VIEW"

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every view."""
        for name, _, sql in statements(cursor, "view"):
            yield SchemaObject(address("view", name), {"definition": _after_name(tokens_of(sql))})


class Trigger(SQLiteKind):
    """A trigger on a table or a view."""

    name = "trigger"
    plural = "triggers"
    keyword = "TRIGGER"

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every trigger."""
        views = Names([name for name, _, _ in statements(cursor, "view")])
        tables = Names([name for name, _, _ in statements(cursor, "table")])
        for name, typed, sql in statements(cursor, "trigger"):
            facts = {"definition": _after_name(tokens_of(sql))}
            kind, names = ("view", views) if typed in views else ("table", tables)
            parent = address(kind, names.spelled(typed))
            yield SchemaObject(address("trigger", name), facts, parent)


def _after_name(tokens: Sequence[Token]) -> str:
    """The statement without CREATE, the kind and the name."""
    return canonical(tokens[3:])
