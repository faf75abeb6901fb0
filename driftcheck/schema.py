"""The nouns that every package uses: a database schema as it was read at one moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from driftcheck.quoting import quote_identifier

Value: TypeAlias = "str | int | bool | tuple[Value, ...] | None"
"""The type of an attribute's value: immutable, and representable in JSON."""

HIDDEN = "\0hidden"
"""The value of an attribute that the user of the connection may not read. It is not compared. No
text of a server contains a NUL."""


class Address(NamedTuple):
    """The name of a schema object. Never a number: OIDs differ between equal schemas.

    Attributes:
        kind: The name of the object's kind, such as ``column``.
        schema: The schema that contains the object; empty for an object outside any schema (an
            extension, a schema itself).
        path: The object's name, preceded by the names that qualify it:
            ``("students", "last_name")``.
        arguments: The argument types of an object that can be overloaded (a function); otherwise
            ``None``.
    """

    kind: str
    schema: str
    path: tuple[str, ...]
    arguments: str | None = None

    @property
    def name(self) -> str:
        """The object's unqualified, unquoted name."""
        return self.path[-1]

    @property
    def sql(self) -> str:
        """The address in PostgreSQL's syntax: ``public.students.last_name``, quoted as needed."""
        parts = (self.schema, *self.path) if self.schema else self.path
        dotted = ".".join(map(quote_identifier, parts))
        return dotted if self.arguments is None else f"{dotted}({self.arguments})"

    def after_rename(self, old: Address, new: Address) -> Address:
        """The address after a rename of a type that the arguments name.

        Args:
            old: The address of the type.
            new: Its address after the rename.
        """
        if not self.arguments or old.sql not in self.arguments:
            return self
        name = re.compile(rf"(?<![\w.\"]){re.escape(old.sql)}(?![\w.\"])")
        return self._replace(arguments=name.sub(lambda _: new.sql, self.arguments))

    def __str__(self) -> str:
        """Kind and name together, for messages."""
        return f"{self.kind} {self.sql}"


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object of a schema.

    Attributes:
        address: The object's name.
        attributes: The properties that are compared. Two objects of the same address are equal
            if their attributes are equal.
        part_of: The parent object, with which this object is created and dropped: the table of a
            column.
        number: The position that the server gave to this part of its parent object (a column's
            ``attnum``). Evidence for a rename; not compared.
        renamable: Whether the object is identified by its content (an index, a constraint), so
            that a different name does not make a different object. False for an object that is
            identified by its name.
        recognizable: Whether the object can be recognized under a different name by its own
            content: a function by its body, a view by its query. An object that has parts is
            recognized by its parts.
        inherited_from: The object of the parent table that this object follows, if its table is
            a partition or a child table. Evidence for the origin of a change; not compared.
        subject: The subject of the object, independent of its name and definition: the columns
            of an index, or the columns and the target table of a foreign key. Evidence for which
            object replaces which; not compared.
        stands_on: The objects, besides the parent object, that this object depends on and is
            dropped with: the columns of an index. Evidence for the cause of a change; not
            compared.
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

    def completed(self, other: SchemaObject) -> SchemaObject:
        """Return the object with its hidden attributes taken from another object."""
        taken = {
            name: other.attributes[name]
            for name, value in self.attributes.items()
            if value == HIDDEN and name in other.attributes
        }
        return replace(self, attributes={**self.attributes, **taken}) if taken else self

    def has_attributes_of(self, other: SchemaObject) -> bool:
        """Whether two objects have equal attributes, as far as these are not hidden."""
        if self.attributes == other.attributes:  # most objects
            return True
        return self.completed(other).attributes == other.completed(self).attributes


@dataclass(frozen=True, slots=True)
class Trace:
    """The record that a database's catalog keeps of a change to an object.

    Attributes:
        number: The number of a missing part in its parent object; ``None`` for an object that
            exists.
        has_tombstone: Whether the catalog still has a row for the dropped part of that number.
        written: When the catalog row was written, in ISO 8601; ``None`` if the server does not
            record commit times.
    """

    number: int | None = None
    has_tombstone: bool = False
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A fact about a database that is reported as a note and is not part of its schema.

    Attributes:
        rule: The identity of the rule that reports it.
        address: The object that the remark is about.
        words: The values for the positional placeholders of the rule's message.
    """

    rule: str
    address: Address
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """One schema as it was read at one moment.

    Attributes:
        objects: Every object that was read, by its address.
        dialect: SQLAlchemy's name of the database: ``postgresql``, ``sqlite`` ...
        server_version: The version that the server reports: ``16.4``.
        default_schema: The schema in which an unqualified name is created.
        not_compared: The number of objects that exist and were not read, by kind and schema.
        remarks: Facts to report as notes; never compared, and not stored in snapshot files.
        dependencies: The objects that each object depends on, besides its parent object, its
            schema and the objects in ``stands_on``. Evidence for the order of statements; not
            compared.
    """

    objects: Mapping[Address, SchemaObject]
    dialect: str
    server_version: str
    default_schema: str
    not_compared: Mapping[tuple[str, str], int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    dependencies: Mapping[Address, tuple[Address, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def parts(self) -> Mapping[Address, tuple[SchemaObject, ...]]:
        """The parts of every parent object, in the order in which they were read."""
        parts: dict[Address, list[SchemaObject]] = {}
        for schema_object in self.objects.values():
            if schema_object.part_of is not None:
                parts.setdefault(schema_object.part_of, []).append(schema_object)
        return {parent: tuple(children) for parent, children in parts.items()}

    @cached_property
    def dependents(self) -> Mapping[Address, tuple[Address, ...]]:
        """The objects that depend on each object, in the order in which they were read."""
        dependents: dict[Address, list[Address]] = {}
        for address, schema_object in self.objects.items():
            explicit = self.dependencies.get(address, ())
            for dependency in dependencies_of(schema_object, explicit):
                dependents.setdefault(dependency, []).append(address)
        return {address: tuple(found) for address, found in dependents.items()}

    def needed_by(self, address: Address) -> Collection[Address]:
        """Return everything that an object depends on, directly or not."""
        found: dict[Address, None] = {}
        waiting = [address]
        while waiting:
            current = waiting.pop()
            schema_object = self.objects.get(current)
            if schema_object is None:
                continue
            explicit = self.dependencies.get(current, ())
            new = [a for a in dependencies_of(schema_object, explicit) if a not in found]
            found |= dict.fromkeys(new)
            waiting += new
        return found

    def sharing(self, other: Snapshot) -> Snapshot:
        """Return the snapshot with the other's objects in place of its own equal ones.

        Two equal schemas then take the memory of one, and compare in less time.
        """
        objects = {}
        for own in self.objects.values():
            known = other.objects.get(own.address)
            kept = known if known is not None and known == own else own
            objects[kept.address] = kept
        return replace(self, objects=objects)

    def has_attributes_of(self, other: Snapshot) -> bool:
        """Whether two schemas have the same objects with the same attributes."""
        return self.objects.keys() == other.objects.keys() and all(
            found.attributes == other.objects[address].attributes
            for address, found in self.objects.items()
        )

    def without(self, hidden: Iterable[Address]) -> Snapshot:
        """Return the snapshot without the given objects and their parts."""
        removed = set(hidden)
        for schema_object in self.objects.values():
            if schema_object.part_of in removed:
                removed.add(schema_object.address)
        return self.only(lambda candidate: candidate.address not in removed) if removed else self

    def within(self, schemas: Collection[str]) -> Snapshot:
        """Return the snapshot limited to the named schemas; objects outside any schema stay."""
        kept = {*schemas, ""}
        counts = {key: count for key, count in self.not_compared.items() if key[1] in kept}
        filtered = self.only(lambda candidate: _schema_of(candidate.address) in kept)
        remarks = tuple(r for r in self.remarks if _schema_of(r.address) in kept)
        return replace(filtered, not_compared=counts, remarks=remarks)

    def only(self, wanted: Callable[[SchemaObject], bool]) -> Snapshot:
        """Return the snapshot limited to the objects for which the function returns true."""
        kept = {
            address: candidate for address, candidate in self.objects.items() if wanted(candidate)
        }
        return replace(self, objects=kept)


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema


def dependencies_of(obj: SchemaObject, explicit: tuple[Address, ...]) -> Iterator[Address]:
    """The objects that an object depends on.

    Args:
        obj: The object.
        explicit: The objects that it depends on according to the server's records.
    """
    found = {**dict.fromkeys(explicit), **dict.fromkeys(obj.stands_on)}
    if obj.part_of is not None:
        found[obj.part_of] = None
    if obj.inherited_from is not None:
        found[obj.inherited_from] = None
    if obj.address.schema:
        found[Address("schema", "", (obj.address.schema,))] = None
    found.pop(obj.address, None)
    yield from found
