"""Reads PostgreSQL from its system catalogs: https://www.postgresql.org/docs/current/catalogs.html."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Several
from contextlib import closing
from typing import Any, ClassVar

import psycopg2

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.mutations import Expectation, Mutation
from driftcheck.databases.postgresql.catalog.base_types import BaseType
from driftcheck.databases.postgresql.catalog.casts import Cast
from driftcheck.databases.postgresql.catalog.catalog_digests import catalog_digests
from driftcheck.databases.postgresql.catalog.chosen_names import are_independent
from driftcheck.databases.postgresql.catalog.collations import Collation, Conversion
from driftcheck.databases.postgresql.catalog.columns import Column
from driftcheck.databases.postgresql.catalog.composites import CompositeType, RangeType
from driftcheck.databases.postgresql.catalog.constraints import (
    CheckConstraint,
    ExclusionConstraint,
    ForeignKey,
    NotNullConstraint,
    PrimaryKey,
    UniqueConstraint,
)
from driftcheck.databases.postgresql.catalog.coverage import not_compared
from driftcheck.databases.postgresql.catalog.default_privileges import DefaultPrivileges
from driftcheck.databases.postgresql.catalog.dependencies import read_dependencies
from driftcheck.databases.postgresql.catalog.event_triggers import EventTrigger
from driftcheck.databases.postgresql.catalog.extended_statistics import StatisticsObject
from driftcheck.databases.postgresql.catalog.filled import row_estimates, row_facts
from driftcheck.databases.postgresql.catalog.foreign import (
    ForeignDataWrapper,
    ForeignTable,
    Server,
    UserMapping,
)
from driftcheck.databases.postgresql.catalog.indexes import Index
from driftcheck.databases.postgresql.catalog.initial_privileges import InitialPrivileges
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.languages import Language
from driftcheck.databases.postgresql.catalog.managed import Managed, managed
from driftcheck.databases.postgresql.catalog.namespaces import Extension, Schema
from driftcheck.databases.postgresql.catalog.operators import (
    Operator,
    OperatorClass,
    OperatorFamily,
)
from driftcheck.databases.postgresql.catalog.policies import Policy
from driftcheck.databases.postgresql.catalog.publications import Publication
from driftcheck.databases.postgresql.catalog.remarks import remarks
from driftcheck.databases.postgresql.catalog.rereading import read_changed
from driftcheck.databases.postgresql.catalog.routines import Aggregate, Function, Procedure
from driftcheck.databases.postgresql.catalog.rules import Rule
from driftcheck.databases.postgresql.catalog.sequences import Sequence
from driftcheck.databases.postgresql.catalog.session import REBUILD_SETTINGS, reading_session
from driftcheck.databases.postgresql.catalog.state import read_state
from driftcheck.databases.postgresql.catalog.subscriptions import Subscription
from driftcheck.databases.postgresql.catalog.tables import Table
from driftcheck.databases.postgresql.catalog.textsearch import (
    Configuration,
    Dictionary,
    Parser,
    Template,
)
from driftcheck.databases.postgresql.catalog.traces import tombstones, write_times
from driftcheck.databases.postgresql.catalog.triggers import Trigger
from driftcheck.databases.postgresql.catalog.types import Domain, Enum
from driftcheck.databases.postgresql.catalog.user_rows import kinds_with_rows
from driftcheck.databases.postgresql.catalog.value_digests import value_digests
from driftcheck.databases.postgresql.catalog.views import MaterializedView, View
from driftcheck.databases.reading import Cursor, Reading, Scope, gc_paused, in_scope
from driftcheck.databases.row_facts import RowFacts
from driftcheck.errors import CatalogError
from driftcheck.schema import Address, SchemaObject, Snapshot, Trace

KINDS: tuple[PostgreSQLKind, ...] = (
    Schema(),
    Extension(),
    Language(),
    Collation(),
    BaseType(),
    Enum(),
    Domain(),
    CompositeType(),
    RangeType(),
    Sequence(),
    Function(),
    Procedure(),
    Aggregate(),
    Operator(),
    OperatorFamily(),
    OperatorClass(),
    Cast(),
    Conversion(),
    Parser(),
    Template(),
    Dictionary(),
    Configuration(),
    ForeignDataWrapper(),
    Server(),
    UserMapping(),
    Table(),
    ForeignTable(),
    Column(),
    PrimaryKey(),
    UniqueConstraint(),
    ExclusionConstraint(),
    CheckConstraint(),
    NotNullConstraint(),
    View(),
    MaterializedView(),
    Index(),
    ForeignKey(),
    StatisticsObject(),
    Rule(),
    Trigger(),
    Policy(),
    Publication(),
    Subscription(),
    EventTrigger(),
    InitialPrivileges(),
    DefaultPrivileges(),
)
"""Every kind, in build order."""


class PostgreSQLCatalog(Catalog):
    """Reads PostgreSQL 15 and later."""

    kinds: ClassVar[tuple[PostgreSQLKind, ...]] = KINDS
    rebuild_settings: ClassVar[tuple[str, ...]] = REBUILD_SETTINGS
    knows_dependencies: ClassVar[bool] = True
    are_names_independent = staticmethod(are_independent)
    own_rows_hint: ClassVar[str] = "ONLY"
    by_option: ClassVar[Mapping[str, str]] = {"owners": "owners", "grants": "privileges"}

    def read(self, connection: Any, scope: Scope) -> Snapshot:
        """Read the schema in the connection's current transaction."""
        try:
            with (
                connection.cursor() as cursor,
                reading_session(cursor) as default_schema,
                gc_paused(),
            ):
                objects = {obj.address: obj for obj in self._objects(cursor, scope)}
                uncompared = not_compared(cursor)
                remarked = remarks(cursor, scope)
                dependencies = read_dependencies(cursor) if scope.dependencies else {}
                cursor.execute("show server_version")
                ((version,),) = cursor.fetchall()
        except psycopg2.Error as error:
            raise CatalogError(
                "The database's catalog cannot be read.",
                hint="If its schema is being changed at this moment, try again afterwards.",
                details=str(error).strip(),
            ) from error
        snapshot = Snapshot(
            objects,
            "postgresql",
            version.split()[0],
            default_schema,
            uncompared,
            remarked,
            dependencies,
        )
        return snapshot if scope.schemas is None else snapshot.within(scope.schemas)

    def dependencies(self, connection: Any) -> Mapping[Address, tuple[Address, ...]]:
        """Read the dependencies from ``pg_depend``, without anything else."""
        with connection.cursor() as cursor, reading_session(cursor):
            return read_dependencies(cursor)

    def state(self, connection: Any) -> str | None:
        """Read a digest of what findings depend on besides the attributes of objects.

        Args:
            connection: An open psycopg2 connection; nothing is written, committed or closed.

        Returns:
            A digest; ``None`` if not all of it can be read again.
        """
        with connection.cursor() as cursor, reading_session(cursor):
            return read_state(self.kinds, cursor)

    def objects(self, connection: Any, scope: Scope) -> Iterator[SchemaObject]:
        """Read the objects one after the other."""
        with connection.cursor() as cursor, reading_session(cursor):
            yield from self._objects(cursor, scope)

    def _objects(self, cursor: Cursor, scope: Scope) -> Iterator[SchemaObject]:
        read = kinds_with_rows(self.kinds, cursor)
        left_out = managed(cursor)
        found = (obj for kind in read for obj in kind.read(cursor, scope))
        return in_scope(left_out.without(found), scope)

    def row_facts(
        self, connection: Any, columns: Collection[Address], actual: Snapshot
    ) -> RowFacts:
        """Read whether tables may have rows, and columns rows without a value."""
        return row_facts(connection, columns, actual)

    def row_estimates(self, connection: Any) -> Mapping[Address, int | None]:
        """Read how many rows each table has, from ``pg_class.reltuples``."""
        with connection.cursor() as cursor, reading_session(cursor):
            return row_estimates(cursor)

    def statements_to_see_rows(self, schema: Snapshot) -> list[str]:
        """Statements that exempt the owner from policies for rows."""
        return [
            f"ALTER TABLE {address.sql} NO FORCE ROW LEVEL SECURITY"
            for address, obj in schema.objects.items()
            if address.kind == "table" and obj.attributes["row_security_forced"]
        ]

    def value_digests(
        self, connection: Any, columns: Mapping[Address, Several[str]]
    ) -> Mapping[tuple[Address, str], str]:
        """Read the number of rows, and a digest of the values of each column."""
        with connection.cursor() as cursor:
            return value_digests(cursor, columns)

    def traces(
        self, connection: Any, missing: Several[SchemaObject], present: Several[Address]
    ) -> Mapping[Address, Trace]:
        """Tombstones of dropped columns, and the times when catalog rows were written."""
        kinds = {kind.name: getattr(kind, "keyword", kind.name) for kind in KINDS}
        objects = ((kinds[address.kind], address) for address in present)
        with connection.cursor() as cursor, reading_session(cursor):
            return {**dict(tombstones(cursor, missing)), **dict(write_times(cursor, objects))}

    def read_again(self, connection: Any, scope: Scope, last: Reading | None) -> Reading:
        """Read the kinds that can have changed since the last reading.

        If an extension manages objects, everything is read: rows of the extension's tables say
        which objects these are, and these tables have no marks.
        """
        with closing(connection.cursor()) as cursor, reading_session(cursor), gc_paused():
            left_out = managed(cursor)
            if left_out == Managed():
                return read_changed(KINDS, cursor, scope, last)
            everything = read_changed(KINDS, cursor, scope, None)
            kept = left_out.without(everything.objects.values())
            return Reading.of(kept, (kind.name for kind in self.kinds))

    def mutations(self, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """The mutations of every object, and then those of the whole database."""
        yield from super().mutations(schema, scope)
        if not schema.objects:
            return
        shadow = Address("database", "", ("shadow",))
        yield Mutation(shadow, "analyze", ("ANALYZE",), Expectation.NOTHING)
        yield Mutation(shadow, "vacuum", ("VACUUM",), Expectation.NOTHING, in_transaction=False)

    def catalog_digests(self, connection: Any) -> Mapping[str, str]:
        """A digest of each system catalog."""
        return catalog_digests(connection)
