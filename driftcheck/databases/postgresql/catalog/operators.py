"""Operators, operator classes and operator families."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from driftcheck.databases.mutations import Alteration, alter, alter_cascading, escape_braces
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Snapshot


def _operator_sql(operator: str, schema: str) -> str:
    return f"'OPERATOR(' || quote_ident({schema}.nspname) || '.' || {operator}.oprname || ')'"


class Operator(PostgreSQLKind):
    """An operator. https://www.postgresql.org/docs/current/catalog-pg-operator.html."""

    name = "operator"
    plural = "operators"
    keyword = "OPERATOR"
    is_used_implicitly = True
    owner = "o.oprowner"
    columns = f"""n.nspname as schema, o.oprname as name,
        coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE') || ', '
          || format_type(o.oprright, null) as arguments,
        array_remove(array[
          'FUNCTION = ' || o.oprcode::text,
          'LEFTARG = ' || format_type(nullif(o.oprleft, 0), null),
          'RIGHTARG = ' || format_type(o.oprright, null),
          'COMMUTATOR = ' || {_operator_sql("c", "cn")},
          'NEGATOR = ' || {_operator_sql("g", "gn")},
          'RESTRICT = ' || nullif(o.oprrest, 0)::regproc,
          'JOIN = ' || nullif(o.oprjoin, 0)::regproc,
          case when o.oprcanhash then 'HASHES' end, case when o.oprcanmerge then 'MERGES' end
        ], null) as definition, d.description as comment"""
    source = f"""from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
        left join pg_operator c on c.oid = o.oprcom
        left join pg_namespace cn on cn.oid = c.oprnamespace
        left join pg_operator g on g.oid = o.oprnegate
        left join pg_namespace gn on gn.oid = g.oprnamespace
        {comment_on("pg_operator", "o.oid")}
        where o.oprcode <> 0 and {USERS_SCHEMA} and {not_in_extension("pg_operator", "o.oid")}
        order by o.oid"""
    rename_sql = ""
    spare_name = "<~@~>"
    add_sql = ("CREATE OPERATOR {schema}.<~@~> ({signature})",)
    alterations = tuple(
        alter(f"{setting.lower()}", f"ALTER {{object}} SET ({setting})")
        for setting in ("RESTRICT = eqsel", "RESTRICT = NONE", "JOIN = eqjoinsel", "JOIN = NONE")
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``schema``, and ``signature``: the function and the argument types."""
        clauses = cast("tuple[str, ...]", obj.attributes["definition"])
        signature = (c for c in clauses if c.startswith(("FUNCTION", "LEFTARG", "RIGHTARG")))
        return {
            **super().fields(obj),
            "schema": quote_identifier(obj.address.schema),
            "signature": ", ".join(signature),
        }

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare operator."""
        definition = ", ".join(cast("tuple[str, ...]", obj.attributes["definition"]))
        return [f"CREATE OPERATOR {_operator(obj)} ({definition})"]

    def designation(self, obj: SchemaObject) -> str:
        """The operator as DROP, ALTER and COMMENT ON name it."""
        return f"OPERATOR {_operator(obj)} ({obj.address.arguments})"


def _operator(obj: SchemaObject) -> str:
    return f"{quote_identifier(obj.address.schema)}.{obj.address.name}"


def _members(of: str) -> str:
    """SQL: the operators and functions of every operator class, or of every family by itself.

    https://www.postgresql.org/docs/current/catalog-pg-amop.html
    """
    return f"""(
        select refobjid, array_agg(member order by member) as members from (
          select e.refobjid, 'OPERATOR ' || a.amopstrategy || ' ' || quote_ident(on_.nspname)
            || '.' || o.oprname || ' (' || format_type(a.amoplefttype, null) || ', '
            || format_type(a.amoprighttype, null) || ')'
            || coalesce(' FOR ORDER BY ' || quote_ident(fn.nspname)
                 || '.' || quote_ident(f.opfname), '') as member
          from pg_amop a join pg_depend e on e.classid = 'pg_amop'::regclass and e.objid = a.oid
            and e.refclassid = '{of}'::regclass and e.deptype in ('i', 'a')
          join pg_operator o on o.oid = a.amopopr
          join pg_namespace on_ on on_.oid = o.oprnamespace
          left join pg_opfamily f on f.oid = a.amopsortfamily
          left join pg_namespace fn on fn.oid = f.opfnamespace
          union all
          select e.refobjid, 'FUNCTION ' || a.amprocnum || ' ('
            || format_type(a.amproclefttype, null) || ', ' || format_type(a.amprocrighttype, null)
            || ') ' || a.amproc::oid::regprocedure
          from pg_amproc a join pg_depend e on e.classid = 'pg_amproc'::regclass
            and e.objid = a.oid and e.refclassid = '{of}'::regclass and e.deptype in ('i', 'a')
        ) m group by refobjid)"""


# The type, the number and the argument types of a member, by which DROP identifies it.
_MEMBER = re.compile(r"(OPERATOR \d+|FUNCTION \d+) (?:.* )?(\([^()]*\)).*", re.DOTALL)


class OperatorFamily(PostgreSQLKind):
    """An operator family, with the members that belong to none of its classes.

    Its name is qualified by the index method.

    https://www.postgresql.org/docs/current/catalog-pg-opfamily.html
    """

    name = "operator family"
    plural = "operator families"
    recreatable = False  # its classes would be dropped
    keyword = "OPERATOR FAMILY"
    stored = frozenset(("comment",))
    owner = "f.opfowner"
    columns = """n.nspname as schema, m.amname as within, f.opfname as name,
        coalesce(r.members, '{}') as members, d.description as comment"""
    source = f"""from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace
        join pg_am m on m.oid = f.opfmethod left join {_members("pg_opfamily")} r
          on r.refobjid = f.oid
        {comment_on("pg_opfamily", "f.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_opfamily", "f.oid")} order by f.oid"""

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Drop each member."""
        del schema
        for member in cast("tuple[str, ...]", obj.attributes["members"]):
            dropped = escape_braces(_MEMBER.sub(r"\1 \2", member))
            yield alter("drop a member", f"ALTER {{object}} DROP {dropped}")

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare family with its own members."""
        members = ", ".join(cast("tuple[str, ...]", obj.attributes["members"]))
        added = [f"ALTER {self.designation(obj)} ADD {members}"] if members else []
        return [f"CREATE {self.designation(obj)}", *added]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop and add members."""
        have, want = (
            cast("tuple[str, ...]", side.attributes["members"]) for side in (current, wanted)
        )
        gone = [_MEMBER.sub(r"\1 \2", member) for member in have if member not in want]
        new = [member for member in want if member not in have]
        family = f"ALTER {self.designation(wanted)}"
        return [
            *([f"{family} DROP {', '.join(gone)}"] if gone else ()),
            *([f"{family} ADD {', '.join(new)}"] if new else ()),
        ]

    def designation(self, obj: SchemaObject) -> str:
        """The family as CREATE, DROP, ALTER and COMMENT ON name it."""
        return f"OPERATOR FAMILY {_within_method(obj)}"


class OperatorClass(PostgreSQLKind):
    """An operator class. Its name is qualified by the index method.

    https://www.postgresql.org/docs/current/catalog-pg-opclass.html
    """

    name = "operator class"
    plural = "operator classes"
    keyword = "OPERATOR CLASS"
    owner = "c.opcowner"
    columns = """n.nspname as schema, m.amname as within, c.opcname as name,
        format_type(c.opcintype, null) as type, c.opcdefault as default,
        quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) as family,
        format_type(nullif(c.opckeytype, 0), null) as storage,
        coalesce(r.members, '{}') as members, d.description as comment"""
    source = f"""from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace
        join pg_am m on m.oid = c.opcmethod join pg_opfamily f on f.oid = c.opcfamily
        join pg_namespace fn on fn.oid = f.opfnamespace
        left join {_members("pg_opclass")} r on r.refobjid = c.oid
        {comment_on("pg_opclass", "c.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_opclass", "c.oid")} order by c.oid"""
    add_sql = ("CREATE OPERATOR CLASS {new_path} FOR TYPE {type} USING {method} AS STORAGE {type}",)
    alterations = (
        alter_cascading("toggle default", "DROP {object} CASCADE", "{inverse}"),
        alter_cascading(
            "no members",
            "DROP {object} CASCADE",
            "CREATE OPERATOR CLASS {bare} FOR TYPE {type} USING {method} FAMILY {family} "
            "AS STORAGE {type}",
        ),
        alter_cascading(
            "another type and family",
            "DROP {object} CASCADE",
            "CREATE OPERATOR CLASS {bare} FOR TYPE pg_lsn USING {method} AS STORAGE pg_lsn",
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``bare`` (the name), ``method``, and ``inverse``: created with DEFAULT toggled."""
        method, *path = obj.address.path
        default = not obj.attributes["default"]
        other = replace(obj, attributes={**obj.attributes, "default": default})
        return {
            **super().fields(obj),
            "bare": obj.address._replace(path=tuple(path)).sql,
            "method": quote_identifier(method),
            "inverse": self.build(other)[0],
        }

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare class in its family."""
        facts = obj.attributes
        default = " DEFAULT" if facts["default"] else ""
        method = quote_identifier(obj.address.path[0])
        members = list(cast("tuple[str, ...]", facts["members"]))
        if facts["storage"] or not members:
            members.append(f"STORAGE {facts['storage'] or facts['type']}")
        name = obj.address._replace(path=obj.address.path[1:]).sql
        of = f"FOR TYPE {facts['type']} USING {method} FAMILY {facts['family']}"
        return [f"CREATE OPERATOR CLASS {name}{default} {of} AS {', '.join(members)}"]

    def designation(self, obj: SchemaObject) -> str:
        """The class as DROP, ALTER and COMMENT ON name it."""
        return f"OPERATOR CLASS {_within_method(obj)}"


def _within_method(obj: SchemaObject) -> str:
    name = obj.address._replace(path=obj.address.path[1:]).sql
    return f"{name} USING {quote_identifier(obj.address.path[0])}"
