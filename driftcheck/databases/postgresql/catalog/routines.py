"""Functions, procedures and aggregates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from driftcheck.databases.mutations import (
    Alteration,
    alter,
    alter_cascading,
    escape_braces,
    per_clause,
)
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, followed
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import change_grants
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    depending_on_extensions,
    not_in_extension,
)
from driftcheck.schema import Address, SchemaObject, Snapshot, Value


def _source(prokinds: str, joins: str = "") -> str:
    return f"""from pg_proc p join pg_namespace n on n.oid = p.pronamespace {joins}
        {depending_on_extensions("pg_proc", "p.oid")}
        {comment_on("pg_proc", "p.oid")}
        where p.prokind in ({prokinds}) and {USERS_SCHEMA}
          and {not_in_extension("pg_proc", "p.oid")}
          and p.oid not in (  -- a range type brings its constructors
            select i.objid from pg_depend i where i.refclassid = 'pg_type'::regclass
              and i.classid = 'pg_proc'::regclass and i.deptype = 'i')
        order by p.oid"""


class Routine(PostgreSQLKind):
    """The base class of routines. https://www.postgresql.org/docs/current/catalog-pg-proc.html.

    The definition does not contain the routine's name, so a renamed routine has the same one.
    """

    recognizable = True
    owner = "p.proowner"
    acl = "p.proacl"
    acl_type = "f"
    default_grants = (("PUBLIC", "EXECUTE", ""),)
    checked_by = "check_function_bodies"
    printed = frozenset(("parameters", "definition"))
    summary_attributes: ClassVar[tuple[str, ...]] = ("parameters", "returns", "definition")
    alterations = per_clause(
        "ALTER {object}",
        ("SECURITY DEFINER", "SECURITY INVOKER", "SET work_mem = '77MB'", "RESET ALL"),
    )
    equivalent: ClassVar[tuple[Alteration, ...]] = (
        alter("replace by the same definition", "{create}"),
    )
    columns = """n.nspname as schema, p.proname as name, oidvectortypes(p.proargtypes) as arguments,
        pg_get_function_arguments(p.oid) as parameters, pg_get_function_result(p.oid) as returns,
        substr(rtrim(pg_get_functiondef(p.oid), E'\\n'), length('CREATE OR REPLACE '
          || case p.prokind when 'p' then 'PROCEDURE ' else 'FUNCTION ' end
          || quote_ident(n.nspname) || '.' || quote_ident(p.proname)) + 1) as definition,
        coalesce(need.extensions, '{}') as extensions, d.description as comment"""

    def summary(self, obj: SchemaObject) -> str:
        """The routine as the server prints it."""
        name = obj.address._replace(arguments=None).sql
        return f"CREATE OR REPLACE {self.keyword} {name}{obj.attributes['definition']}"

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``create``, the CREATE statement, and ``bare``, the name without arguments."""
        bare = obj.address._replace(arguments=None).sql
        create_sql = [*self.build(obj), *self.attach(None, obj)][-1]
        return {**super().fields(obj), "create": create_sql, "bare": bare}

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Replace the body."""
        del schema
        create_sql = self.build(obj, ())[0]
        other = re.sub(r"(\$\w*\$)\Z", r" \1", create_sql)
        if other != create_sql:
            yield alter("another body", escape_braces(other))

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare routine, if need be with a body that is yet to come."""
        return [_without_parsed_body(Routine.summary(self, obj))]

    def printed_in(self, obj: SchemaObject) -> frozenset[str]:
        """Only a parsed body and the defaults of parameters are printed from expressions."""
        has_default = " DEFAULT " in str(obj.attributes["parameters"])
        return self.printed if has_default or _is_parsed(obj) else frozenset()

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that set a parsed body, after the objects that it references are created."""
        same = current is not None and "definition" not in differing(current, wanted)
        return [] if same or not _is_parsed(wanted) else [Routine.summary(self, wanted)]

    def has_late_body(self, obj: SchemaObject) -> bool:
        """Whether the body is one that the server parses, which ``attach`` sets."""
        return _is_parsed(obj)

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that empty a parsed body, because it depends on the objects it references."""
        same = wanted is not None and "definition" not in differing(current, wanted)
        if same or not _is_parsed(current):
            return []
        return [_without_parsed_body(Routine.summary(self, current))]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that replace the routine; ``None`` if its parameters have changed."""
        if differing(current, wanted) & _CALLED_BY:
            return None
        return (
            [] if _is_parsed(wanted) else [Routine.summary(self, wanted)]
        )  # ``attach`` creates it

    def followed(self, obj: SchemaObject, former: Address) -> SchemaObject | None:
        """The routine with another definition; ``None`` if it may be called with another type."""
        return followed(obj, former, *_CALLED_BY)


_CALLED_BY = frozenset(("parameters", "returns"))
_BODY = re.compile(r"\n(?:BEGIN ATOMIC\n|RETURN |(AS ))")
"""The start of a body. The server parses a body, unless the body is a string after AS."""


def _is_parsed(routine: SchemaObject) -> bool:
    body = _BODY.search(str(routine.attributes["definition"]))
    return body is not None and not body[1]


def _without_parsed_body(definition: str) -> str:
    body = _BODY.search(definition)
    if body is None or body[1]:
        return definition
    header = definition[: body.start()]
    return f"{header.replace(' LANGUAGE sql', ' LANGUAGE plpgsql', 1)}\nAS 'BEGIN END'"


class Function(Routine):
    """A function, or a window function."""

    name = "function"
    plural = "functions"
    keyword = "FUNCTION"
    rows = "x.prokind in ('f', 'w')"
    source = _source("'f', 'w'")
    alterations = (
        *Routine.alterations,
        *per_clause(
            "ALTER {object}",
            (
                "VOLATILE",
                "STABLE",
                "IMMUTABLE",
                "STRICT",
                "CALLED ON NULL INPUT",
                "PARALLEL SAFE",
                "PARALLEL RESTRICTED",
                "PARALLEL UNSAFE",
                "LEAKPROOF",
                "NOT LEAKPROOF",
                "COST 77",
                "ROWS 77",
            ),
        ),
        alter_cascading(
            "return something else",
            "DROP {object} CASCADE",
            "CREATE FUNCTION {path} RETURNS pg_lsn LANGUAGE sql AS 'SELECT NULL::pg_lsn'",
        ),
    )


class Procedure(Routine):
    """A procedure."""

    name = "procedure"
    plural = "procedures"
    keyword = "PROCEDURE"
    rows = "x.prokind = 'p'"
    source = _source("'p'")


def _modify(column: str) -> str:
    return f"""case {column} when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE'
        else 'READ_WRITE' end"""


# The parameters of CREATE AGGREGATE in the manual's order, with their SQL expressions. Parameters
# that are null are omitted.
_PARAMETERS = (
    ("SFUNC", "g.aggtransfn::text"),
    ("STYPE", "format_type(g.aggtranstype, null)"),
    ("SSPACE", "nullif(g.aggtransspace, 0)::text"),
    ("FINALFUNC", "nullif(g.aggfinalfn, 0)::regproc::text"),
    ("FINALFUNC_EXTRA", "case when g.aggfinalextra then 'TRUE' end"),
    ("FINALFUNC_MODIFY", f"case when g.aggfinalfn <> 0 then {_modify('g.aggfinalmodify')} end"),
    ("COMBINEFUNC", "nullif(g.aggcombinefn, 0)::regproc::text"),
    ("SERIALFUNC", "nullif(g.aggserialfn, 0)::regproc::text"),
    ("DESERIALFUNC", "nullif(g.aggdeserialfn, 0)::regproc::text"),
    ("INITCOND", "quote_literal(g.agginitval)"),
    ("MSFUNC", "nullif(g.aggmtransfn, 0)::regproc::text"),
    ("MINVFUNC", "nullif(g.aggminvtransfn, 0)::regproc::text"),
    ("MSTYPE", "case when g.aggmtransfn <> 0 then format_type(g.aggmtranstype, null) end"),
    ("MSSPACE", "nullif(g.aggmtransspace, 0)::text"),
    ("MFINALFUNC", "nullif(g.aggmfinalfn, 0)::regproc::text"),
    ("MFINALFUNC_EXTRA", "case when g.aggmfinalextra then 'TRUE' end"),
    ("MFINALFUNC_MODIFY", f"case when g.aggmfinalfn <> 0 then {_modify('g.aggmfinalmodify')} end"),
    ("MINITCOND", "quote_literal(g.aggminitval)"),
    ("SORTOP", "'OPERATOR(' || quote_ident(sn.nspname) || '.' || so.oprname || ')'"),
    ("PARALLEL", "case p.proparallel when 's' then 'SAFE' when 'r' then 'RESTRICTED' end"),
    ("HYPOTHETICAL", "case g.aggkind when 'h' then 'TRUE' end"),
)


class Aggregate(Routine):
    """An aggregate. https://www.postgresql.org/docs/current/catalog-pg-aggregate.html.

    The server prints no definition of aggregates, so it is built from the parameters.
    """

    grant_target = "ALL ON FUNCTION {path}"
    depends_name = "FUNCTION {path}"
    equivalent = ()
    alterations = (
        alter(
            "another sspace",
            "DROP {object}",
            "CREATE AGGREGATE {bare}({signature}) ({clauses}, SSPACE = 7777)",
        ),
    )
    name = "aggregate"
    plural = "aggregates"
    keyword = "AGGREGATE"
    summary_attributes = ("parameters", "definition")
    columns = f"""n.nspname as schema, p.proname as name,
        oidvectortypes(p.proargtypes) as arguments, pg_get_function_arguments(p.oid) as parameters,
        array_remove(array[{", ".join(f"'{name} = ' || {sql}" for name, sql in _PARAMETERS)}], null)
          as definition,
        coalesce(need.extensions, '{{}}') as extensions, d.description as comment"""
    rows = "x.prokind = 'a'"
    source = _source(
        "'a'",
        """join pg_aggregate g on g.aggfnoid = p.oid
        left join pg_operator so on so.oid = g.aggsortop
        left join pg_namespace sn on sn.oid = so.oprnamespace""",
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``signature`` and ``clauses``, as CREATE AGGREGATE writes them."""
        clauses = cast("tuple[str, ...]", obj.attributes["definition"])
        signature = obj.attributes["parameters"] or "*"
        return {**super().fields(obj), "signature": signature, "clauses": ", ".join(clauses)}

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """None: an aggregate has no body."""
        del obj, schema
        return iter(())

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare aggregate."""
        name = obj.address._replace(arguments=None).sql
        return [f"CREATE AGGREGATE {name}{self.summary(obj)}"]

    def summary(self, obj: SchemaObject) -> str:
        """The aggregate as CREATE AGGREGATE writes it, without its name."""
        facts = obj.attributes
        clauses = cast("tuple[str, ...]", facts["definition"])
        return f"({facts['parameters'] or '*'}) ({', '.join(clauses)})"

    def change(self, _current: SchemaObject, _wanted: SchemaObject) -> list[str] | None:
        """No part of an aggregate can be altered."""
        return None

    def designation(self, obj: SchemaObject) -> str:
        """The aggregate as DROP, ALTER and COMMENT ON name it."""
        return f"AGGREGATE {obj.address._replace(arguments=obj.address.arguments or '*').sql}"

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges. GRANT treats an aggregate as a function."""
        grants = wanted.attributes["grants"]
        return change_grants(current, grants, f"FUNCTION {wanted.address.sql}")
