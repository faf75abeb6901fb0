"""Tables: plain, partitioned, partitions, and those that inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from driftcheck.catalog.base import CannotBeWritten
from driftcheck.catalog.postgresql import columns, sequences
from driftcheck.catalog.postgresql.kind import (
    USERS_SCHEMA,
    PostgreSQLKind,
    comment_on,
    differing,
    no_member,
)
from driftcheck.catalog.postgresql.options import change_options, with_options
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Value

_RLS = "ROW LEVEL SECURITY"
_NEW = {"row_security": False, "row_security_forced": False, "replica_identity": "DEFAULT"}
_PARTITIONING = frozenset(("partition_by", "partition_of", "bound", "detaching"))
_STORED: Mapping[str, Callable[[Value], str]] = {
    "unlogged": lambda unlogged: f"SET {'UNLOGGED' if unlogged else 'LOGGED'}",
    "access_method": lambda method: f"SET ACCESS METHOD {quote_identifier(str(method))}",
    "tablespace": lambda name: f"SET TABLESPACE {quote_identifier(str(name or 'pg_default'))}",
}


class Table(PostgreSQLKind):
    """A table. https://www.postgresql.org/docs/current/catalog-pg-class.html.

    A partition is a part of its parent. That an index is the replica identity is said of the index.
    """

    name = "table"
    plural = "tables"
    holds_data = True
    absorbs = frozenset(("column", "sequence"))
    spoken_by_models = True
    keyword = "TABLE"
    owner = "c.relowner"
    acl = "coalesce(c.relacl, acldefault('r', c.relowner))"
    columns = """n.nspname as schema, c.relname as name,
        case when c.relispartition then 'table' end as whole, pn.nspname as whole_schema,
        p.relname as whole_name,
        c.relpersistence = 'u' as unlogged, m.amname as access_method, c.reloptions as options,
        o.reloptions as toast_options, s.spcname as tablespace,
        c.relrowsecurity as row_security, c.relforcerowsecurity as row_security_forced,
        case c.relreplident when 'd' then 'DEFAULT' when 'n' then 'NOTHING' when 'f' then 'FULL'
          else 'INDEX' end as replica_identity,
        nullif(c.reloftype, 0)::regtype::text as of_type,
        case when c.relispartition then null else h.parents end as inherits,
        case c.relkind when 'p' then pg_get_partkeydef(c.oid) end as partition_by,
        case when c.relispartition then h.parents[1] end as partition_of,
        pg_get_expr(c.relpartbound, c.oid) as bound, coalesce(h.detaching, false) as detaching,
        d.description as comment"""
    source = f"""from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_am m on m.oid = c.relam left join pg_class o on o.oid = c.reltoastrelid
        left join pg_tablespace s on s.oid = c.reltablespace
        left join (
          select inhrelid, min(inhparent) as parent, bool_or(inhdetachpending) as detaching,
            array_agg(inhparent::regclass::text order by inhseqno) as parents
          from pg_inherits join pg_class r on r.oid = inhrelid and r.relkind in ('r', 'p')
          group by inhrelid) h on h.inhrelid = c.oid
        left join pg_class p on p.oid = h.parent left join pg_namespace pn
          on pn.oid = p.relnamespace
        {comment_on("pg_class", "c.oid")}
        where c.relkind in ('r', 'p') and {USERS_SCHEMA} and {no_member("pg_class", "c.oid")}
        order by c.oid"""

    def build(self, thing: SchemaObject, parts: Sequence[SchemaObject]) -> list[str]:
        """Statements that make the table with its columns and the sequences these own."""
        own = [part for part in parts if part.address.kind == "column"]
        return [
            *_owned(parts),
            _create(thing, [part for part in own if not part.attributes["inherited"]]),
            *(_of_type(thing) if thing.attributes["of_type"] else ()),
            *_security(thing),
            *(statement for column in own for statement in columns.rest(column)),
            *_ownership(parts),
        ]

    def drop(self, thing: SchemaObject) -> list[str]:
        """Statements that drop the table; a partition that is referred to must be detached."""
        parent = thing.attributes["partition_of"]
        detached = f"ALTER TABLE {parent} DETACH PARTITION {thing.address.sql}"
        return [*([detached] if parent else ()), *super().drop(thing)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the table and keep its rows."""
        changed = differing(current, wanted)
        if changed & _PARTITIONING:
            return _reattach(current, wanted, changed)
        table = f"ALTER TABLE {wanted.address.sql}"
        have, want = current.attributes, wanted.attributes
        return [
            *(_of_type(wanted) if "of_type" in changed else ()),
            *(f"{table} {_STORED[name](want[name])}" for name in _STORED if name in changed),
            *change_options(table, have["options"], want["options"]),
            *change_options(table, have["toast_options"], want["toast_options"], "toast."),
            *_inheritance(current, wanted),
            *_security(wanted, current),
        ]


def _owned(parts: Sequence[SchemaObject]) -> list[str]:
    kind = sequences.Sequence()
    owned = [part for part in parts if part.address.kind == "sequence"]
    return [statement for sequence in owned for statement in kind.create(sequence)]


def _ownership(parts: Sequence[SchemaObject]) -> list[str]:
    return [
        f"ALTER SEQUENCE {part.address.sql} OWNED BY {part.attributes['owned_by']}"
        for part in parts
        if part.address.kind == "sequence"
    ]


def _create(table: SchemaObject, own: list[SchemaObject]) -> str:
    facts = table.attributes
    words = ["CREATE UNLOGGED TABLE" if facts["unlogged"] else "CREATE TABLE", table.address.sql]
    clauses = ",\n".join(f"    {columns.clause(column)}" for column in own)
    if facts["partition_of"]:
        words.append(f"PARTITION OF {facts['partition_of']} {facts['bound']}")
    else:
        words.append(f"(\n{clauses}\n)" if own else "()")
    if facts["inherits"]:
        words.append(f"INHERITS ({', '.join(cast('tuple[str, ...]', facts['inherits']))})")
    if facts["partition_by"]:
        words.append(f"PARTITION BY {facts['partition_by']}")
    if facts["access_method"] not in (None, "heap"):
        words.append(f"USING {quote_identifier(str(facts['access_method']))}")
    words += with_options(facts["options"], facts["toast_options"])
    if facts["tablespace"]:
        words.append(f"TABLESPACE {quote_identifier(str(facts['tablespace']))}")
    return " ".join(words)


def _of_type(table: SchemaObject) -> list[str]:
    type_ = table.attributes["of_type"]
    return [f"ALTER TABLE {table.address.sql} {f'OF {type_}' if type_ else 'NOT OF'}"]


def _security(wanted: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for row security, and for what tells a row apart in logical replication."""
    table, want = f"ALTER TABLE {wanted.address.sql}", wanted.attributes
    have = current.attributes if current else _NEW
    statements = []
    if want["row_security"] != have["row_security"]:
        statements.append(f"{table} {'ENABLE' if want['row_security'] else 'DISABLE'} {_RLS}")
    if want["row_security_forced"] != have["row_security_forced"]:
        forced = "FORCE" if want["row_security_forced"] else "NO FORCE"
        statements.append(f"{table} {forced} {_RLS}")
    identity = want["replica_identity"]
    if identity not in (have["replica_identity"], "INDEX"):
        statements.append(f"{table} REPLICA IDENTITY {identity}")
    return statements


def _inheritance(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    table = f"ALTER TABLE {wanted.address.sql}"
    have = cast("tuple[str, ...]", current.attributes["inherits"] or ())
    want = cast("tuple[str, ...]", wanted.attributes["inherits"] or ())
    return [
        *(f"{table} NO INHERIT {parent}" for parent in have if parent not in want),
        *(f"{table} INHERIT {parent}" for parent in want if parent not in have),
    ]


def _reattach(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    if "partition_by" in changed or wanted.attributes["detaching"]:
        raise CannotBeWritten(
            f"PostgreSQL cannot change how {wanted.address} is partitioned. By hand: create it "
            f"anew under another name, copy its rows, and rename."
        )
    have, want, table = current.attributes, wanted.attributes, wanted.address.sql
    statements = []
    if have["partition_of"]:
        how = " FINALIZE" if have["detaching"] else ""
        statements.append(f"ALTER TABLE {have['partition_of']} DETACH PARTITION {table}{how}")
    if want["partition_of"]:
        attached = f"ATTACH PARTITION {table} {want['bound']}"
        statements.append(f"ALTER TABLE {want['partition_of']} {attached}")
    return statements
