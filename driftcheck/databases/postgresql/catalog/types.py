"""The base class of user-defined types, enums and domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from driftcheck.databases.mutations import (
    Alteration,
    alter,
    alter_cascading,
    escape_braces,
    per_clause,
)
from driftcheck.databases.postgresql.catalog.ddl_parts import comments_on_parts
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import change_grants
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import SchemaObject, Snapshot, Value

USERS_TYPE = f"""join pg_namespace n on n.oid = t.typnamespace
    {comment_on("pg_type", "t.oid")}
    where {USERS_SCHEMA} and {not_in_extension("pg_type", "t.oid")}"""
"""SQL: the types ``t`` in user schemas, with their comments."""


class TypeKind(PostgreSQLKind):
    """The base class of types. https://www.postgresql.org/docs/current/catalog-pg-type.html."""

    keyword = "TYPE"
    recognizable = True
    is_type = True
    owner = "t.typowner"
    acl = "t.typacl"
    acl_type = "T"
    default_grants = (("PUBLIC", "USAGE", ""),)

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the type to the wanted ones."""
        return change_grants(current, wanted.attributes["grants"], f"TYPE {wanted.address.sql}")


class Enum(TypeKind):
    """An enum. https://www.postgresql.org/docs/current/catalog-pg-enum.html."""

    name = "enum"
    plural = "enums"
    models_can_declare = True
    summary_attributes = ("values",)
    columns = """n.nspname as schema, t.typname as name, coalesce(v.labels, '{}') as "values",
        d.description as comment"""
    rows = "x.typtype = 'e'"
    source = f"""from pg_type t left join (
          select enumtypid, array_agg(enumlabel::text order by enumsortorder) as labels
          from pg_enum group by enumtypid) v on v.enumtypid = t.oid
        {USERS_TYPE} and t.typtype = 'e' order by t.oid"""
    alterations = (
        alter("add a value", "ALTER TYPE {path} ADD VALUE 'driftcheck mutation'"),
        alter(
            "add a first value", "ALTER TYPE {path} ADD VALUE 'driftcheck mutation' BEFORE {first}"
        ),
        alter_cascading(
            "rename a value", "ALTER TYPE {path} RENAME VALUE {first} TO 'driftcheck mutation'"
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add the first value of the enum."""
        first = next(iter(_values(obj)), "")
        return {**super().fields(obj), "first": quote_literal(first)}

    def summary(self, obj: SchemaObject) -> str:
        """The values, in their order."""
        return ", ".join(map(quote_literal, _values(obj)))

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare enum."""
        return [f"CREATE TYPE {obj.address.sql} AS ENUM ({self.summary(obj)})"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that add values or rename values; ``None`` if values go or move."""
        have, want = _values(current), _values(wanted)
        if [value for value in want if value in have] == list(have):
            return _add_statements(wanted.address.sql, have, want)
        return self.rename_parts(current, wanted) or None

    def unusable_values(self, current: SchemaObject, wanted: SchemaObject) -> tuple[str, ...]:
        """The values that ADD VALUE adds. They can be used after its transaction."""
        have, want = _values(current), _values(wanted)
        added = [value for value in want if value not in have]
        return tuple(added) if len(want) == len(have) + len(added) else ()

    def rename_parts(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename values, which checks and defaults may contain."""
        return _rename_statements(wanted.address.sql, _values(current), _values(wanted))


def _values(enum: SchemaObject) -> tuple[str, ...]:
    return cast("tuple[str, ...]", enum.attributes["values"])


def _rename_statements(type_: str, have: tuple[str, ...], want: tuple[str, ...]) -> list[str]:
    """Statements that rename values; none if values were also added, removed or moved."""
    replaced = [pair for pair in zip(have, want, strict=False) if pair[0] != pair[1]]
    is_rename = all(old not in want and new not in have for old, new in replaced)
    if len(have) != len(want) or not is_rename:
        return []
    return [
        f"ALTER TYPE {type_} RENAME VALUE {quote_literal(old)} TO {quote_literal(new)}"
        for old, new in replaced
    ]


def _add_statements(type_: str, have: tuple[str, ...], want: tuple[str, ...]) -> list[str]:
    statements = []
    first = f" BEFORE {quote_literal(have[0])}" if have else ""
    before: str | None = None
    for value in want:
        if value not in have:
            place = f" AFTER {quote_literal(before)}" if before is not None else first
            statements.append(f"ALTER TYPE {type_} ADD VALUE {quote_literal(value)}{place}")
        before = value
    return statements


class Domain(TypeKind):
    """A domain with its checks. https://www.postgresql.org/docs/current/catalog-pg-type.html."""

    name = "domain"
    plural = "domains"
    is_evaluated = True
    keyword = "DOMAIN"
    printed = frozenset(("default", "checks"))
    summary_attributes = ("type", "nullable", "default", "collation", "checks")
    models_can_declare = True
    columns = """n.nspname as schema, t.typname as name,
        format_type(t.typbasetype, t.typtypmod) as type, not t.typnotnull as nullable,
        coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), t.typdefault) as default,
        case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end
          as collation,
        coalesce(k.checks, '{}') as checks, coalesce(k.comments, '{}') as check_comments,
        d.description as comment"""
    rows = "x.typtype = 'd'"
    source = f"""from pg_type t join pg_type b on b.oid = t.typbasetype left join (
          select c.contypid, array_agg(array[c.conname, pg_get_constraintdef(c.oid)]::text[]
              order by c.conname) as checks,
            array_agg(array[c.conname, d.description]::text[] order by c.conname)
              filter (where d.description is not null) as comments
          from pg_constraint c {comment_on("pg_constraint", "c.oid")}
          where c.contype = 'c' and c.contypid <> 0 group by c.contypid
        ) k on k.contypid = t.oid
        {USERS_TYPE} and t.typtype = 'd' order by t.oid"""
    alterations = (
        *per_clause("ALTER DOMAIN {path}", ("SET NOT NULL", "DROP NOT NULL", "DROP DEFAULT")),
        alter("set default", "ALTER DOMAIN {path} SET DEFAULT current_user::text::{type}"),
        alter("add a check", "ALTER DOMAIN {path} ADD CHECK (now() IS NOT NULL) NOT VALID"),
        alter(
            "another type",
            "DROP DOMAIN {path}",
            'CREATE DOMAIN {path} AS varchar(7777) COLLATE "POSIX"',
        ),
        alter(
            "another collation",
            "DROP DOMAIN {path}",
            'CREATE DOMAIN {path} AS {type} COLLATE "POSIX"',
        ),
    )

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """The alterations of each check: drop, validate, rename and comment."""
        del schema
        for check in map(escape_braces, map(quote_identifier, _checks(obj))):
            altered = "ALTER DOMAIN {path}"
            yield alter("drop a check", f"{altered} DROP CONSTRAINT {check}")
            yield alter("validate a check", f"{altered} VALIDATE CONSTRAINT {check}")
            yield alter("rename a check", f"{altered} RENAME CONSTRAINT {check} TO {{new}}")
            commented = f"COMMENT ON CONSTRAINT {check} ON DOMAIN {{path}} IS {{comment_text}}"
            yield alter("comment on a check", commented)

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare domain."""
        create_sql = f"CREATE DOMAIN {obj.address.sql} AS {_based_on(obj)}"
        return [create_sql, *(_add_check(obj, *check) for check in sorted(_checks(obj).items()))]

    def summary(self, obj: SchemaObject) -> str:
        """The domain as CREATE DOMAIN writes it, without its name."""
        return " ".join([_based_on(obj), *_checks(obj).values()])

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the default and the checks; ``None`` for another base type."""
        domain = f"ALTER DOMAIN {wanted.address.sql}"
        have, want = current.attributes, wanted.attributes
        if (have["type"], have["collation"]) != (want["type"], want["collation"]):
            return None
        statements = []
        if have["default"] != want["default"]:
            default = want["default"]
            statements.append(
                f"{domain} DROP DEFAULT" if default is None else f"{domain} SET DEFAULT {default}"
            )
        if have["nullable"] != want["nullable"]:
            statements.append(f"{domain} {'DROP' if want['nullable'] else 'SET'} NOT NULL")
        return [*statements, *_changed_checks(current, wanted)]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment, owner and privileges of the domain, and for its checks."""
        on = f"ON DOMAIN {wanted.address.sql}"
        return [
            *super().set_metadata(current, wanted),
            *comments_on_parts(
                lambda check: f"CONSTRAINT {check} {on}", current, wanted, "check_comments"
            ),
        ]


def _based_on(domain: SchemaObject) -> str:
    facts = domain.attributes
    words = [str(facts["type"])]
    if facts["collation"]:
        words.append(f"COLLATE {facts['collation']}")
    if facts["default"] is not None:
        words.append(f"DEFAULT {facts['default']}")
    if not facts["nullable"]:
        words.append("NOT NULL")
    return " ".join(words)


def _checks(domain: SchemaObject) -> dict[str, str]:
    return dict(cast("tuple[tuple[str, str], ...]", domain.attributes["checks"]))


def _add_check(domain: SchemaObject, name: str, definition: str) -> str:
    constraint = f"CONSTRAINT {quote_identifier(name)} {definition}"
    return f"ALTER DOMAIN {domain.address.sql} ADD {constraint}"


def _changed_checks(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    have, want = _checks(current), _checks(wanted)
    dropped = [name for name in have if have[name] != want.get(name)]
    added = [name for name in want if want[name] != have.get(name)]
    return [
        *(
            f"ALTER DOMAIN {wanted.address.sql} DROP CONSTRAINT {quote_identifier(name)}"
            for name in dropped
        ),
        *(_add_check(wanted, name, want[name]) for name in added),
    ]
