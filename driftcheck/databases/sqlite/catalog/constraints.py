"""The constraints of tables, one kind for each type of constraint.

A constraint without a name gets its columns or its definition as the name: ``students."(email)"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from driftcheck.databases.attribute_mutations import AttributeChange, Attributes, either
from driftcheck.databases.column_lists import has_other_order
from driftcheck.databases.kind import CannotBeWritten, SnapshotPair
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.databases.sqlite.catalog.definition import Constraint, TableDefinition
from driftcheck.databases.sqlite.catalog.kind import (
    RebuiltKind,
    address,
    definitions,
    needs_rebuild,
)
from driftcheck.databases.sqlite.catalog.tokens import Names, quote
from driftcheck.schema import SchemaObject, Snapshot


def _other_conflict(attributes: Attributes) -> Attributes:
    """Another ON CONFLICT clause of a key."""
    definition, conflict, _ = str(attributes["definition"]).partition(" ON CONFLICT ")
    return {"definition": definition if conflict else f"{definition} ON CONFLICT REPLACE"}


def _other_action(attributes: Attributes) -> Attributes:
    """Another action of a foreign key. Actions come before the deferral."""
    definition = str(attributes["definition"])
    if "ON DELETE" in definition:
        return {"definition": re.sub(r" ON DELETE (?:SET )?\w+", "", definition)}
    reference, deferral, rest = definition.partition(" DEFERRABLE")
    return {"definition": f"{reference} ON DELETE CASCADE{deferral}{rest}"}


class ConstraintKind(RebuiltKind):
    """The base class of constraints. SQLite can only create them together with their table."""

    models_can_declare = True
    is_named_in_definitions = False
    is_named_in_table = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every constraint of this kind."""
        tables = definitions(cursor)
        for table, table_definition in tables.items():
            taken: set[str] = set()
            for constraint in table_definition.constraints:
                if constraint.kind != self.name:
                    continue
                definition = _complete(constraint, tables)
                name = _name(constraint, definition, taken)
                taken.add(name)
                yield SchemaObject(
                    address(self.name, table, name),
                    {"definition": definition},
                    address("table", table),
                    renamable=True,
                )

    def dropped(self, obj: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that make the table again without the constraint."""
        return self.rebuilt(schema, obj, None)

    def renamed(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that make the table again with another name of the constraint."""
        return self.rebuilt(schema, obj, wanted)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(obj, "add")

    def drop(self, obj: SchemaObject) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(obj, "drop")

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(wanted, "alter")

    def rename(self, current: SchemaObject, _wanted: SchemaObject) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(current, "rename")


class Key(ConstraintKind):
    """The base class of primary keys and unique constraints."""

    changes = (AttributeChange("conflict clause", _other_conflict),)

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, _sides: SnapshotPair
    ) -> str:
        """The same columns in another order are no other constraint, but another index."""
        if wanted is None or actual is None or wanted.attributes == actual.attributes:
            return ""
        return "order" if has_other_order(wanted, actual) else ""


class PrimaryKey(Key):
    """A table's primary key."""

    name = "primary key"
    plural = "primary keys"


class UniqueConstraint(Key):
    """A unique constraint. A unique index without a constraint is an index."""

    name = "unique constraint"
    plural = "unique constraints"


class CheckConstraint(ConstraintKind):
    """A check constraint."""

    name = "check constraint"
    plural = "check constraints"
    changes = (either("definition", "CHECK (1 = 1)", "CHECK (2 = 2)"),)

    def altered(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that make the table again, if the check has a name: if not, it is another."""
        if obj.address.name.startswith("("):
            raise CannotBeWritten(f"{obj.address} has no name by which it stays the same")
        return super().altered(obj, wanted, schema)


class ForeignKey(ConstraintKind):
    """A foreign key."""

    name = "foreign key"
    plural = "foreign keys"
    changes = (AttributeChange("on delete", _other_action),)


def clause(constraint: SchemaObject) -> str:
    """The constraint as CREATE TABLE writes it."""
    name, definition = constraint.address.name, str(constraint.attributes["definition"])
    return definition if name.startswith("(") else f"CONSTRAINT {quote(name)} {definition}"


def _complete(constraint: Constraint, tables: Mapping[str, TableDefinition]) -> str:
    """The definition of a constraint; of a foreign key, with the implicit columns it references."""
    reference = constraint.reference
    if reference is None:
        return constraint.definition
    table = Names(tuple(tables)).spelled(reference.table)
    other = tables.get(table, TableDefinition())
    names = Names(tuple(other.columns))
    columns = ", ".join(quote(names.spelled(c)) for c in reference.columns or other.key)
    referenced = f"{quote(table)} ({columns})" if columns else quote(table)
    return f"{constraint.definition} REFERENCES {referenced}{reference.manner}"


def _name(constraint: Constraint, definition: str, taken: set[str]) -> str:
    """An unused name for the constraint. SQLite allows equal names."""
    return next(name for name in _names(constraint, definition) if name not in taken)


def _names(constraint: Constraint, definition: str) -> Iterator[str]:
    if constraint.name:
        yield constraint.name
    if constraint.columns:
        yield f"({', '.join(map(quote, constraint.columns))})"
    else:
        yield definition.removeprefix("CHECK ")
    number = 1
    while True:
        number += 1
        yield f"({definition}) {number}"
