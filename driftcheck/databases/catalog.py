"""The base class of the catalog of a database: all its kinds, and how its schema is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Protocol

from driftcheck.databases.kind import CannotBeWritten, Kind, SnapshotPair
from driftcheck.databases.mutations import Mutation
from driftcheck.databases.reading import Reading, Scope
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.databases.sandbox import Sandbox, TransactionSandbox
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace


class NamesIndependent(Protocol):
    """Tells whether some tables get the same names beside other tables as without them."""

    def __call__(
        self,
        kept: Iterable[SchemaObject],
        created: Iterable[SchemaObject],
        gone: Iterable[SchemaObject],
    ) -> bool:
        """Return whether the names are the same.

        Args:
            kept: The objects of the other tables, created beside the objects of ``gone``.
            created: The objects of the tables, created without the other tables.
            gone: The objects that were there in place of ``created``.
        """


class Catalog(ABC):
    """Reads the schema of one type of database. Subclasses exist per type of database."""

    kinds: ClassVar[tuple[Kind, ...]]
    """Every kind in build order: schemas before types before tables before views."""
    rebuild_settings: ClassVar[tuple[str, ...]] = ()
    """Statements for the session in which definitions are run that ``read`` returned."""
    knows_dependencies: ClassVar[bool] = False
    """Whether snapshots have the dependencies between objects."""
    are_names_independent: ClassVar[NamesIndependent | None] = None
    """Whether tables get the same names without other tables; ``None`` if this is not known."""
    why_not_on_copies: ClassVar[str] = (
        "whose role has no rights on owners, privileges and what only superusers create"
    )
    """What is said of a restricted copy on which some statements do not run, after a comma."""
    own_rows_hint: ClassVar[str] = ""
    """What stands before a table in FROM if rows of tables that inherit from it are not meant."""
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
        return Reading.of(
            self.read(connection, scope).objects.values(), (kind.name for kind in self.kinds)
        )

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

    @property
    def declarable_kinds(self) -> frozenset[str]:
        """The names of the kinds of objects that models can declare."""
        return frozenset(kind.name for kind in self.kinds if kind.models_can_declare)

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

    def statements_to_see_rows(self, schema: Snapshot) -> list[str]:
        """Statements after which the owner of all tables sees all rows; by default, none is needed.

        They are run in a transaction that is rolled back.

        Args:
            schema: The schema of a shadow database.
        """
        del schema
        return []

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
