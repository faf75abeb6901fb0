"""The nouns of the house: a database schema as it was read at one moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from driftcheck.quoting import quote_identifier

Value: TypeAlias = "str | int | bool | tuple[Value, ...] | None"
"""What an attribute may hold: nothing that JSON cannot carry, nothing that can be changed."""


class Address(NamedTuple):
    """What an object is called. A name, never a number: OIDs differ where schemas do not.

    Attributes:
        kind: The name of the object's kind, such as ``column``.
        schema: The schema it lives in; empty for what lives in none (an extension, a schema).
        path: Its name, after those of what it is named within: ``("students", "last_name")``.
        arguments: For what can be overloaded (functions), the argument types; else ``None``.
    """

    kind: str
    schema: str
    path: tuple[str, ...]
    arguments: str | None = None

    @property
    def name(self) -> str:
        """The object's own name, unquoted."""
        return self.path[-1]

    @property
    def sql(self) -> str:
        """The address as PostgreSQL writes it: ``public.students.last_name``, quoted as needed."""
        parts = (self.schema, *self.path) if self.schema else self.path
        dotted = ".".join(map(quote_identifier, parts))
        return dotted if self.arguments is None else f"{dotted}({self.arguments})"

    def __str__(self) -> str:
        """Kind and name together, for messages."""
        return f"{self.kind} {self.sql}"


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object of a schema, and all of it that counts.

    Attributes:
        address: What it is called.
        attributes: What makes two objects of the same address equal or different.
        part_of: The whole it belongs to and comes and goes with (a column's table).
        number: Its place in the order in which the server made the parts of that whole (a
            column's ``attnum``). Evidence for a rename, never a part of equality.
        renamable: Whether another name alone makes no other object of it: true for what is known
            by its content (an index, a constraint), false for what is known by its name.
        recognizable: Whether it is known again under another name by its content alone: a
            function by its body, a view by its query. What has parts is known again by these.
        inherited_from: What it came from and follows, where its whole is a partition or inherits:
            the parent table's column. Evidence for who has changed, never a part of equality.
        subject: What it is about, whatever its name and its definition: the columns of an index,
            those of a foreign key and the table it points to. Evidence for what stands in the
            place of what, never a part of equality.
        stands_on: What it is made of and goes with, besides its whole: the columns of an index.
            Evidence for what came of what, never a part of equality.
    """

    address: Address
    attributes: Mapping[str, Value]
    part_of: Address | None = None
    number: int | None = None
    renamable: bool = False
    inherited_from: Address | None = None
    subject: tuple[str, ...] | None = None
    stands_on: tuple[Address, ...] = ()
    recognizable: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """What a database still knows of what became of an object.

    Attributes:
        number: The number that a missing part had in its whole; ``None`` for what is there.
        has_tombstone: Whether a dropped part has left its mark at that number.
        written: When the row that says so was written, in ISO 8601; ``None`` where nobody knows.
    """

    number: int | None = None
    has_tombstone: bool = False
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something of a database that is worth a note, and no part of its schema.

    Attributes:
        rule: The rule that tells it.
        address: What it is about.
        words: What the rule says of it, in the rule's order.
    """

    rule: str
    address: Address
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """One schema as it was read at one moment.

    Attributes:
        objects: Every object read, by its address.
        dialect: SQLAlchemy's name of the database: ``postgresql``, ``sqlite`` ...
        server_version: As the server gives it: ``16.4``.
        default_schema: Where a name without a schema is created.
        not_compared: What the catalog holds and was not read: how many, by kind and schema.
        remarks: What is worth a note besides; never compared, and not kept in files.
    """

    objects: Mapping[Address, SchemaObject]
    dialect: str
    server_version: str
    default_schema: str
    not_compared: Mapping[tuple[str, str], int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @cached_property
    def parts(self) -> Mapping[Address, tuple[SchemaObject, ...]]:
        """The parts of every whole that has any, in the order in which they were read."""
        parts: dict[Address, list[SchemaObject]] = {}
        for thing in self.objects.values():
            if thing.part_of is not None:
                parts.setdefault(thing.part_of, []).append(thing)
        return {whole: tuple(things) for whole, things in parts.items()}

    def without(self, hidden: Iterable[Address]) -> Snapshot:
        """The same snapshot without the given objects and all that is a part of them."""
        gone = set(hidden)
        for thing in self.objects.values():
            if thing.part_of in gone:
                gone.add(thing.address)
        return self.only(lambda thing: thing.address not in gone) if gone else self

    def within(self, schemas: Collection[str]) -> Snapshot:
        """The same snapshot, but of its schemas only those named; what lives in none stays."""
        kept = {*schemas, ""}
        counts = {key: count for key, count in self.not_compared.items() if key[1] in kept}
        narrowed = self.only(lambda thing: _schema_of(thing.address) in kept)
        remarks = tuple(r for r in self.remarks if _schema_of(r.address) in kept)
        return replace(narrowed, not_compared=counts, remarks=remarks)

    def only(self, wanted: Callable[[SchemaObject], bool]) -> Snapshot:
        """The same snapshot, but only those of its objects that are wanted."""
        kept = {address: thing for address, thing in self.objects.items() if wanted(thing)}
        return replace(self, objects=kept)


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema
