"""What the reading of a database needs: the scope, the cursor, and what was read before."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from driftcheck.schema import Address, SchemaObject


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
    def of(cls, objects: Iterable[SchemaObject], kinds: Iterable[str]) -> Reading:
        """Group objects by kind.

        Args:
            objects: The objects of a schema.
            kinds: The names of all kinds of the catalog, in build order.
        """
        by_kind: dict[str, list[SchemaObject]] = {kind: [] for kind in kinds}
        for obj in objects:
            by_kind[obj.address.kind].append(obj)
        return cls({kind: tuple(members) for kind, members in by_kind.items()})

    @property
    def objects(self) -> dict[Address, SchemaObject]:
        """Every object, by its address."""
        return {obj.address: obj for members in self.by_kind.values() for obj in members}


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
