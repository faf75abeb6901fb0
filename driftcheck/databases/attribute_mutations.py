"""Mutations that are written by the kinds themselves: an object with another attribute, or name.

They serve the databases whose kinds have no templates of SQL. Whether a mutation had an effect is
decided by the digests of the server's own definitions, so a kind that writes nothing is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias
from zlib import crc32

from driftcheck.databases.kind import CannotBeWritten, Kind
from driftcheck.databases.mutations import NAME_PREFIX, Expectation, Mutation
from driftcheck.databases.reading import Scope
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

Attributes: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """A change of attributes.

    Attributes:
        description: The change in a few words.
        change: Returns the changed attributes of an object; nothing if the change does not apply.
    """

    description: str
    change: Callable[[Attributes], Attributes]


def toggle(attribute: str) -> AttributeChange:
    """A change of a yes or no."""
    return AttributeChange(attribute.replace("_", " "), lambda a: {attribute: not a[attribute]})


def either(attribute: str, value: Value, other: Value = None) -> AttributeChange:
    """A change to a value, or to another value if the attribute has the first one."""
    return AttributeChange(
        attribute.replace("_", " "),
        lambda a: {attribute: other if a[attribute] == value else value},
    )


def only_if(condition: Callable[[Attributes], object], change: AttributeChange) -> AttributeChange:
    """A change of the objects that meet a condition. The server would refuse it for others."""
    return AttributeChange(change.description, lambda a: change.change(a) if condition(a) else {})


def without(attribute: str) -> AttributeChange:
    """A change to no value."""
    return AttributeChange(f"drop the {attribute.replace('_', ' ')}", lambda _: {attribute: None})


class KindWithAttributeMutations(Kind):
    """A kind whose mutations are written by its own methods."""

    changes: ClassVar[tuple[AttributeChange, ...]] = ()
    """The changes of attributes. One that the server refuses is *not applicable*."""
    is_single: ClassVar[bool] = False
    """Whether every schema has exactly one object of the kind, which is only altered."""
    equivalent: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Operations that do not change the schema: a description, and SQL with the field {name}."""

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """All mutations of an object."""
        del scope
        for description, statements, expectation, similar in self._lifecycle(obj, schema):
            address = similar.address if expectation is Expectation.EXTRA else obj.address
            yield Mutation(
                address,
                description,
                statements,
                expectation,
                similar.address if expectation is Expectation.RENAMED else None,
                isolated=expectation is Expectation.NOTHING,
            )
        for change in self.changes:
            changed = dict(change.change(obj.attributes))
            wanted = replace(obj, attributes={**obj.attributes, **changed})
            if wanted.attributes == obj.attributes:
                continue
            if statements := _written(lambda wanted=wanted: self.altered(obj, wanted, schema)):  # type: ignore[misc]
                yield Mutation(obj.address, change.description, statements)
        for description, template in self.equivalent:
            statement = template.format(name=self.quoted(obj.address.name))
            yield Mutation(obj.address, description, (statement,), Expectation.NOTHING)

    def quoted(self, name: str) -> str:
        """A name as SQL."""
        raise NotImplementedError

    def altered(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that change an object, as the kind writes them."""
        statements = self.alter(obj, wanted)
        if self.is_recreated(obj, wanted):
            statements += self.recreated_parts(obj, schema)
        return statements

    def dropped(self, obj: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that drop an object, as the kind writes them."""
        del schema
        return self.drop(obj)

    def renamed(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that rename an object, as the kind writes them."""
        del schema
        return self.rename(obj, wanted)

    def recreated_parts(self, obj: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that create the parts of an object that ``create`` does not create."""
        del obj, schema
        return []

    def _lifecycle(
        self, obj: SchemaObject, schema: Snapshot
    ) -> Iterator[tuple[str, tuple[str, ...], Expectation, SchemaObject]]:
        """Each mutation of the object's existence and name, with the statements that it takes."""
        if self.is_single:
            return
        name = f"{NAME_PREFIX}_{crc32(str(obj.address).encode()):08x}"
        similar = replace(obj, address=obj.address._replace(path=(*obj.address.path[:-1], name)))
        parts = schema.parts.get(obj.address, ())
        absorbed = [_under(similar, part) for part in parts if part.address.kind in self.absorbs]
        possible: tuple[tuple[str, Callable[[], list[str]], Expectation], ...] = (
            ("drop", lambda: self.dropped(obj, schema), Expectation.MISSING),
            ("rename", lambda: self.renamed(obj, similar, schema), Expectation.RENAMED),
            ("add a similar object", lambda: self.create(similar, absorbed), Expectation.EXTRA),
        )
        if not self.holds_data and not parts:
            again = lambda: [*self.drop(obj), *self.create(obj)]  # noqa: E731
            possible = (*possible, ("drop and create again", again, Expectation.NOTHING))
        for description, write, expectation in possible:
            if statements := _written(write):
                yield description, statements, expectation, similar


def _written(write: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    """The statements, or none if the change cannot be written."""
    try:
        return tuple(write())
    except CannotBeWritten:
        return ()


def _under(parent: SchemaObject, part: SchemaObject) -> SchemaObject:
    """A part with the name of another parent object."""
    address: Address = part.address._replace(path=(*parent.address.path, part.address.name))
    return replace(part, address=address, part_of=parent.address)
