"""The constraints of tables, a kind for each sort.

One without a name is called after what it says, in parentheses: ``students."(email)"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from driftcheck.databases.catalog import Cursor, Kind, Scope
from driftcheck.databases.sqlite.catalog.definition import Constraint, TableDefinition
from driftcheck.databases.sqlite.catalog.kind import address, definitions, needs_rebuild
from driftcheck.databases.sqlite.catalog.tokens import Names, quote
from driftcheck.schema import SchemaObject


class ConstraintKind(Kind):
    """A constraint: made with its table or never, and known by what it says."""

    models_can_declare = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every constraint of this kind."""
        tables = definitions(cursor)
        for table, definition in tables.items():
            taken: set[str] = set()
            for constraint in definition.constraints:
                if constraint.kind != self.name:
                    continue
                said = _complete(constraint, tables)
                name = _name(constraint, said, taken)
                taken.add(name)
                yield SchemaObject(
                    address(self.name, table, name),
                    {"definition": said},
                    address("table", table),
                    renamable=True,
                )

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """SQLite cannot."""
        raise needs_rebuild(obj, "add")

    def drop(self, obj: SchemaObject) -> list[str]:
        """SQLite cannot."""
        raise needs_rebuild(obj, "drop")

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """SQLite cannot."""
        raise needs_rebuild(wanted, "alter")

    def rename(self, current: SchemaObject, _wanted: SchemaObject) -> list[str]:
        """SQLite cannot."""
        raise needs_rebuild(current, "rename")


class PrimaryKey(ConstraintKind):
    """A table's primary key."""

    name = "primary key"
    plural = "primary keys"


class UniqueConstraint(ConstraintKind):
    """A unique constraint; a unique index without one is an index."""

    name = "unique constraint"
    plural = "unique constraints"


class CheckConstraint(ConstraintKind):
    """A check on the rows of a table."""

    name = "check constraint"
    plural = "check constraints"


class ForeignKey(ConstraintKind):
    """A foreign key."""

    name = "foreign key"
    plural = "foreign keys"


def clause(constraint: SchemaObject) -> str:
    """The constraint as CREATE TABLE writes it."""
    name, definition = constraint.address.name, str(constraint.attributes["definition"])
    return definition if name.startswith("(") else f"CONSTRAINT {quote(name)} {definition}"


def _complete(constraint: Constraint, tables: Mapping[str, TableDefinition]) -> str:
    """What the constraint says; a foreign key with the columns that it may leave unsaid."""
    reference = constraint.reference
    if reference is None:
        return constraint.definition
    table = Names(tuple(tables)).spelled(reference.table)
    other = tables.get(table, TableDefinition())
    names = Names(tuple(other.columns))
    columns = ", ".join(quote(names.spelled(c)) for c in reference.columns or other.key)
    pointed = f"{quote(table)} ({columns})" if columns else quote(table)
    return f"{constraint.definition} REFERENCES {pointed}{reference.manner}"


def _name(constraint: Constraint, said: str, taken: set[str]) -> str:
    """Its name, or what it is called for lack of one. SQLite lets two have the same."""
    return next(name for name in _names(constraint, said) if name not in taken)


def _names(constraint: Constraint, said: str) -> Iterator[str]:
    if constraint.name:
        yield constraint.name
    if constraint.columns:
        yield f"({', '.join(map(quote, constraint.columns))})"
    else:
        yield said.removeprefix("CHECK ")
    number = 1
    while True:
        number += 1
        yield f"({said}) {number}"
