"""What the kinds of PostgreSQL have in common: a catalog query, a comment, an owner, privileges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, cast

from driftcheck.databases.catalog import CannotBeWritten, Cursor, Made, Scope, listed
from driftcheck.databases.postgresql.catalog.mutations import TriedKind
from driftcheck.databases.postgresql.catalog.options import settled_options
from driftcheck.databases.postgresql.catalog.privileges import (
    change_grants,
    grants_sql,
    kept_by,
    settled,
)
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Value

FIRST_NORMAL_OID = 16384
"""What initdb makes has lower OIDs, as in:
https://www.postgresql.org/docs/current/system-catalog-initial-data.html."""

PUBLIC = 2200
"""The OID of the schema ``public``, the one thing of initdb's that is the user's own."""

_TEXT_ARRAY = 1009
_BESIDES = frozenset(
    "comment column_comments index_comment check_comments extensions partitions column_settings"
    " owner grants column_grants identity_comment identity_persistence identity_grants".split()
)
"""What is said of an object by statements of its own, and needs no other change."""

_UNORDERED = frozenset(("options", "toast_options", "wrapper_options"))

RELATION_KIND = """case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'f' then 'foreign table' else 'table' end"""
"""SQL: the name of the kind of the relation ``c``."""


def no_member(catalog: str, oid: str) -> str:
    """SQL: whether an object belongs to no extension; hashed, whatever the planner expects.

    https://www.postgresql.org/docs/current/catalog-pg-depend.html
    """
    return f"""{oid} not in (select e.objid from pg_depend e
        where e.refclassid = 'pg_extension'::regclass and e.deptype = 'e'
          and e.classid = '{catalog}'::regclass)"""


USERS_SCHEMA = f"""n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and {no_member("pg_namespace", "n.oid")}"""
"""SQL: whether the schema ``n`` is neither the system's (or temporary) nor an extension's."""


def comment_on(
    catalog: str, oid: str, number: str = "0", *, alias: str = "d", first: int = FIRST_NORMAL_OID
) -> str:
    """SQL: the join that brings an object's comment as ``d.description``.

    Thousands of comments are the system's own. That no object before the first is meant, the
    planner could not know: it would go through all of them, for every kind.
    https://www.postgresql.org/docs/current/catalog-pg-description.html
    """
    return f"""left join pg_description {alias} on {alias}.classoid = '{catalog}'::regclass
        and {alias}.objoid = {oid} and {alias}.objoid >= {first} and {alias}.objsubid = {number}"""


def depending_on_extensions(catalog: str, oid: str) -> str:
    """SQL: the join that brings, as ``need.extensions``, those without which the object goes.

    https://www.postgresql.org/docs/current/catalog-pg-depend.html (``DEPENDENCY_AUTO_EXTENSION``)
    """
    return f"""left join (
          select e.objid, array_agg(w.extname::text order by w.extname) as extensions
          from pg_depend e join pg_extension w on w.oid = e.refobjid
          where e.deptype = 'x' and e.classid = '{catalog}'::regclass
            and e.refclassid = 'pg_extension'::regclass
          group by e.objid) need on need.objid = {oid}"""


def table_of(thing: SchemaObject) -> str:
    """What a part is named within, as SQL: its table."""
    return Address("", thing.address.schema, thing.address.path[:-1]).sql


def name_of(thing: SchemaObject) -> str:
    """An object's own name, as SQL."""
    return quote_identifier(thing.address.name)


def differing(current: SchemaObject, wanted: SchemaObject) -> set[str]:
    """The names of the attributes that two objects do not have alike."""
    return {
        name for name, value in wanted.attributes.items() if current.attributes.get(name) != value
    }


def comment(designation: str, text: Value) -> str:
    """The statement that says something about an object, or nothing any more."""
    return f"COMMENT ON {designation} IS {'NULL' if text is None else quote_literal(str(text))}"


class _Shape:
    """Which columns of a query's rows say what, found out once for all rows.

    A row ends with ``None``: that is what stands for a column which the query does not have.
    """

    def __init__(self, kind: PostgreSQLKind, names: list[str]) -> None:
        self._kind = kind
        places = {name: place for place, name in enumerate(names)}
        places.setdefault("whole_schema", places["schema"])
        places.setdefault("whole_name", places.get("within", -1))
        self._evidence = itemgetter(*(places.get(name, -1) for name in _EVIDENCE))
        self._attributes = [(name, places[name]) for name in names if name not in _EVIDENCE]
        self._wholes: dict[tuple[str, str, str], Address] = {}

    def made_of(self, row: Sequence[Any]) -> SchemaObject:
        """The object that one row tells of."""
        (
            schema, within, name, arguments, number, renamable,
            whole, whole_schema, whole_name, from_schema, from_within, from_name,
            subject, columns,
        ) = self._evidence(row)  # fmt: skip
        kind = self._kind
        path = (name,) if within is None else (within, name)
        part_of = inherited_from = None
        if whole is not None:
            key = whole, whole_schema, whole_name
            part_of = self._wholes.get(key)
            if part_of is None:
                part_of = self._wholes[key] = Address(whole, whole_schema, (whole_name,))
        if from_name is not None:
            parent = (from_name,) if from_within is None else (from_within, from_name)
            inherited_from = Address(kind.name, from_schema, parent)
        stands_on: tuple[Address, ...] = ()
        if columns is not None:
            stands_on = tuple(Address("column", whole_schema, (whole_name, c)) for c in columns)
        attributes = {name: row[place] for name, place in self._attributes}
        kind.settle(attributes)
        return SchemaObject(
            Address(kind.name, schema, path, arguments),
            attributes,
            part_of,
            number,
            kind.renamable if renamable is None else renamable,
            inherited_from,
            subject,
            stands_on,
            kind.recognizable,
        )


def _kept(made: Made, row: tuple[Any, ...], shape: _Shape) -> SchemaObject:
    thing = made.get(row)
    if thing is None:
        thing = made[row] = shape.made_of(row)
    return thing


_EVIDENCE = (
    "schema",
    "within",
    "name",
    "arguments",
    "number",
    "renamable",
    "whole",
    "whole_schema",
    "whole_name",
    "from_schema",
    "from_within",
    "from_name",
    "subject",
    "stands_on",
)
"""What a query's columns may tell of an object besides its attributes."""


class PostgreSQLKind(TriedKind):
    """A kind that one catalog query reads.

    The query's columns are the object: ``schema``, ``name`` and, where there are, ``within`` (what
    it is named within), ``arguments``, ``number``, ``renamable`` and ``whole`` (the kind that it is
    a part of, with ``whole_schema`` and ``whole_name`` where these are not ``schema`` and
    ``within``), and ``from_name`` (what it is inherited from, with ``from_schema`` and, where it is
    named within something, ``from_within``), ``subject`` (what it is about) and ``stands_on`` (the
    names of those columns of its whole that it goes with); every other column is an attribute of
    that name.
    """

    keyword: ClassVar[str]
    """What DDL calls it: ``MATERIALIZED VIEW``."""
    columns: ClassVar[str]
    """SQL: the query's columns."""
    source: ClassVar[str]
    """SQL: the query from ``from`` on. Ordered by age, for what is older can be built first."""
    rows: ClassVar[str] = "true"
    """SQL: which rows ``x`` of the catalog that the query is about can be objects of this kind."""
    takes_names_only: ClassVar[bool] = False
    """Whether of relations that are no indexes or sequences, and of their columns, nothing matters
    to this kind but their names."""
    acl_type: ClassVar[str] = ""
    """The letter by which ``acldefault`` knows what a new one has, whose ``acl`` is null."""
    storage_parameters: ClassVar[tuple[str, ...]] = ()
    """The attributes that hold storage parameters."""
    renamable: ClassVar[bool] = False
    recognizable: ClassVar[bool] = False
    """Whether the server can rename one, and its content is enough to know it again by."""
    summed_up: ClassVar[tuple[str, ...]] = ()
    """The attributes that ``summary`` tells, so that ``describe`` need not name them."""
    usual: ClassVar[tuple[tuple[str, Value], ...]] = ()
    """What goes without saying."""

    def read(
        self, cursor: Cursor, scope: Scope, made: Made | None = None
    ) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query.

        Args:
            cursor: Where the query is run.
            scope: Whether owners and privileges count.
            made: What was made of each row in earlier readings, to be used again and added to.
        """
        cursor.execute(self.query(scope))
        rows = cursor.fetchall()
        if not rows:
            return
        columns = cursor.description or ()
        shape = _Shape(self, [column[0] for column in columns])
        arrays = [
            (place, column[0] not in _UNORDERED)
            for place, column in enumerate(columns)
            if column[1] == _TEXT_ARRAY
        ]
        for row in rows:
            values = [*row, None]
            for place, ordered in arrays:
                if row[place] is not None:
                    values[place] = _frozen(row[place], ordered=ordered)
            yield shape.made_of(values) if made is None else _kept(made, tuple(values), shape)

    @property
    def catalog(self) -> str:
        """The catalog that the query is about: the first that it names."""
        return self.source.split(maxsplit=2)[1]

    def query(self, scope: Scope) -> str:
        """The catalog query, with owners and privileges where they count."""
        columns = [self.columns]
        if scope.owners and self.owner:
            columns.append(f"pg_get_userbyid({self.owner}) as owner")
        if scope.grants and self.acl:
            columns.append(f"{grants_sql(self.acl, self.owner, self.acl_type)} as grants")
        return f"select {', '.join(columns)} {self.source}"

    def settle(self, attributes: dict[str, Any]) -> None:
        """Bring what was read to what every version of the server would say."""
        for name in self.storage_parameters:
            if attributes[name]:
                attributes[name] = settled_options(attributes[name])
        if "grants" in attributes:
            attributes["grants"] = settled(attributes["grants"])

    def describe(self, thing: SchemaObject) -> str:
        """Say what an object is as DDL says it, and then what else there is to say."""
        rest = {
            name: value
            for name, value in thing.attributes.items()
            if name not in self.summed_up and (name, value) not in self.usual
        }
        return ", ".join(filter(None, (self.summary(thing), listed(rest)))) or self.name

    def summary(self, thing: SchemaObject) -> str:
        """What the attributes that are summed up say, as DDL says it."""
        return ", ".join(str(thing.attributes[name]) for name in self.summed_up)

    def create(self, thing: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that make the object, and what is said about it besides."""
        return [*self.build(thing, parts), *self.dress({}, thing)]

    @abstractmethod
    def build(self, thing: SchemaObject, parts: Sequence[SchemaObject]) -> list[str]:
        """Statements that make the object without its comment, owner and privileges."""

    def drop(self, thing: SchemaObject) -> list[str]:
        """Statements that drop the object."""
        return [f"DROP {self.designation(thing)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that turn the current object into the wanted one of the same address."""
        changes: list[str] | None = []
        if differing(current, wanted) - _BESIDES:
            changes = self.change(current, wanted)
        if changes is None:
            return [*self.drop(current), *self.create(wanted)]
        return [*changes, *self.dress(current.attributes, wanted)]

    def is_made_again(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether the server can only drop the object and make another."""
        try:
            changes = self.change(current, wanted) if differing(current, wanted) - _BESIDES else []
        except CannotBeWritten:
            return False
        return changes is None

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the object, or ``None`` where it must be made again."""

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that give the current object the wanted one's name."""
        designation = self.designation(current)
        statements = []
        if current.address.schema != wanted.address.schema:
            schema = wanted.address.schema
            statements.append(f"ALTER {designation} SET SCHEMA {quote_identifier(schema)}")
            moved = SchemaObject(current.address._replace(schema=schema), {})
            designation = self.designation(moved)
        if current.address.name != wanted.address.name:
            statements.append(f"ALTER {designation} RENAME TO {name_of(wanted)}")
        return statements

    def designation(self, thing: SchemaObject) -> str:
        """The object as DROP, ALTER and COMMENT ON name it: ``TABLE public.students``."""
        return f"{self.keyword} {thing.address.sql}"

    def _dependent(self, thing: SchemaObject) -> str:
        """The object as DEPENDS ON EXTENSION names it."""
        return self.depending.format(it=self.designation(thing), path=thing.address.sql)

    def dress(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements that give the object its wanted comment, owner and privileges."""
        statements = []
        attributes = wanted.attributes
        if attributes.get("comment") != current.get("comment"):
            statements.append(comment(self.designation(wanted), attributes["comment"]))
        statements += _extensions(self._dependent(wanted), current, wanted)
        if attributes.get("owner") != current.get("owner"):
            role = quote_identifier(str(attributes["owner"]))
            statements.append(f"ALTER {self.designation(wanted)} OWNER TO {role}")
        if "grants" in attributes:
            have = current.get("grants", self.implicit)
            statements += self.grant(kept_by(attributes.get("owner"), have), wanted)
        return statements

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that give the object its wanted privileges instead of the current ones."""
        return change_grants(current, wanted.attributes["grants"], self.designation(wanted))


def _extensions(dependent: str, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    have = cast("tuple[str, ...]", current.get("extensions") or ())
    want = cast("tuple[str, ...]", wanted.attributes.get("extensions") or ())
    on = "DEPENDS ON EXTENSION"
    return [
        *(f"ALTER {dependent} NO {on} {quote_identifier(e)}" for e in have if e not in want),
        *(f"ALTER {dependent} {on} {quote_identifier(e)}" for e in want if e not in have),
    ]


def comments_on_parts(
    part: Callable[[str], str], current: Mapping[str, Value], wanted: SchemaObject, attribute: str
) -> list[str]:
    """Statements for what is said of the parts that are attributes of their whole.

    Args:
        part: How COMMENT ON names a part, given its quoted name.
        current: The attributes that the whole has.
        wanted: The whole as it should be.
        attribute: Where the comments are: pairs of name and text.
    """
    have, want = pairs(current.get(attribute)), pairs(wanted.attributes[attribute])
    return [
        comment(part(quote_identifier(name)), want.get(name))
        for name in {**have, **want}
        if have.get(name) != want.get(name)
    ]


def pairs(value: Value) -> dict[str, str]:
    """What is said of parts, by their names."""
    return dict(cast("tuple[tuple[str, str], ...]", value or ()))


def _frozen(value: Any, *, ordered: bool = True) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value if ordered else sorted(value)))
