"""What a kind of schema object is, and what a catalog of kinds can do for one sort of database."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

from driftcheck.databases.mutations import Trial
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace, Value


class Cursor(Protocol):
    """The part of a DB-API cursor that reading needs."""

    @property
    def description(self) -> Sequence[Any] | None: ...  # noqa: D102
    def execute(self, query: str, parameters: Any = ..., /) -> Any: ...  # noqa: D102
    def fetchall(self) -> Sequence[tuple[Any, ...]]: ...  # noqa: D102
    def fetchone(self) -> tuple[Any, ...] | None: ...  # noqa: D102


@dataclass(frozen=True)
class Scope:
    """What of a database is read.

    Attributes:
        schemas: Only these schemas; ``None`` for all but the system's own.
        version_tables: Alembic's own tables of this project, as (schema, name): left out.
        grants: Whether privileges count.
        owners: Whether owners count.
        settings: Whether the settings of the database and of roles are remarked on.
    """

    schemas: tuple[str, ...] | None = None
    version_tables: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    grants: bool = False
    owners: bool = False
    settings: bool = False


Sides: TypeAlias = tuple[Snapshot, Snapshot]
"""A schema as it should be, and as it is."""


Made: TypeAlias = "dict[tuple[Any, ...], SchemaObject]"
"""What was made of each row that one query has brought."""


@dataclass(frozen=True)
class Reading:
    """A schema as it was read at one moment, kind by kind, to be compared with the next reading.

    Attributes:
        things: The objects of each kind, by the kind's name, in build order.
        marks: What shows, where it is still the same, that nothing has changed since.
        made: What was made of the rows, by the kind's name; later readings add to it.
    """

    things: Mapping[str, tuple[SchemaObject, ...]]
    marks: Mapping[str, str] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, objects: Iterable[SchemaObject], kinds: Iterable[Kind]) -> Reading:
        """What was read all at once, sorted by kind."""
        things: dict[str, list[SchemaObject]] = {kind.name: [] for kind in kinds}
        for thing in objects:
            things[thing.address.kind].append(thing)
        return cls({kind: tuple(several) for kind, several in things.items()})

    @property
    def objects(self) -> dict[Address, SchemaObject]:
        """Every object read, by its address."""
        return {thing.address: thing for several in self.things.values() for thing in several}


class CannotBeWritten(Exception):  # noqa: N818  (a value with a reason, caught where plans are made)
    """Raised where a change cannot be written as DDL; the message says what to do by hand."""


class Kind(ABC):
    """One kind of schema object, in all its aspects.

    Statements are returned without a closing semicolon. Those that cannot be written raise
    ``CannotBeWritten`` with what a person would do.
    """

    name: ClassVar[str]
    """Singular, as in PostgreSQL's manual, lower case: ``column``, ``foreign key``."""
    plural: ClassVar[str]
    holds_data: ClassVar[bool] = False
    """Whether dropping one loses rows or values."""
    absorbs: ClassVar[frozenset[str]] = frozenset()
    """Kinds of parts that ``create`` writes together with their whole."""
    checked_by: ClassVar[str | None] = None
    """The setting by which the server checks, when one is made, whether all is there that it uses;
    it is off while other things are made too."""
    spoken_by_models: ClassVar[bool] = False
    """Whether SQLAlchemy models can declare one, so that its absence there means something."""
    unspoken: ClassVar[frozenset[str]] = frozenset()
    """Attributes that models cannot declare: there they are as the migrations make them."""

    @abstractmethod
    def read(self, cursor: Cursor, scope: Scope) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query.

        Args:
            cursor: Where the query is run.
            scope: Whether owners and privileges count; schemas are left to ``in_scope``.
        """

    @abstractmethod
    def create(self, thing: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that make the object, with the parts that this kind absorbs."""

    @abstractmethod
    def drop(self, thing: SchemaObject) -> list[str]:
        """Statements that drop the object."""

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that turn the current object into the wanted one of the same address.

        Where the server has no ``ALTER`` for it, the object is dropped and made again.
        """
        return [*self.drop(current), *self.create(wanted)]

    def is_made_again(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether ``alter`` drops the object, and with it what is a part of it."""
        del current, wanted
        return False

    def describe(self, thing: SchemaObject) -> str:
        """Say in one line what an object is: by default, each attribute that says something."""
        return listed(thing.attributes)

    def brings(self, whole: SchemaObject, part: SchemaObject) -> bool:
        """Whether ``create`` makes that part of the object too, without being told of it."""
        del whole, part
        return False

    def aside(self, wanted: SchemaObject | None, actual: SchemaObject | None, sides: Sides) -> str:
        """Why a change of an object is only noted: a word that the note's rule is known by.

        Args:
            wanted: The object as it should be; ``None`` where it is extra.
            actual: The object as it is; ``None`` where it is missing.
            sides: The snapshots that have them.
        """
        del wanted, actual, sides
        return ""

    def leave(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that part the object from what it shall not belong to any more.

        They run before all others: what it has from there can only be changed afterwards.
        """
        del current, wanted
        return []

    def join(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that make the object belong where it shall.

        They run after all others: by then it has all that it needs for it.
        """
        del current, wanted
        return []

    @abstractmethod
    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that give the current object the wanted one's name."""

    def trials(self, thing: SchemaObject, schema: Snapshot, scope: Scope) -> Iterable[Trial]:
        """Single changes that a person could make of the object, to prove that each is told.

        Args:
            thing: The object.
            schema: What it stands in.
            scope: Whether owners and privileges count.
        """
        del thing, schema, scope
        return ()


@contextmanager
def keeping_all() -> Iterator[None]:
    """Look for no garbage: what is read is all kept, and going through it takes a third more."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


_SILENT = (None, False, "", ())


def listed(attributes: Mapping[str, Value]) -> str:
    """Each attribute that says something, by name."""
    said = ((name, value) for name, value in attributes.items() if value not in _SILENT)
    return ", ".join(
        name if value is True else f"{name.replace('_', ' ')} {_text(value)}"
        for name, value in said
    )


def _text(value: Value) -> str:
    return ", ".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def in_scope(things: Iterable[SchemaObject], scope: Scope) -> Iterator[SchemaObject]:
    """Leave out the project's version tables with their parts, and schemas not asked for."""
    version_tables = {Address("table", *_split(table)) for table in scope.version_tables}
    for thing in things:
        if thing.address in version_tables or thing.part_of in version_tables:
            continue
        if scope.schemas is None or _schema_of(thing.address) in (*scope.schemas, ""):
            yield thing


def _split(table: tuple[str, str]) -> tuple[str, tuple[str]]:
    schema, name = table
    return schema, (name,)


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema


class Catalog(ABC):
    """Reads one sort of database, and knows its kinds in build order."""

    kinds: ClassVar[tuple[Kind, ...]]
    """Every kind, what others need first: schemas before types before tables before views."""
    by_option: ClassVar[Mapping[str, str]] = {}
    """What counts only where it is asked for, by its name in the scope."""

    @abstractmethod
    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the whole schema within the connection's current transaction.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            scope: What of the database is read.

        Raises:
            CatalogError: The database cannot be read.
        """

    def read_again(self, connection: Any, scope: Scope, last: Reading | None) -> Reading:
        """Read the whole schema, as ``read`` does; what cannot have changed is taken from the last.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            scope: What of the database is read: the same as the last time.
            last: What was read of this database the last time, if it was.

        Raises:
            CatalogError: The database cannot be read.
        """
        del last
        return Reading.of(self.read(connection, scope).objects.values(), self.kinds)

    def schema_statements(self, connection: Any) -> list[str]:
        """Statements that make a copy of a database's schema elsewhere.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.

        Raises:
            CannotBeWritten: This catalog writes a schema object by object only.
        """
        del connection
        raise CannotBeWritten("copy the schema by way of a dump")

    def trials(self, schema: Snapshot, scope: Scope) -> Iterator[Trial]:
        """Single changes that a person could make of a schema by hand, kind by kind.

        Args:
            schema: What is there to be changed.
            scope: Whether owners and privileges count.
        """
        for thing in schema.objects.values():
            yield from self.kind(thing.address.kind).trials(thing, schema, scope)

    def witness(self, connection: Any) -> Mapping[str, str]:
        """A digest of each of the database's own catalogs, not made by the way of ``read``.

        Whether a trial has changed anything is asked of it, for what is not read would not tell.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.

        Raises:
            CannotBeWritten: This catalog cannot be tried.
        """
        del connection
        raise CannotBeWritten("only PostgreSQL schemas can be tried")

    def describe(self, thing: SchemaObject) -> str:
        """Say in one line what an object is, as its kind describes it."""
        return self.kind(thing.address.kind).describe(thing)

    def traces(
        self, connection: Any, missing: Sequence[SchemaObject], present: Sequence[Address]
    ) -> Mapping[Address, Trace]:
        """What the database still knows of what became of objects; by default, nothing.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            missing: Parts that are not there, each as a part of a whole that is.
            present: Objects that are there.
        """
        del connection, missing, present
        return {}

    def aside(self, wanted: SchemaObject | None, actual: SchemaObject | None, sides: Sides) -> str:
        """Why a change of an object is only noted, as its kind says; empty where it is not."""
        thing = wanted or actual
        return "" if thing is None else self.kind(thing.address.kind).aside(wanted, actual, sides)

    def kind(self, name: str) -> Kind:
        """The kind of that name."""
        return next(kind for kind in self.kinds if kind.name == name)
