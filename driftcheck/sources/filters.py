"""Applies the project's ``include_name`` and ``include_object`` to snapshots, as Alembic does.

Alembic asks ``include_name`` for every name in the database, and ``include_object`` for every
object that is about to be compared. If the models declare the object, Alembic passes the object of
the models with ``reflected=False`` and the reflected object as ``compare_to``. If not, it passes
the reflected object with ``reflected=True``. Check constraints and primary keys are not asked for.
Source: ``alembic/autogenerate/compare/tables.py`` and ``constraints.py``, Alembic 1.20.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from driftcheck.project.environment import Configured
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.reflected import ReflectedTables, name_of
from driftcheck.sources.statement_log import has_word

_FILTERED_PARTS = {
    "column": "column",
    "index": "index",
    "unique constraint": "unique_constraint",
    "foreign key": "foreign_key_constraint",
}
"""Alembic's names for the kinds of parts that filters are asked for."""

_USED_BY_COLUMNS = frozenset(
    {"enum", "domain", "composite type", "range type", "sequence", "collation"}
)
"""The kinds of objects that tables use by their names."""


def hidden_from_autogenerate(
    configured: Sequence[Configured], models: Snapshot, existing: Snapshot
) -> set[Address]:
    """Return the objects that autogenerate does not compare because of the project's filters.

    Args:
        configured: What env.py configures for the database. An object is hidden if every
            configuration that concerns its table hides it.
        models: The schema that the models declare.
        existing: The schema that autogenerate would reflect.
    """
    contexts = [_Filters(context, existing) for context in configured]
    objects: Iterable[SchemaObject] = {**existing.objects, **models.objects}.values()
    if not any(context.include_name or context.include_object for context in configured):
        # Without filters, only tables in schemas that autogenerate does not read are hidden.
        objects = (found for found in objects if found.address.kind == "table")
    return _hidden(contexts, objects)


def hidden_from_drift(
    configured: Sequence[Configured], known: Collection[Address], live: Snapshot
) -> set[Address]:
    """Return the objects of the live database that the project's filters declare as foreign.

    What the project's own history creates is never hidden, because the migrations rely on it.

    Args:
        configured: What env.py configures for the database.
        known: The objects that the history creates.
        live: The live schema.
    """
    if not any(context.include_name or context.include_object for context in configured):
        return set()
    contexts = [_Filters(context, live, all_schemas=True) for context in configured]
    extra = [found for address, found in live.objects.items() if address not in known]
    hidden = _hidden(contexts, extra)
    schemas = {address.name for address in hidden if address.kind == "schema"}
    hidden |= {o.address for o in extra if o.address.schema in schemas}
    return hidden | set(_used_by_hidden_only(hidden, extra, live))


def _hidden(contexts: Sequence[_Filters], objects: Iterable[SchemaObject]) -> set[Address]:
    hidden: set[Address] = set()
    for found in objects:
        opinions = [opinion for c in contexts if (opinion := c.includes(found)) is not None]
        if opinions and not any(opinions):
            hidden.add(found.address)
    return hidden


def _used_by_hidden_only(
    hidden: Collection[Address], extra: Sequence[SchemaObject], live: Snapshot
) -> Iterator[Address]:
    """Yield the types and sequences that only the columns of hidden tables use."""
    candidates = [o.address for o in extra if o.address.kind in _USED_BY_COLUMNS]
    if not candidates:
        return
    texts: dict[bool, list[str]] = {True: [], False: []}
    for address, found in live.objects.items():
        if address.kind == "column":
            is_hidden = address in hidden or found.part_of in hidden
            texts[is_hidden].append(f"{found.attributes['type']} {found.attributes['default']}")
    of_hidden, of_others = "\n".join(texts[True]), "\n".join(texts[False])
    for address in candidates:
        if has_word(of_hidden, address.name) and not has_word(of_others, address.name):
            yield address


class _Filters:
    """The filters of one ``configure()``, for the tables of one snapshot.

    Args:
        configured: The configuration.
        existing: The schema that autogenerate would reflect.
        all_schemas: Whether filters are asked for tables in every schema. Autogenerate only
            reflects the default schema without ``include_schemas=True``.
    """

    def __init__(
        self, configured: Configured, existing: Snapshot, *, all_schemas: bool = False
    ) -> None:
        self._configured = configured
        self._default_schema = existing.default_schema
        self._all_schemas = all_schemas
        self._reflected = ReflectedTables(existing, self._default_schema)
        self._declared = {
            (self._schema(table.schema), str(table.name)): table
            for metadata in configured.metadata
            for table in metadata.tables.values()
        }
        self._schemas = {schema for schema, _ in self._declared}
        self._tables: dict[Address, bool | None] = {}

    def includes(self, found: SchemaObject) -> bool | None:
        """Return the answer of the filters; ``None`` if they are not asked for the object."""
        address = found.address
        if address.kind == "schema":
            return self._includes_name_of_schema(address.name) if self._reflects_all else None
        if address.kind == "table":
            return self._includes_table(address)
        if found.part_of is None or address.kind not in _FILTERED_PARTS:
            return None
        if self._includes_table(found.part_of) is None:
            return None
        return self._includes_part(found, found.part_of)

    @property
    def _reflects_all(self) -> bool:
        return self._configured.include_schemas

    def _schema(self, name: str | None) -> str | None:
        return None if name == self._default_schema else name or None

    def _key(self, table: Address) -> tuple[str | None, str]:
        return self._schema(table.schema), table.name

    def _includes_table(self, address: Address) -> bool | None:
        if address not in self._tables:
            self._tables[address] = self._ask_for_table(address)
        return self._tables[address]

    def _ask_for_table(self, address: Address) -> bool | None:
        schema, name = self._key(address)
        declared = self._declared.get((schema, name))
        exists = self._reflected.has(address)
        if declared is None and not exists:
            return None
        if exists:
            is_reflected = self._all_schemas or self._reflects_all or schema in self._schemas
            if schema is not None and not is_reflected:
                return False
            if not self._includes_name_of_schema(schema):
                return False
            if not self._includes_name(name, "table", address):
                return False
        if self._configured.include_object is None:
            return True  # building the reflected table takes long
        return self._includes_object(declared, name, "table", self._reflected.table(address))

    def _includes_part(self, part: SchemaObject, table: Address) -> bool | None:
        """Alembic asks for columns and constraints of tables that exist on both sides only."""
        declared = self._declared.get(self._key(table))
        exists = self._reflected.has(table)
        kind, name = part.address.kind, name_of(part)
        if not exists and kind != "index":
            return None
        reflected = self._reflected.part(part.address)
        type_ = _FILTERED_PARTS[kind]
        if reflected is not None and not self._includes_name(name, type_, table):
            return False
        own = _declared_part(declared, part) if declared is not None else None
        if own is None and reflected is None:
            return None
        # A constraint without a name in the models is asked for without a name.
        asked = name if own is None or kind == "column" else _name_of(own)
        return self._includes_object(own, asked, type_, reflected)

    def _includes_name_of_schema(self, schema: str | None) -> bool:
        by_name = self._configured.include_name
        return by_name is None or bool(by_name(self._schema(schema), "schema", {}))

    def _includes_name(self, name: str | None, type_: str, table: Address) -> bool:
        by_name = self._configured.include_name
        if by_name is None:
            return True
        schema = self._schema(table.schema)
        qualified = f"{schema}.{table.name}" if schema else table.name
        parents = {"schema_name": schema, "schema_qualified_table_name": qualified}
        if type_ != "table":
            parents["table_name"] = table.name
        return bool(by_name(name, type_, parents))

    def _includes_object(
        self, declared: Any | None, name: str | None, type_: str, reflected: Any | None
    ) -> bool:
        by_object = self._configured.include_object
        if by_object is None:
            return True
        if declared is not None:
            return bool(by_object(declared, name, type_, False, reflected))  # noqa: FBT003
        return bool(by_object(reflected, name, type_, True, None))  # noqa: FBT003


def _declared_part(table: Table, part: SchemaObject) -> Any | None:
    """Return the part of the models' table, by its name or by its columns."""
    kind, name = part.address.kind, part.address.name
    if kind == "column":
        return next((column for column in table.columns if column.name == name), None)
    candidates = _candidates(table, kind)
    for candidate in candidates:
        if _name_of(candidate) == name:
            return candidate
    columns = {address.name for address in part.stands_on if address.kind == "column"}
    unnamed = (c for c in candidates if _name_of(c) is None)
    return next((c for c in unnamed if columns == {column.name for column in c.columns}), None)


def _candidates(table: Table, kind: str) -> list[Any]:
    if kind == "index":
        return list(table.indexes)
    class_ = UniqueConstraint if kind == "unique constraint" else ForeignKeyConstraint
    return [constraint for constraint in table.constraints if isinstance(constraint, class_)]


def _name_of(item: Any) -> str | None:
    """Return the name of an index or a constraint; ``None`` if the server chooses it."""
    return str(item.name) if isinstance(item.name, str) else None
