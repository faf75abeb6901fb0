"""Tables, including partitioned tables, partitions and inheriting tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from driftcheck.databases.dependencies import names_in
from driftcheck.databases.kind import CannotBeWritten, SnapshotPair
from driftcheck.databases.mutations import (
    Alteration,
    alter,
    alter_cascading,
    escape_braces,
    per_clause,
)
from driftcheck.databases.postgresql.catalog import column_ddl, columns, sequences
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, with_renamed_columns
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.options import change_options, with_options
from driftcheck.databases.postgresql.catalog.partitions import follows_parent, is_of_passing_rows
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_RLS = "ROW LEVEL SECURITY"
_NEW = {"row_security": False, "row_security_forced": False, "replica_identity": "DEFAULT"}
_STORED: Mapping[str, Callable[[Value], str]] = {
    "unlogged": lambda unlogged: f"SET {'UNLOGGED' if unlogged else 'LOGGED'}",
    "access_method": lambda method: f"SET ACCESS METHOD {quote_identifier(str(method))}",
    "tablespace": lambda name: f"SET TABLESPACE {quote_identifier(str(name or 'pg_default'))}",
}


class Table(PostgreSQLKind):
    """A table. https://www.postgresql.org/docs/current/catalog-pg-class.html.

    A partition is a part of its parent table. As in pg_dump, it is created separately and attached
    at the end, which preserves the names of its indexes and constraints and the order of its
    columns. If an index is the replica identity, this is an attribute of the index.
    """

    name = "table"
    plural = "tables"
    holds_data = True
    can_move = True
    absorbs = frozenset(("column", "sequence"))
    models_can_declare = True
    undeclarable = frozenset(
        ("row_security", "row_security_forced", "replica_identity", "toast_options", "of_type")
    )
    keyword = "TABLE"
    printed = frozenset(("partition_by", "bound"))
    summary_attributes = ("partition_by", "bound", "unlogged")
    usual = (("access_method", "heap"), ("replica_identity", "DEFAULT"))
    owner = "c.relowner"
    owner_change_is_isolated = False  # the sequences of its columns follow
    acl = "c.relacl"
    acl_type = "r"
    storage_parameters = ("options", "toast_options")
    columns = """n.nspname as schema, c.relname as name,
        case when c.relispartition then 'table' end as part_of, pn.nspname as part_of_schema,
        p.relname as part_of_name,
        c.relpersistence = 'u' as unlogged, m.amname as access_method, c.reloptions as options,
        o.reloptions as toast_options, s.spcname as tablespace,
        c.relrowsecurity as row_security, c.relforcerowsecurity as row_security_forced,
        case c.relreplident when 'd' then 'DEFAULT' when 'n' then 'NOTHING' when 'f' then 'FULL'
          else 'INDEX' end as replica_identity,
        nullif(c.reloftype, 0)::regtype::text as of_type,
        case when c.relispartition then null else h.parents end as inherits,
        case c.relkind when 'p' then pg_get_partkeydef(c.oid) end as partition_by,
        pg_get_expr(c.relpartbound, c.oid) as bound, coalesce(h.detaching, false) as detaching,
        d.description as comment"""
    rows = "x.relkind in ('r', 'p')"
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
        where c.relkind in ('r', 'p') and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
        order by c.oid"""
    add_sql = ("CREATE TABLE {new_path} (LIKE {path} INCLUDING ALL)",)
    alterations = (
        *per_clause(
            "ALTER TABLE {path}",
            (
                "SET UNLOGGED",
                "SET LOGGED",
                "SET (fillfactor = 77)",
                "RESET (fillfactor)",
                "SET (toast.autovacuum_enabled = true)",
                "RESET (toast.autovacuum_enabled)",
                "ENABLE ROW LEVEL SECURITY",
                "DISABLE ROW LEVEL SECURITY",
                "FORCE ROW LEVEL SECURITY",
                "NO FORCE ROW LEVEL SECURITY",
                "NOT OF",
            ),
        ),
        *(
            alter_cascading(
                f"replica identity {how}", f"ALTER TABLE {{path}} REPLICA IDENTITY {how}"
            )
            for how in ("FULL", "NOTHING", "DEFAULT")
        ),
        alter(
            "access method",
            "CREATE ACCESS METHOD {new} TYPE TABLE HANDLER heap_tableam_handler",
            "ALTER TABLE {path} SET ACCESS METHOD {new}",
        ),
        alter("inherit", "CREATE TABLE {new_path} ()", "ALTER TABLE {path} INHERIT {new_path}"),
        alter_cascading("detach partition", "ALTER TABLE {table} DETACH PARTITION {path}"),
        alter_cascading(
            "another bound",
            "ALTER TABLE {table} DETACH PARTITION {path}",
            "ALTER TABLE {table} ATTACH PARTITION {path} DEFAULT",
            no_op_when=("bound", "DEFAULT"),
        ),
    )
    equivalent = (
        alter("analyze", "ANALYZE {path}"),
        alter("reindex", "REINDEX TABLE {path}"),
        alter("insert a row", "INSERT INTO {path} DEFAULT VALUES"),
        alter("truncate", "TRUNCATE {path} CASCADE"),
        alter(
            "create a temporary table with its name", "CREATE TEMPORARY TABLE {name} (other text)"
        ),
        alter("set without cluster", "ALTER TABLE {path} SET WITHOUT CLUSTER"),
        alter(
            "add and drop a column",
            "ALTER TABLE {path} ADD COLUMN {new} integer",
            "ALTER TABLE {path} DROP COLUMN {new}",
        ),
    )

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Add: NO INHERIT for each parent."""
        del schema
        for parent in _parents(obj):
            yield alter_cascading(
                "no inherit", f"ALTER TABLE {{path}} NO INHERIT {escape_braces(parent)}"
            )

    def build(self, obj: SchemaObject, parts: Sequence[SchemaObject]) -> list[str]:
        """Statements that create the table with its columns and the sequences that they own."""
        own = [part for part in parts if part.address.kind == "column"]
        return [
            *_owned(parts),
            _create(obj, [part for part in own if not self.creates_part(obj, part)]),
            *_of_type(obj),
            *_security(obj),
            *(
                statement
                for column in own
                for statement in columns.statements_after_create(
                    column, inherited=self.creates_part(obj, column)
                )
            ),
            *_ownership(parts),
        ]

    def summary(self, obj: SchemaObject) -> str:
        """The clauses of CREATE TABLE that distinguish the table from a plain one."""
        facts = obj.attributes
        words = ["UNLOGGED"] if facts["unlogged"] else []
        if facts["bound"]:
            words.append(f"PARTITION OF {_parent(obj)} {facts['bound']}")
        if facts["partition_by"]:
            words.append(f"PARTITION BY {facts['partition_by']}")
        return " ".join(words)

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, snapshots: SnapshotPair
    ) -> str:
        """A new partition is a note, if it follows its parent's definition; so is a dropped one."""
        if wanted is None and actual is not None and follows_parent(actual, *snapshots):
            return "partition"
        if wanted is not None and actual is None and is_of_passing_rows(wanted, *snapshots):
            return "retired"
        return ""

    def creates_part(self, parent: SchemaObject, part: SchemaObject) -> bool:
        """Inherited parts are created by the server, except in partitions."""
        return bool(parent.attributes["inherits"]) and part.inherited_from is not None

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """Partitions, if the table is partitioned in another way."""
        return frozenset(("table",) if "partition_by" in differing(current, wanted) else ())

    def check_part_change(
        self, obj: SchemaObject, current: SchemaObject, wanted: SchemaObject
    ) -> None:
        """A column of the partition key keeps its type."""
        key = str(obj.attributes["partition_by"] or "")
        named = names_in(key) if current.address.kind == "column" and key else ()
        if current.address.name in named and differing(current, wanted) & {"type", "collation"}:
            raise CannotBeWritten(
                f"PostgreSQL cannot change the type of {wanted.address}, because it is in the "
                f"partition key of {obj.address}. Create a table with another name, copy the "
                f"rows, and rename the tables."
            )

    def check_drop_of_needed(self, obj: SchemaObject, needed: SchemaObject) -> None:
        """A function, an operator class or a collation of the partition key remains."""
        key = obj.attributes["partition_by"]
        if key is not None and needed.address.name in names_in(str(key)):
            raise CannotBeWritten(
                f"PostgreSQL cannot drop {needed.address}, because it is in the partition key of "
                f"{obj.address}. Create a table with another name, copy the rows, and rename the "
                f"tables."
            )

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that detach the table from its type, and from parents that it loses."""
        is_of_another = wanted is not None and "of_type" in differing(current, wanted)
        return [*(_not_of_type(current) if is_of_another else ()), *detach(current, wanted)]

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that attach the table to its wanted parents and to its wanted type."""
        is_of_another = current is not None and "of_type" in differing(current, wanted)
        return [*attach(current, wanted), *(_of_type(wanted) if is_of_another else ())]

    def release(self, obj: SchemaObject) -> tuple[list[str], SchemaObject] | None:
        """Statements that detach the table from its type."""
        plain = replace(obj, attributes={**obj.attributes, "of_type": None})
        return (_not_of_type(obj), plain) if self.fixes_parts(obj) else None

    def fixes_parts(self, obj: SchemaObject) -> bool:
        """Whether the table has a type."""
        return obj.attributes["of_type"] is not None

    def with_parents(self, obj: SchemaObject, names: Mapping[Address, Address]) -> SchemaObject:
        """The table when its parents have other names."""
        return with_parents(super().with_parents(obj, names), names)

    def with_renamed_parts(self, obj: SchemaObject, names: Mapping[str, str]) -> SchemaObject:
        """The table with the new names of the columns in its partition key."""
        key = obj.attributes["partition_by"]
        renamed = None if key is None else with_renamed_columns(str(key), names)
        if renamed == key:
            return obj
        return replace(obj, attributes={**obj.attributes, "partition_by": renamed})

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the table and keep its rows."""
        changed = differing(current, wanted)
        if "partition_by" in changed or wanted.attributes["detaching"]:
            raise CannotBeWritten(
                f"PostgreSQL cannot change how {wanted.address} is partitioned. Create a table "
                f"with another name, copy the rows, and rename the tables."
            )
        table = f"ALTER TABLE {wanted.address.sql}"
        have, want = current.attributes, wanted.attributes
        return [
            *(f"{table} {_STORED[name](want[name])}" for name in _STORED if name in changed),
            *change_options(table, have["options"], want["options"]),
            *change_options(table, have["toast_options"], want["toast_options"], "toast."),
            *_security(wanted, current),
        ]


def _owned(parts: Sequence[SchemaObject]) -> list[str]:
    kind = sequences.Sequence()
    owned = [part for part in parts if part.address.kind == "sequence"]
    return [statement for sequence in owned for statement in kind.create(sequence)]


def _ownership(parts: Sequence[SchemaObject]) -> list[str]:
    owned = (part for part in parts if part.address.kind == "sequence")
    return [sequences.owned_by(sequence) for sequence in owned]


def _create(table: SchemaObject, own: list[SchemaObject]) -> str:
    facts = table.attributes
    words = ["CREATE UNLOGGED TABLE" if facts["unlogged"] else "CREATE TABLE", table.address.sql]
    clauses = ",\n".join(f"    {column_ddl.clause(column)}" for column in own)
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
    return [f"ALTER TABLE {table.address.sql} OF {type_}"] if type_ else []


def _not_of_type(table: SchemaObject) -> list[str]:
    return [f"ALTER TABLE {table.address.sql} NOT OF"] if table.attributes["of_type"] else []


def _security(wanted: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for row security and the replica identity."""
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


def detach(current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
    """Statements that detach a table from parents that the wanted table does not have."""
    table, have = f"ALTER TABLE {current.address.sql}", current.attributes
    if have["bound"]:
        if wanted is not None and _attached_alike(current, wanted):
            return []
        how = " FINALIZE" if have["detaching"] else ""
        return [f"ALTER TABLE {_parent(current)} DETACH PARTITION {current.address.sql}{how}"]
    kept = _kept_parents(current, wanted)
    return [f"{table} NO INHERIT {parent}" for parent in _parents(current) if parent not in kept]


def attach(current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
    """Statements that attach a table to its wanted parents."""
    table, bound = wanted.address.sql, wanted.attributes["bound"]
    if bound:
        if current is not None and _attached_alike(current, wanted):
            return []
        return [f"ALTER TABLE {_parent(wanted)} ATTACH PARTITION {table} {bound}"]
    if current is None:
        return []  # CREATE TABLE contains INHERITS
    kept = _kept_parents(current, wanted)
    return [
        f"ALTER TABLE {table} INHERIT {parent}" for parent in _parents(wanted) if parent not in kept
    ]


def with_parents(table: SchemaObject, names: Mapping[Address, Address]) -> SchemaObject:
    """A table that inherits from tables when these have other names."""
    written = {former.sql: name.sql for former, name in names.items()}
    inherits = tuple(written.get(parent, parent) for parent in _parents(table))
    if inherits == _parents(table):
        return table
    return replace(table, attributes={**table.attributes, "inherits": inherits})


def _kept_parents(current: SchemaObject, wanted: SchemaObject | None) -> tuple[str, ...]:
    """The parents that the table keeps. Each that it gets becomes its last one."""
    have, want = iter(_parents(current)), _parents(wanted)
    return tuple(itertools.takewhile(lambda parent: parent in have, want))


def _attached_alike(current: SchemaObject, wanted: SchemaObject) -> bool:
    snapshots = (
        (t.part_of, t.attributes["bound"], t.attributes["detaching"]) for t in (current, wanted)
    )
    return len(set(snapshots)) == 1


def _parent(partition: SchemaObject) -> str:
    return partition.part_of.sql if partition.part_of else ""


def _parents(table: SchemaObject | None) -> tuple[str, ...]:
    parents = table.attributes["inherits"] if table else None
    return cast("tuple[str, ...]", parents or ())
