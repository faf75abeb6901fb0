"""The base class of the kinds of PostgreSQL: a catalog query, a comment, an owner, privileges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from sys import intern
from typing import Any, ClassVar, cast

from driftcheck.databases.kind import CannotBeWritten, listed
from driftcheck.databases.postgresql.catalog.ddl_parts import comment, differing, name_of
from driftcheck.databases.postgresql.catalog.mutations import KindWithMutations
from driftcheck.databases.postgresql.catalog.options import normalized_options
from driftcheck.databases.postgresql.catalog.privileges import (
    REVOKED,
    Grant,
    change_grants,
    grants_sql,
    grants_without_owner,
    normalized_grants,
)
from driftcheck.databases.reading import Cursor, ObjectsByRow, Scope, in_batches
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Value

_TEXT_ARRAY = 1009
_METADATA = frozenset(
    "comment column_comments index_comment check_comments extensions partitions column_settings"
    " owner grants column_grants identity_comment identity_persistence identity_grants".split()
)
"""Attributes that have statements of their own: a change of them does not alter the object."""

_DEFAULTS = {
    "table": "TABLES",
    "view": "TABLES",
    "materialized view": "TABLES",
    "foreign table": "TABLES",
    "sequence": "SEQUENCES",
    "function": "FUNCTIONS",
    "procedure": "FUNCTIONS",
    "aggregate": "FUNCTIONS",
    "base type": "TYPES",
    "enum": "TYPES",
    "domain": "TYPES",
    "composite type": "TYPES",
    "range type": "TYPES",
    "schema": "SCHEMAS",
}
"""The word of ALTER DEFAULT PRIVILEGES for each kind of object.
https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html"""

_UNORDERED = frozenset(("options", "toast_options", "wrapper_options"))


class _RowMapper:
    """Makes objects from the rows of a query. The positions of the columns are looked up once.

    A large schema has far fewer names and attributes than objects. Equal names are one string, and
    objects with equal attributes have the same mapping.

    Each row has to end with an additional ``None``. Columns that the query lacks point to it.
    """

    def __init__(self, kind: PostgreSQLKind, names: list[str]) -> None:
        self._kind = kind
        positions = {name: position for position, name in enumerate(names)}
        positions.setdefault("part_of_schema", positions["schema"])
        positions.setdefault("part_of_name", positions.get("within", -1))
        self._identity = itemgetter(*(positions.get(name, -1) for name in _IDENTITY_COLUMNS))
        self._attribute_names = [name for name in names if name not in _IDENTITY_COLUMNS]
        # The last column is added twice, so that the getter returns a tuple in any case.
        self._values = itemgetter(*(positions[name] for name in self._attribute_names), -1, -1)
        self._attributes: dict[tuple[Any, ...], Mapping[str, Value]] = {}
        self._subjects: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._parents: dict[tuple[str, str, str], Address] = {}

    def object_from(self, row: Sequence[Any]) -> SchemaObject:
        """The object that a row describes."""
        (
            schema, within, name, arguments, number, renamable,
            part_of_kind, part_of_schema, part_of_name, from_schema, from_within, from_name,
            subject, columns,
        ) = self._identity(row)  # fmt: skip
        kind = self._kind
        name = intern(name)
        path = (name,) if within is None else (intern(within), name)
        part_of = inherited_from = None
        if part_of_kind is not None:
            key = part_of_kind, part_of_schema, part_of_name
            part_of = self._parents.get(key)
            if part_of is None:
                part_of = Address(intern(key[0]), intern(key[1]), (intern(key[2]),))
                self._parents[key] = part_of
        if from_name is not None:
            source = (from_name,) if from_within is None else (from_within, from_name)
            inherited_from = Address(kind.name, from_schema, source)
        stands_on: tuple[Address, ...] = ()
        if columns is not None:
            stands_on = tuple(
                Address("column", intern(part_of_schema), (intern(part_of_name), intern(column)))
                for column in columns
            )
        return SchemaObject(
            Address(kind.name, intern(schema), path, arguments),
            self._attributes_from(row),
            part_of,
            number,
            kind.renamable if renamable is None else renamable,
            inherited_from,
            self._subjects.setdefault(subject, subject) if subject else subject,
            stands_on,
            kind.recognizable,
        )

    def _attributes_from(self, row: Sequence[Any]) -> Mapping[str, Value]:
        values = self._values(row)
        attributes = self._attributes.get(values)
        if attributes is None:
            # The values end with the two that were added.
            normalized = dict(zip(self._attribute_names, values, strict=False))
            self._kind.normalize(normalized)
            attributes = self._attributes[values] = normalized
        return attributes


def _cached_object(known: ObjectsByRow, row: tuple[Any, ...], mapper: _RowMapper) -> SchemaObject:
    obj = known.get(row)
    if obj is None:
        obj = known[row] = mapper.object_from(row)
    return obj


_IDENTITY_COLUMNS = (
    "schema",
    "within",
    "name",
    "arguments",
    "number",
    "renamable",
    "part_of",
    "part_of_schema",
    "part_of_name",
    "from_schema",
    "from_within",
    "from_name",
    "subject",
    "stands_on",
)
"""The columns of a query that are no attributes. ``PostgreSQLKind`` describes them."""


class PostgreSQLKind(KindWithMutations):
    """A kind that is read by one catalog query.

    These columns of the query identify the object; ``schema`` and ``name`` are required:

    - ``schema``, ``within`` (the object whose name qualifies the name), ``name``, ``arguments``:
      the address
    - ``number``: the number of a column
    - ``renamable``: overrides the class attribute for this object
    - ``part_of``: the kind of the parent object; ``part_of_schema`` and ``part_of_name``: its
      address, by default ``schema`` and ``within``
    - ``from_schema``, ``from_within``, ``from_name``: the address of the object from which this one
      is inherited
    - ``subject``: see ``SchemaObject.subject``
    - ``stands_on``: the names of the parent object's columns with which the object is dropped

    Every other column is an attribute of the object.
    """

    keyword: ClassVar[str]
    """The kind in DDL statements: ``MATERIALIZED VIEW``."""
    columns: ClassVar[str]
    """SQL: the query's columns."""
    source: ClassVar[str]
    """SQL: the query from ``from`` on, ordered by OID: objects follow those that they depend on."""
    rows: ClassVar[str] = "true"
    """SQL: a condition for the rows ``x`` of the main catalog that can be objects of this kind."""
    depends_on_names_only: ClassVar[bool] = False
    """Whether objects of this kind depend on nothing but the names of tables, views and their
    columns."""
    acl_type: ClassVar[str] = ""
    """The first argument of ``acldefault()``: the default privileges if ``acl`` is null."""
    storage_parameters: ClassVar[tuple[str, ...]] = ()
    """The attributes that contain storage parameters."""
    renamable: ClassVar[bool] = False
    """Whether an object is recognized after a rename by its attributes alone."""
    recognizable: ClassVar[bool] = False
    """Whether the server can rename an object, and its attributes suffice to recognize it."""
    summary_attributes: ClassVar[tuple[str, ...]] = ()
    """The attributes that ``summary`` contains. ``describe`` does not list them again."""
    usual: ClassVar[tuple[tuple[str, Value], ...]] = ()
    """Attributes with their default values, which ``describe`` omits."""

    def read(
        self, cursor: Cursor, scope: Scope, known: ObjectsByRow | None = None
    ) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query.

        Args:
            cursor: Where the query is run.
            scope: Whether to read owners and privileges.
            known: The objects of earlier readings, by row. They are reused, and new ones added.
        """
        cursor.execute(self.query(scope))
        columns = cursor.description
        if not columns:  # unknown without rows, if they are read as JSON
            return
        mapper = _RowMapper(self, [column[0] for column in columns])
        arrays = [
            (position, column[0] not in _UNORDERED)
            for position, column in enumerate(columns)
            if column[1] == _TEXT_ARRAY
        ]
        for row in in_batches(cursor):
            values = [*row, None]
            for position, ordered in arrays:
                if row[position] is not None:
                    values[position] = _frozen(row[position], ordered=ordered)
            yield (
                mapper.object_from(values)
                if known is None
                else _cached_object(known, tuple(values), mapper)
            )

    @property
    def catalog(self) -> str:
        """The main catalog of the query: the first one after ``from``."""
        return self.source.split(maxsplit=2)[1]

    def query(self, scope: Scope) -> str:
        """The catalog query, with owners and privileges if they are in the scope."""
        columns = [self.columns]
        if scope.owners and self.owner:
            columns.append(f"pg_get_userbyid({self.owner}) as owner")
        if scope.grants and self.acl:
            columns.append(f"{grants_sql(self.acl, self.owner, self.acl_type)} as grants")
        return f"select {', '.join(columns)} {self.source}"

    def normalize(self, attributes: dict[str, Any]) -> None:
        """Change the attributes in place to the values that every server version would return."""
        for name in self.storage_parameters:
            if attributes[name]:
                attributes[name] = normalized_options(attributes[name])
        if "grants" in attributes:
            attributes["grants"] = normalized_grants(attributes["grants"])

    def describe(self, obj: SchemaObject) -> str:
        """Describe an object: its summary, then the attributes that are not in the summary."""
        rest = {
            name: value
            for name, value in obj.attributes.items()
            if name not in self.summary_attributes and (name, value) not in self.usual
        }
        return ", ".join(filter(None, (self.summary(obj), listed(rest)))) or self.name

    def summary(self, obj: SchemaObject) -> str:
        """The ``summary_attributes`` as DDL writes them."""
        return ", ".join(str(obj.attributes[name]) for name in self.summary_attributes)

    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the object with its comment, owner and privileges."""
        return [*self.build(obj, parts), *self.set_metadata({}, obj)]

    @abstractmethod
    def build(self, obj: SchemaObject, parts: Sequence[SchemaObject]) -> list[str]:
        """Statements that create the object without its comment, owner and privileges."""

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object."""
        return [f"DROP {self.designation(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the current object to the wanted one at the same address."""
        changes: list[str] | None = []
        if differing(current, wanted) - _METADATA:
            changes = self.change(current, wanted)
        if changes is None:
            return [*self.drop(current), *self.create(wanted)]
        return [*changes, *self.set_metadata(current.attributes, wanted)]

    def is_recreated(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether the server cannot alter the object, so that it is dropped and created again."""
        try:
            changes = self.change(current, wanted) if differing(current, wanted) - _METADATA else []
        except CannotBeWritten:
            return False
        return changes is None

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that alter the object; ``None`` if it has to be dropped and created again."""

    def rename_away(self, obj: SchemaObject) -> tuple[list[str], SchemaObject]:
        """Statements that rename the object, while columns change to a new one of its name."""
        name = f"{obj.address.name.encode()[:50].decode(errors='ignore')}_to_drop"
        renamed = replace(obj, address=obj.address._replace(path=(name,)))
        return self.rename(obj, renamed), renamed

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current object to the name of the wanted one."""
        designation = self.designation(current)
        statements = []
        if current.address.schema != wanted.address.schema:
            schema = wanted.address.schema
            statements.append(f"ALTER {designation} SET SCHEMA {quote_identifier(schema)}")
            similar = SchemaObject(current.address._replace(schema=schema), {})
            designation = self.designation(similar)
        if current.address.name != wanted.address.name:
            statements.append(f"ALTER {designation} RENAME TO {name_of(wanted)}")
        return statements

    def designation(self, obj: SchemaObject) -> str:
        """The object as DROP, ALTER and COMMENT ON name it: ``TABLE public.students``."""
        return f"{self.keyword} {obj.address.sql}"

    def _dependent(self, obj: SchemaObject) -> str:
        """The object as DEPENDS ON EXTENSION names it."""
        return self.depends_name.format(object=self.designation(obj), path=obj.address.sql)

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements that change the comment, the owner and the privileges to the wanted ones."""
        statements = []
        attributes = wanted.attributes
        if attributes.get("comment") != current.get("comment"):
            statements.append(comment(self.designation(wanted), attributes["comment"]))
        statements += _extensions(self._dependent(wanted), current, wanted)
        if attributes.get("owner") != current.get("owner"):
            role = quote_identifier(str(attributes["owner"]))
            statements.append(f"ALTER {self.designation(wanted)} OWNER TO {role}")
        if "grants" in attributes:
            grants = current.get("grants", self.default_grants)
            statements += self.grant(grants_without_owner(attributes.get("owner"), grants), wanted)
        return statements

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """Statements that set the privileges of a new object in spite of default privileges."""
        if "grants" not in obj.attributes:
            return []
        word = _DEFAULTS.get(obj.address.kind)
        applied = [
            each
            for each in defaults
            if each.address.name == word and each.address.schema in ("", obj.address.schema)
        ]
        given = tuple(grant for each in applied for grant in _granted_by_default(each, obj))
        return self.grant(given, obj) if applied else []

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges to the wanted ones."""
        return change_grants(current, wanted.attributes["grants"], self.designation(wanted))


def _granted_by_default(defaults: SchemaObject, obj: SchemaObject) -> Iterator[Grant]:
    """The grants that default privileges add to a new object.

    A role's own privileges are implicit, unless they are revoked and the role creates the object.
    """
    creator = defaults.address.path[0]
    is_owner = obj.attributes.get("owner", creator) == creator
    for grant in cast("tuple[Grant, ...]", defaults.attributes["grants"]):
        if grant[0] != creator or (grant[2] == REVOKED and is_owner):
            yield grant


def _extensions(dependent: str, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    have = cast("tuple[str, ...]", current.get("extensions") or ())
    want = cast("tuple[str, ...]", wanted.attributes.get("extensions") or ())
    on = "DEPENDS ON EXTENSION"
    return [
        *(f"ALTER {dependent} NO {on} {quote_identifier(e)}" for e in have if e not in want),
        *(f"ALTER {dependent} {on} {quote_identifier(e)}" for e in want if e not in have),
    ]


def _frozen(value: Any, *, ordered: bool = True) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value if ordered else sorted(value)))
