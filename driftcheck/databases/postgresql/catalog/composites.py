"""Composite types and range types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from driftcheck.databases.mutations import Alteration, alter, alter_cascading, escape_braces
from driftcheck.databases.postgresql.catalog.ddl_parts import comments_on_parts
from driftcheck.databases.postgresql.catalog.query_parts import comment_on
from driftcheck.databases.postgresql.catalog.types import USERS_TYPE, TypeKind
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Snapshot, Value


class CompositeType(TypeKind):
    """A composite type. https://www.postgresql.org/docs/current/rowtypes.html."""

    name = "composite type"
    plural = "composite types"
    summary_attributes = ("attributes",)
    columns = """n.nspname as schema, t.typname as name,
        coalesce(m.attributes, '{}') as attributes, coalesce(m.comments, '{}') as column_comments,
        d.description as comment"""
    rows = "x.typrelid in (select oid from pg_class where relkind = 'c')"
    source = f"""from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
        left join (
          select a.attrelid, array_agg(array[a.attname::text, format_type(a.atttypid, a.atttypmod)
              || case when a.attcollation <> u.typcollation
                 then ' COLLATE ' || a.attcollation::regcollation else '' end] order by a.attnum)
            as attributes,
            array_agg(array[a.attname, d.description]::text[] order by a.attnum)
              filter (where d.description is not null) as comments
          from pg_class r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0
          join pg_type u on u.oid = a.atttypid {comment_on("pg_class", "r.oid", "a.attnum")}
          where r.relkind = 'c' and not a.attisdropped group by a.attrelid
        ) m on m.attrelid = c.oid
        {USERS_TYPE} order by t.oid"""
    alterations = (alter("add an attribute", "ALTER TYPE {path} ADD ATTRIBUTE {new} integer"),)

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """The alterations of each attribute: drop, rename, type, collation and comment."""
        del schema
        for name in map(escape_braces, map(quote_identifier, _attributes(obj))):
            altered = "ALTER TYPE {path}"
            yield alter("drop an attribute", f"{altered} DROP ATTRIBUTE {name}")
            yield alter_cascading(
                "rename an attribute", f"{altered} RENAME ATTRIBUTE {name} TO {{new}}"
            )
            type_ = f"{altered} ALTER ATTRIBUTE {name} TYPE varchar(7777)"
            yield alter("type of an attribute", type_)
            yield alter("collation of an attribute", f'{type_} COLLATE "POSIX"')
            commented = f"COMMENT ON COLUMN {{path}}.{name} IS {{comment_text}}"
            yield alter("comment on an attribute", commented)

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare type."""
        return [f"CREATE TYPE {obj.address.sql} AS ({self.summary(obj)})"]

    def summary(self, obj: SchemaObject) -> str:
        """The attributes as CREATE TYPE writes them."""
        pairs = _attributes(obj).items()
        return ", ".join(f"{quote_identifier(name)} {type_}" for name, type_ in pairs)

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that drop, change and add attributes; ``None`` if attributes move."""
        have, want = _attributes(current), _attributes(wanted)
        if renames := self.rename_parts(current, wanted):
            return renames
        kept = [name for name in have if name in want]
        if list(want)[: len(kept)] != kept:
            return None
        changes = [
            *(f"DROP ATTRIBUTE {quote_identifier(name)}" for name in have if name not in want),
            *(
                f"ALTER ATTRIBUTE {quote_identifier(name)} TYPE {want[name]}"
                for name in kept
                if have[name] != want[name]
            ),
            *(
                f"ADD ATTRIBUTE {quote_identifier(name)} {type_}"
                for name, type_ in want.items()
                if name not in have
            ),
        ]
        return [f"ALTER TYPE {wanted.address.sql} {change}" for change in changes]

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """Tables of the type, and columns of the type, if an attribute gets another type."""
        have, want = _attributes(current), _attributes(wanted)
        retyped = any(name in want and want[name] != have[name] for name in have)
        is_changed = have != want
        return frozenset((*("table",) * is_changed, *("column",) * retyped))

    def rename_parts(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename attributes, which views and functions may contain."""
        have, want = _attributes(current), _attributes(wanted)
        replaced = [pair for pair in zip(have, want, strict=False) if pair[0] != pair[1]]
        is_rename = all(old not in want and new not in have for old, new in replaced)
        if [*have.values()] != [*want.values()] or not is_rename:
            return []
        return [
            f"ALTER TYPE {wanted.address.sql} RENAME ATTRIBUTE "
            f"{quote_identifier(old)} TO {quote_identifier(new)}"
            for old, new in replaced
        ]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment, owner and privileges of the type, and for its attributes."""
        type_ = wanted.address.sql
        return [
            *super().set_metadata(current, wanted),
            *comments_on_parts(
                lambda attribute: f"COLUMN {type_}.{attribute}", current, wanted, "column_comments"
            ),
        ]


def _attributes(composite: SchemaObject) -> dict[str, str]:
    return dict(cast("tuple[tuple[str, str], ...]", composite.attributes["attributes"]))


class RangeType(TypeKind):
    """A range type. https://www.postgresql.org/docs/current/catalog-pg-range.html.

    Its constructors are functions of its name that belong to the first superuser of the server.
    """

    name = "range type"
    plural = "range types"
    is_replaced_over_text = True
    summary_attributes = ("definition",)
    add_sql = ("CREATE TYPE {new_path} AS RANGE (SUBTYPE = integer)",)
    alterations = (
        alter_cascading(
            "another subtype",
            "DROP TYPE {path} CASCADE",
            "CREATE TYPE {path} AS RANGE (SUBTYPE = pg_lsn)",
        ),
    )
    columns = """n.nspname as schema, t.typname as name, array_remove(array[
          'SUBTYPE = ' || format_type(r.rngsubtype, null),
          'SUBTYPE_OPCLASS = ' || quote_ident(on_.nspname) || '.' || quote_ident(o.opcname),
          'COLLATION = ' || nullif(r.rngcollation, s.typcollation)::regcollation,
          'CANONICAL = ' || nullif(r.rngcanonical, 0)::regproc,
          'SUBTYPE_DIFF = ' || nullif(r.rngsubdiff, 0)::regproc,
          'MULTIRANGE_TYPE_NAME = ' || r.rngmultitypid::regtype], null) as definition,
        d.description as comment"""
    source = f"""from pg_range r join pg_type t on t.oid = r.rngtypid
        join pg_type s on s.oid = r.rngsubtype join pg_opclass o on o.oid = r.rngsubopc
        join pg_namespace on_ on on_.oid = o.opcnamespace
        {USERS_TYPE} order by t.oid"""

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare type."""
        return [f"CREATE TYPE {obj.address.sql} AS RANGE ({self.summary(obj)})"]

    def summary(self, obj: SchemaObject) -> str:
        """The parameters as CREATE TYPE writes them."""
        return ", ".join(cast("tuple[str, ...]", obj.attributes["definition"]))

    def rename_away(self, obj: SchemaObject) -> tuple[list[str], SchemaObject]:
        """Statements that rename the type, its multirange type, and their constructors."""
        statements, renamed = super().rename_away(obj)
        clauses = cast("tuple[str, ...]", obj.attributes["definition"])
        facts = dict(clause.split(" = ", 1) for clause in clauses)
        subtype, multirange = facts["SUBTYPE"], facts["MULTIRANGE_TYPE_NAME"]
        ranges = quote_identifier(renamed.address.name)
        several = quote_identifier(f"{renamed.address.name}_multi")
        bounds = f"{subtype}, {subtype}"
        statements += [
            f"ALTER TYPE {multirange} RENAME TO {several}",
            f"ALTER FUNCTION {obj.address.sql}({bounds}) RENAME TO {ranges}",
            f"ALTER FUNCTION {obj.address.sql}({bounds}, text) RENAME TO {ranges}",
            f"ALTER FUNCTION {multirange}() RENAME TO {several}",
        ]
        return statements, renamed

    def change(self, _current: SchemaObject, _wanted: SchemaObject) -> list[str] | None:
        """No part of a range type can be altered."""
        return None
