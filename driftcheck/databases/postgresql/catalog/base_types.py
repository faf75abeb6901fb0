"""Base types, which consist of functions, and the names of types that are not defined yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mutations import per_clause
from driftcheck.databases.postgresql.catalog.types import USERS_TYPE, TypeKind
from driftcheck.schema import SchemaObject


def _function(column: str) -> str:
    return f"nullif(t.{column}, 0)::regproc::text"


def _is_base_type(row: str) -> str:
    """SQL: whether a type is a base type or a shell type, and not the array type of another one.

    CREATE TYPE refuses the function of array types.
    """
    return (
        f"({row}.typtype = 'b' and {row}.typsubscript <> 'array_subscript_handler'::regproc"
        f" or not {row}.typisdefined)"
    )


# The parameters of CREATE TYPE in the manual's order, with their SQL expressions. Parameters that
# are null are omitted. https://www.postgresql.org/docs/current/sql-createtype.html
_PARAMETERS = (
    ("INPUT", "t.typinput::regproc::text"),
    ("OUTPUT", "t.typoutput::regproc::text"),
    ("RECEIVE", _function("typreceive")),
    ("SEND", _function("typsend")),
    ("TYPMOD_IN", _function("typmodin")),
    ("TYPMOD_OUT", _function("typmodout")),
    ("ANALYZE", _function("typanalyze")),
    ("SUBSCRIPT", _function("typsubscript")),
    ("INTERNALLENGTH", "case t.typlen when -1 then 'VARIABLE' else t.typlen::text end"),
    ("PASSEDBYVALUE", "case when t.typbyval then 'true' end"),
    (
        "ALIGNMENT",
        """case t.typalign when 'c' then 'char' when 's' then 'int2' when 'd' then 'double'
            else 'int4' end""",
    ),
    (
        "STORAGE",
        """case t.typstorage when 'e' then 'external' when 'x' then 'extended'
            when 'm' then 'main' else 'plain' end""",
    ),
    ("CATEGORY", "quote_literal(t.typcategory::text)"),
    ("PREFERRED", "case when t.typispreferred then 'true' end"),
    ("DEFAULT", "quote_literal(t.typdefault)"),
    ("ELEMENT", "format_type(nullif(t.typelem, 0), null)"),
    ("DELIMITER", "quote_literal(nullif(t.typdelim::text, ','))"),
    ("COLLATABLE", "case when t.typcollation <> 0 then 'true' end"),
)

_ALTERABLE = frozenset(
    ("RECEIVE", "SEND", "TYPMOD_IN", "TYPMOD_OUT", "ANALYZE", "SUBSCRIPT", "STORAGE")
)
"""The parameters that ALTER TYPE can set."""

_QUIET, _LOUD = "SET client_min_messages = warning", "RESET client_min_messages"
"""Before and after statements for which the server has notices that are no news."""


class BaseType(TypeKind):
    """A base type. https://www.postgresql.org/docs/current/catalog-pg-type.html.

    A type without a definition is a shell type: a name for the functions that will define the type.
    A base type is created as a shell type, which its functions need, and is defined after them.
    """

    name = "base type"
    plural = "base types"
    recreatable = False
    is_defined_by_functions = True
    summary_attributes = ("definition",)
    columns = f"""n.nspname as schema, t.typname as name, case when t.typisdefined then
          array_remove(array[{", ".join(f"'{name} = ' || {sql}" for name, sql in _PARAMETERS)}],
            null) else '{{}}' end as definition, d.description as comment"""
    rows = _is_base_type("x")
    source = f"""from pg_type t {USERS_TYPE} and {_is_base_type("t")} order by t.oid"""
    add_sql = ("CREATE TYPE {new_path}",)
    alterations = per_clause(
        "ALTER TYPE {path} SET",
        (
            "(STORAGE = external)",
            "(STORAGE = plain)",
            "(ANALYZE = array_typanalyze)",
            "(TYPMOD_IN = varchartypmodin)",
        ),
    )

    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create a shell type, with metadata only if the type stays a shell.

        Until ``attach`` defines the type, the server does not warn that functions use a shell type.
        """
        if _clauses(obj):
            return [_QUIET, *self.build(obj, parts)]
        return super().create(obj, parts)

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the shell type."""
        return [f"CREATE TYPE {obj.address.sql}"]

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that define a new type after its functions, with its metadata."""
        clauses = _clauses(wanted)
        is_new = current is None or not _clauses(current)
        if not is_new or not clauses:
            return []
        defined = f"CREATE TYPE {wanted.address.sql} ({', '.join(clauses)})"
        return [defined, _LOUD, *self.set_metadata({}, wanted)]

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """No statements for a shell type, because its definition replaces its privileges."""
        return [] if _clauses(obj) else super().restrict(obj, defaults)

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the type with the functions that define it."""
        dropped = f"DROP TYPE {obj.address.sql}"
        return [_QUIET, f"{dropped} CASCADE", _LOUD] if _clauses(obj) else [dropped]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the type. The server cannot rename a shell type."""
        if _clauses(current):
            return super().rename(current, wanted)
        return [*self.drop(current), *self.create(wanted)]

    def summary(self, obj: SchemaObject) -> str:
        """The parameters as CREATE TYPE writes them."""
        return ", ".join(_clauses(obj)) or "a shell type"

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that alter the type; none for a shell type, which ``attach`` defines.

        Raises:
            CannotBeWritten: ALTER TYPE cannot make the change.
        """
        have, want = (_parameters(side) for side in (current, wanted))
        changed = [name for name, _ in _PARAMETERS if have.get(name) != want.get(name)]
        if not have or not changed:
            return []
        if not _ALTERABLE.issuperset(changed):
            raise CannotBeWritten(
                f"Drop {wanted.address} with everything that uses it, and create it again: ALTER "
                f"TYPE cannot change {', '.join(changed)}. The definition is CREATE TYPE "
                f"{wanted.address.sql} ({', '.join(_clauses(wanted))})."
            )
        settings = ", ".join(f"{name} = {want.get(name, 'NONE')}" for name in changed)
        return [f"ALTER TYPE {wanted.address.sql} SET ({settings})"]


def _clauses(base_type: SchemaObject) -> tuple[str, ...]:
    return cast("tuple[str, ...]", base_type.attributes["definition"])


def _parameters(base_type: SchemaObject) -> dict[str, str]:
    pairs = (clause.partition(" = ") for clause in _clauses(base_type))
    return {name: value for name, _, value in pairs}
