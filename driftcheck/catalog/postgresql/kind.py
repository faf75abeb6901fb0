"""What the kinds of PostgreSQL have in common: a catalog query, a comment, an owner, privileges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from driftcheck.catalog.base import Cursor, Kind, Scope
from driftcheck.catalog.postgresql.privileges import Grant, change_grants, grants_sql, settled
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Value

FIRST_NORMAL_OID = 16384
"""What initdb makes has lower OIDs, as in:
https://www.postgresql.org/docs/current/system-catalog-initial-data.html."""

_TEXT_ARRAY = 1009
_BESIDES = frozenset(("comment", "column_comments", "owner", "grants"))
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


def comment_on(catalog: str, oid: str, number: str = "0") -> str:
    """SQL: the join that brings an object's comment as ``d.description``.

    https://www.postgresql.org/docs/current/catalog-pg-description.html
    """
    return f"""left join pg_description d on d.classoid = '{catalog}'::regclass
        and d.objoid = {oid} and d.objsubid = {number}"""


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


class PostgreSQLKind(Kind):
    """A kind that one catalog query reads.

    The query's columns are the object: ``schema``, ``name`` and, where there are, ``within`` (what
    it is named within), ``arguments``, ``number``, ``renamable`` and ``whole`` (the kind that it is
    a part of, with ``whole_schema`` and ``whole_name`` where these are not ``schema`` and
    ``within``); every other column is an attribute of that name.
    """

    keyword: ClassVar[str]
    """What DDL calls it: ``MATERIALIZED VIEW``."""
    columns: ClassVar[str]
    """SQL: the query's columns."""
    source: ClassVar[str]
    """SQL: the query from ``from`` on. Ordered by age, for what is older can be built first."""
    owner: ClassVar[str] = ""
    """SQL: the owner's OID, where it has one."""
    acl: ClassVar[str] = ""
    """SQL: the privileges as ``aclitem[]``, where it has any."""
    implicit: ClassVar[tuple[Grant, ...]] = ()
    """The privileges that a new one gives to everybody."""
    renamable: ClassVar[bool] = False

    def read(self, cursor: Cursor, scope: Scope) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query."""
        cursor.execute(self.query(scope))
        names = [column[0] for column in cursor.description or ()]
        arrays = [column[0] for column in cursor.description or () if column[1] == _TEXT_ARRAY]
        for row in cursor.fetchall():
            facts = dict(zip(names, row, strict=True))
            for name in arrays:
                if facts[name] is not None:
                    facts[name] = _frozen(facts[name], ordered=name not in _UNORDERED)
            yield self.made_of(facts)

    def query(self, scope: Scope) -> str:
        """The catalog query, with owners and privileges where they count."""
        columns = [self.columns]
        if scope.owners and self.owner:
            columns.append(f"pg_get_userbyid({self.owner}) as owner")
        if scope.grants and self.acl:
            columns.append(f"{grants_sql(self.acl, self.owner or 'null')} as grants")
        return f"select {', '.join(columns)} {self.source}"

    def made_of(self, facts: dict[str, Any]) -> SchemaObject:
        """The object that one row of the query tells of."""
        schema, name, within = facts.pop("schema"), facts.pop("name"), facts.pop("within", None)
        path = (name,) if within is None else (within, name)
        address = Address(self.name, schema, path, facts.pop("arguments", None))
        whole = facts.pop("whole", None)
        whole_schema = facts.pop("whole_schema", schema)
        whole_name = facts.pop("whole_name", within)
        part_of = Address(whole, whole_schema, (whole_name,)) if whole else None
        number = facts.pop("number", None)
        renamable = facts.pop("renamable", self.renamable)
        inherited_from = self._inherited_from(facts)
        if "grants" in facts:
            facts["grants"] = settled(facts["grants"])
        return SchemaObject(address, facts, part_of, number, renamable, inherited_from)

    def _inherited_from(self, facts: dict[str, Any]) -> Address | None:
        schema, name = facts.pop("from_schema", None), facts.pop("from_name", None)
        within = facts.pop("from_within", None)
        path = (name,) if within is None else (within, name)
        return None if name is None else Address(self.name, schema, path)

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

    def dress(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements that give the object its wanted comment, owner and privileges."""
        statements = []
        attributes = wanted.attributes
        if attributes.get("comment") != current.get("comment"):
            statements.append(comment(self.designation(wanted), attributes["comment"]))
        if attributes.get("owner") != current.get("owner"):
            role = quote_identifier(str(attributes["owner"]))
            statements.append(f"ALTER {self.designation(wanted)} OWNER TO {role}")
        if "grants" in attributes:
            statements += self.grant(current.get("grants", self.implicit), wanted)
        return statements

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that give the object its wanted privileges instead of the current ones."""
        return change_grants(current, wanted.attributes["grants"], self.designation(wanted))


def _frozen(value: Any, *, ordered: bool = True) -> Any:
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value if ordered else sorted(value)))
