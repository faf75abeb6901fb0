"""The base classes of a kind of schema object, and of a database's catalog of kinds."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeAlias

from driftcheck.databases.mutations import Mutation
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.databases.sandbox import Sandbox, TransactionSandbox
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace, Value


class Cursor(Protocol):
    """The part of a DB-API cursor that reading needs."""

    @property
    def description(self) -> Sequence[Any] | None: ...  # noqa: D102
    def execute(self, query: str, parameters: Any = ..., /) -> Any: ...  # noqa: D102
    def fetchall(self) -> Sequence[tuple[Any, ...]]: ...  # noqa: D102
    def fetchmany(self, size: int, /) -> Sequence[tuple[Any, ...]]: ...  # noqa: D102
    def fetchone(self) -> tuple[Any, ...] | None: ...  # noqa: D102


@dataclass(frozen=True)
class Scope:
    """The part of a database that is read.

    Attributes:
        schemas: The schemas to read; ``None`` for all schemas except system schemas.
        version_tables: Alembic's version tables of this project, as (schema, name), not to be read.
        grants: Whether privileges are read.
        owners: Whether owners are read.
        settings: Whether settings of the database and of roles are reported as remarks.
        dependencies: Whether the dependencies between objects are read, which only plans need.
    """

    schemas: tuple[str, ...] | None = None
    version_tables: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    grants: bool = False
    owners: bool = False
    settings: bool = False
    dependencies: bool = True


SnapshotPair: TypeAlias = tuple[Snapshot, Snapshot]
"""The wanted and the actual snapshot."""


ObjectsByRow: TypeAlias = "dict[tuple[Any, ...], SchemaObject]"
"""The objects made from the rows of one query, by the row. Later readings reuse them."""


@dataclass(frozen=True)
class Reading:
    """The objects of a schema at one moment, by kind.

    Attributes:
        by_kind: The objects of each kind, by the kind's name, in build order.
        marks: Fingerprints of the system catalogs. Equal marks mean that nothing has changed.
        known: The objects made from rows, by the kind's name. Later readings add to them.
    """

    by_kind: Mapping[str, tuple[SchemaObject, ...]]
    marks: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, ObjectsByRow] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, objects: Iterable[SchemaObject], kinds: Iterable[Kind]) -> Reading:
        """Group objects by kind.

        Args:
            objects: The objects of a schema.
            kinds: Every kind of the catalog.
        """
        by_kind: dict[str, list[SchemaObject]] = {kind.name: [] for kind in kinds}
        for obj in objects:
            by_kind[obj.address.kind].append(obj)
        return cls({kind: tuple(members) for kind, members in by_kind.items()})

    @property
    def objects(self) -> dict[Address, SchemaObject]:
        """Every object, by its address."""
        return {obj.address: obj for members in self.by_kind.values() for obj in members}


class CannotBeWritten(Exception):  # noqa: N818  (not an error of a run: plans catch it)
    """Raised if a change cannot be written as DDL. The message is a manual step for the user."""


class Kind(ABC):
    """One kind of schema object: how it is read, created, altered, renamed and dropped.

    Statements are returned without a closing semicolon. Methods that return statements raise
    ``CannotBeWritten`` if the change cannot be written as DDL.
    """

    name: ClassVar[str]
    """Singular and lower case, as in PostgreSQL's manual: ``column``, ``foreign key``."""
    plural: ClassVar[str]
    holds_data: ClassVar[bool] = False
    """Whether dropping an object of this kind loses rows or values."""
    absorbs: ClassVar[frozenset[str]] = frozenset()
    """The kinds of parts that ``create`` writes in the statement of their parent object."""
    checked_by: ClassVar[str | None] = None
    """A server setting: whether CREATE checks that the referenced objects exist. A plan that also
    creates objects of other kinds turns the setting off."""
    is_type: ClassVar[bool] = False
    """Whether columns can have a type of this kind."""
    can_move: ClassVar[bool] = False
    """Whether ``alter`` can make the object a part of another parent object."""
    models_can_declare: ClassVar[bool] = False
    """Whether SQLAlchemy models can declare objects of this kind. If not, their absence from the
    models is no finding."""
    is_named_in_definitions: ClassVar[bool] = True
    """Whether definitions of other objects may contain the name of an object of this kind."""
    undeclarable: ClassVar[frozenset[str]] = frozenset()
    """Attributes that models cannot declare. For the models, the values of the migrations count."""
    printed: ClassVar[frozenset[str]] = frozenset()
    """Attributes that contain expressions as the server prints them. The server may print two
    expressions differently that mean the same."""
    queries_depend_on_part: ClassVar[bool] = False
    """Whether a query of a table can depend on a part of this kind: a column, or a primary key,
    after which GROUP BY need not name the other columns."""
    is_defined_by_functions: ClassVar[bool] = False
    """Whether ``create`` creates only a name, which ``attach`` defines by functions that use it."""
    left_out_of_copies: ClassVar[bool] = False
    """Whether restricted shadow databases have no objects of this kind: a role without privileges
    cannot create them, and no other object depends on them."""
    is_needed_by_none: ClassVar[bool] = False
    """Whether no other object depends on objects of this kind: a foreign key."""
    affects_all_others: ClassVar[bool] = False
    """Whether an object of this kind can affect statements about any other object."""
    is_used_implicitly: ClassVar[bool] = False
    """Whether an expression can use objects of this kind without naming them: a cast."""

    @abstractmethod
    def read(self, cursor: Cursor, scope: Scope) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query.

        Args:
            cursor: Where the query is run.
            scope: Whether to read owners and privileges. The caller selects schemas, with
                ``in_scope``.
        """

    @abstractmethod
    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the object, with the parts that this kind absorbs."""

    @abstractmethod
    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object."""

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the current object to the wanted one, which has the same address.

        By default, the object is dropped and created again.
        """
        return [*self.drop(current), *self.create(wanted)]

    def is_recreated(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether ``alter`` drops and recreates the object, and therefore drops its parts."""
        del current, wanted
        return False

    def printed_in(self, obj: SchemaObject) -> frozenset[str]:
        """The attributes of an object that contain expressions as the server prints them."""
        del obj
        return self.printed

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """The kinds of dependent objects that ``alter`` cannot leave in place for this change."""
        del current, wanted
        return frozenset()

    def release(self, obj: SchemaObject) -> tuple[list[str], SchemaObject] | None:
        """Statements that end the dependencies of an object, and the object afterwards.

        Returns:
            ``None`` if the object has to be dropped for that.
        """
        del obj
        return None

    def rename_away(self, obj: SchemaObject) -> tuple[list[str], SchemaObject]:
        """Statements that rename a type while columns change to a new type of its name.

        Returns:
            The statements, and the type under its other name.
        """
        raise NotImplementedError

    def of_replaced_type(self, obj: SchemaObject) -> SchemaObject:
        """A column whose type was renamed away."""
        raise NotImplementedError

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """Statements that set the privileges of a new object in spite of default privileges.

        Args:
            obj: The new object.
            defaults: The default privileges of the database before and after the changes.
        """
        del obj, defaults
        return []

    def create_on_rows(self, obj: SchemaObject) -> tuple[list[str], str]:
        """Statements that create a part of an object that has rows.

        Returns:
            The statements, and what has to be done by a person; empty if nothing.
        """
        return self.create(obj), ""

    def alter_on_rows(
        self, current: SchemaObject, wanted: SchemaObject, *, has_nulls: bool
    ) -> tuple[list[str], str]:
        """Statements that change a part of an object that has rows.

        Args:
            current: The current part.
            wanted: The wanted part.
            has_nulls: Whether a row has no value in the part.

        Returns:
            The statements, and what has to be done by a person; empty if nothing.
        """
        del has_nulls
        return self.alter(current, wanted), ""

    def has_late_body(self, obj: SchemaObject) -> bool:
        """Whether ``attach`` sets the body of a routine that ``create`` creates without it."""
        del obj
        return False

    def describe(self, obj: SchemaObject) -> str:
        """Describe an object in one line. By default, list its attributes that have a value."""
        return listed(obj.attributes)

    def creates_part(self, parent: SchemaObject, part: SchemaObject) -> bool:
        """Whether the server creates this part when it creates the parent object."""
        del parent, part
        return False

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, snapshots: SnapshotPair
    ) -> str:
        """Decide whether a change is reported as a note only.

        Args:
            wanted: The wanted object; ``None`` if the object is extra.
            actual: The actual object; ``None`` if the object is missing.
            snapshots: The wanted and the actual snapshot.

        Returns:
            The word that identifies the note's rule in ``judging/rules.py``; an empty string if the
            change is not a note.
        """
        del wanted, actual, snapshots
        return ""

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that detach a table from parents that the wanted table does not have.

        They run before all other statements, because inherited columns and constraints can only
        be changed after the table is detached.
        """
        del current, wanted
        return []

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that attach a table to its wanted parents.

        They run after all other statements, because attaching requires matching columns and
        constraints.
        """
        del current, wanted
        return []

    @abstractmethod
    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current object to the name of the wanted one."""

    def rename_parts(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename what an object contains and other definitions may name.

        Example: the value of an enum, which a check constraint may compare with. Other differences
        between the two objects do not matter.
        """
        del current, wanted
        return []

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterable[Mutation]:
        """The mutations of an object that the selftest can apply.

        Args:
            obj: The object.
            schema: The schema that contains the object.
            scope: Whether owners and privileges are read.
        """
        del obj, schema, scope
        return ()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector.

    A reading keeps every object that it creates. Collection runs would make it a third slower.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_BATCH = 1000


def in_batches(cursor: Cursor) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the last query. Few of them exist as Python objects at any time.

    Args:
        cursor: The cursor that has run the query. It must not run another one before the end.
    """
    while rows := cursor.fetchmany(_BATCH):
        yield from rows


_EMPTY = (None, False, "", ())


def listed(attributes: Mapping[str, Value]) -> str:
    """The attributes that have a value, as ``name value``, in one line."""
    present = ((name, value) for name, value in attributes.items() if value not in _EMPTY)
    return ", ".join(
        name if value is True else f"{name.replace('_', ' ')} {_text(value)}"
        for name, value in present
    )


def _text(value: Value) -> str:
    return ", ".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def in_scope(objects: Iterable[SchemaObject], scope: Scope) -> Iterator[SchemaObject]:
    """The objects without the version tables, their parts, and schemas outside of the scope."""
    version_tables = {Address("table", *_split(table)) for table in scope.version_tables}
    for obj in objects:
        if obj.address in version_tables or obj.part_of in version_tables:
            continue
        if scope.schemas is None or _schema_of(obj.address) in (*scope.schemas, ""):
            yield obj


def _split(table: tuple[str, str]) -> tuple[str, tuple[str]]:
    schema, name = table
    return schema, (name,)


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema


class Catalog(ABC):
    """Reads the schema of one type of database. Subclasses exist per type of database."""

    kinds: ClassVar[tuple[Kind, ...]]
    """Every kind in build order: schemas before types before tables before views."""
    rebuild_settings: ClassVar[tuple[str, ...]] = ()
    """Statements for the session in which definitions are run that ``read`` returned."""
    knows_dependencies: ClassVar[bool] = False
    """Whether snapshots have the dependencies between objects."""
    by_option: ClassVar[Mapping[str, str]] = {}
    """Attributes that are read only on request: the noun for reports, by the name in the scope."""

    @abstractmethod
    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the schema in the connection's current transaction.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            scope: The part of the database to read.

        Raises:
            CatalogError: The database cannot be read.
        """

    def read_again(self, connection: Any, scope: Scope, last: Reading | None) -> Reading:
        """Read the schema as ``read`` does, but reuse the kinds that cannot have changed.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            scope: The part of the database to read, as in the last reading.
            last: The last reading of this database; ``None`` for the first reading.

        Raises:
            CatalogError: The database cannot be read.
        """
        del last
        return Reading.of(self.read(connection, scope).objects.values(), self.kinds)

    def dependencies(self, connection: Any) -> Mapping[Address, tuple[Address, ...]]:
        """Read the objects that each object depends on; by default, nothing is read.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
        """
        del connection
        return {}

    def objects(self, connection: Any, scope: Scope) -> Iterator[SchemaObject]:
        """Read the objects of a schema one after the other, for a caller that does not keep them.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            scope: The part of the database to read.
        """
        yield from self.read(connection, scope).objects.values()

    def row_facts(
        self, connection: Any, columns: Collection[Address], actual: Snapshot
    ) -> RowFacts:
        """Read whether the tables of some columns have rows; by default, nothing is read.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            columns: The columns, which need not exist.
            actual: The schema of the database.
        """
        del connection, columns, actual
        return NO_ROWS

    def row_estimates(self, connection: Any) -> Mapping[Address, int | None]:
        """Read how many rows each table has, as the server estimates; by default, nothing is read.

        No table is read for it.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.

        Returns:
            The number of rows; ``None`` if the table has rows and their number is not known.
        """
        del connection
        return {}

    def value_digests(
        self, connection: Any, columns: Mapping[Address, Sequence[str]]
    ) -> Mapping[tuple[Address, str], str]:
        """Read digests of the values in a shadow database; by default, nothing is read.

        Args:
            connection: An open DB-API connection to a shadow database.
            columns: The names of columns, by table.

        Returns:
            A digest of the values of each column, in any order, by table and name. The number of
            rows of a table has an empty name.
        """
        del connection, columns
        return {}

    def schema_statements(self, connection: Any) -> list[str]:
        """Statements that create a copy of the database's schema in another database.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.

        Raises:
            CannotBeWritten: This type of database has no such statements.
        """
        del connection
        raise CannotBeWritten("copy the schema with a dump")

    def mutations(self, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """The mutations of every object of a schema.

        Args:
            schema: The schema to mutate.
            scope: Whether owners and privileges are read.
        """
        for obj in schema.objects.values():
            yield from self.kind(obj.address.kind).mutations(obj, schema, scope)

    def catalog_digests(self, connection: Any) -> Mapping[str, str]:
        """A digest of each system catalog, by the catalog's name. It shares no query with ``read``.

        The selftest compares digests to see whether a mutation changed anything. ``read`` cannot
        answer that: it does not see an attribute that it does not read.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.

        Raises:
            CannotBeWritten: This type of database has no mutations.
        """
        del connection
        raise CannotBeWritten("the selftest does not support this type of database")

    def sandbox(self, connection: Any) -> Sandbox:
        """The sandbox in which the selftest applies mutations.

        Args:
            connection: An open DB-API connection to a shadow database, without a transaction.
        """
        return TransactionSandbox(connection)

    def describe(self, obj: SchemaObject) -> str:
        """Describe an object in one line, as its kind describes it."""
        return self.kind(obj.address.kind).describe(obj)

    def traces(
        self, connection: Any, missing: Sequence[SchemaObject], present: Sequence[Address]
    ) -> Mapping[Address, Trace]:
        """The traces of past changes that the database still has; by default, none.

        Args:
            connection: An open DB-API connection; nothing is written, committed or closed.
            missing: Missing parts, each with the address of its existing parent object.
            present: The addresses of existing objects.
        """
        del connection, missing, present
        return {}

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, snapshots: SnapshotPair
    ) -> str:
        """Decide whether a change is reported as a note only, as the object's kind does."""
        obj = wanted or actual
        return "" if obj is None else self.kind(obj.address.kind).note(wanted, actual, snapshots)

    def kind(self, name: str) -> Kind:
        """The kind with this name."""
        return self._kinds_by_name[name]

    @cached_property
    def _kinds_by_name(self) -> Mapping[str, Kind]:
        return {kind.name: kind for kind in self.kinds}
