"""Sequences: independent ones, and those owned by serial columns."""

from __future__ import annotations

from collections.abc import Sequence as Parts

from driftcheck.databases.mutations import alter, alter_cascading, per_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import differing
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_literal
from driftcheck.schema import SchemaObject

OWNED_SEQUENCES = """(
    select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number, d.deptype
    from pg_sequence s join pg_depend d on d.objid = s.seqrelid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjsubid > 0 and d.deptype in ('a', 'i'))"""
"""SQL: sequences and the columns that own them; deptype a for OWNED BY, i for an identity."""

_CLAUSES = (
    ("type", "AS {}"),
    ("increment", "INCREMENT BY {}"),
    ("minimum", "MINVALUE {}"),
    ("maximum", "MAXVALUE {}"),
    ("start", "START WITH {}"),
    ("cache", "CACHE {}"),
)


class Sequence(PostgreSQLKind):
    """A sequence. https://www.postgresql.org/docs/current/catalog-pg-sequence.html.

    The sequence of an identity column is an attribute of the column. The sequence of a serial
    column is a part of the table. If the statements of the column do not set OWNED BY, it is
    attached to the column.
    """

    name = "sequence"
    plural = "sequences"
    holds_data = True
    can_move = True
    models_can_declare = True
    depends_on_names_only = True
    keyword = "SEQUENCE"
    recognizable = True
    summary_attributes = (*(name for name, _ in _CLAUSES), "cycle", "owned_by")
    owner = "c.relowner"
    acl = "c.relacl"
    acl_type = "s"
    columns = """n.nspname as schema, c.relname as name,
        case when t.oid is not null then 'table' end as part_of, tn.nspname as part_of_schema,
        t.relname as part_of_name, t.oid is not null as renamable,
        format_type(s.seqtypid, null) as type, s.seqstart as start,
        s.seqincrement as increment, s.seqmin as minimum, s.seqmax as maximum,
        s.seqcache as cache, s.seqcycle as cycle, c.relpersistence = 'u' as unlogged,
        (select quote_ident(a.attname) from pg_attribute a
          where a.attrelid = o.relation and a.attnum = o.number) as owned_by,
        (select array[a.attname::text] from pg_attribute a
          where a.attrelid = o.relation and a.attnum = o.number) as stands_on,
        d.description as comment"""
    source = f"""from pg_sequence s join pg_class c on c.oid = s.seqrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join {OWNED_SEQUENCES} o on o.sequence = c.oid
        left join pg_class t on t.oid = o.relation left join pg_namespace tn
          on tn.oid = t.relnamespace
        {comment_on("pg_class", "c.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
          and {not_in_extension("pg_class", "coalesce(t.oid, 0)")}
          and o.deptype is distinct from 'i'
        order by c.oid"""
    alterations = (
        *per_clause(
            "ALTER SEQUENCE {path}",
            (
                "AS bigint",
                "AS integer",
                "INCREMENT BY 77",
                "MINVALUE -77",
                "MAXVALUE 7777",
                "START WITH 77",
                "CACHE 77",
                "CYCLE",
                "NO CYCLE",
                "SET UNLOGGED",
                "SET LOGGED",
            ),
        ),
        alter_cascading("owned by none", "ALTER SEQUENCE {path} OWNED BY NONE"),
    )
    equivalent = (
        alter("nextval", "SELECT nextval({path_text})"),
        alter("setval", "SELECT setval({path_text}, {start})"),
        alter("restart", "ALTER SEQUENCE {path} RESTART"),
    )

    def build(self, obj: SchemaObject, _parts: Parts[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare sequence, owned by no column yet."""
        unlogged = "UNLOGGED " if obj.attributes["unlogged"] else ""
        clauses = " ".join(_clauses(obj, set(self.summary_attributes)))
        return [f"CREATE {unlogged}SEQUENCE {obj.address.sql} {clauses}"]

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """The statement that makes a column the owner of a new sequence."""
        if current is not None or not wanted.attributes["owned_by"]:
            return []
        return [owned_by(wanted)]

    def summary(self, obj: SchemaObject) -> str:
        """The sequence as CREATE SEQUENCE writes it, without its name."""
        owned = [f"OWNED BY {_owner_of(obj)}"] if obj.attributes["owned_by"] else []
        return " ".join([*_clauses(obj, set(self.summary_attributes)), *owned])

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the sequence, and the column that owns it."""
        statements = super().alter(current, wanted)
        if current.part_of != wanted.part_of or differing(current, wanted) & {"owned_by"}:
            statements.append(owned_by(wanted))
        return statements

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that alter the sequence and keep its current value, within the new bounds."""
        changed = differing(current, wanted)
        sequence = f"ALTER SEQUENCE {wanted.address.sql}"
        statements = _moved_into(current, wanted)
        if len(statements) > 1:
            changed |= {"type", "minimum", "maximum"}
        if clauses := _clauses(wanted, changed):
            statements.append(f"{sequence} {' '.join(clauses)}")
        if "unlogged" in changed:
            logged = "UNLOGGED" if wanted.attributes["unlogged"] else "LOGGED"
            statements.append(f"{sequence} SET {logged}")
        return statements


def _moved_into(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    """Statements that move the current value into the new bounds, if these are narrower.

    ALTER SEQUENCE refuses bounds that exclude the current value. So both bounds are first
    extended, and then the nearest value within the new bounds is set.
    """
    have, want = current.attributes, wanted.attributes
    low, high = int(str(want["minimum"])), int(str(want["maximum"]))
    lowest, highest = int(str(have["minimum"])), int(str(have["maximum"]))
    if low <= lowest and high >= highest:
        return []
    sequence = wanted.address.sql
    statements = []
    if low > highest or high < lowest:
        bounds = f"MINVALUE {min(low, lowest)} MAXVALUE {max(high, highest)}"
        statements.append(f"ALTER SEQUENCE {sequence} AS bigint {bounds}")
    nearest = f"least(greatest(last_value, {low}), {high})"
    within = f"last_value BETWEEN {low} AND {high} AND is_called"
    value = f"setval({quote_literal(sequence)}, {nearest}, {within})"
    return [*statements, f"SELECT {value} FROM {sequence}"]


def owned_by(sequence: SchemaObject) -> str:
    """The statement that makes a column the owner of a sequence."""
    return f"ALTER SEQUENCE {sequence.address.sql} OWNED BY {_owner_of(sequence)}"


def _owner_of(sequence: SchemaObject) -> str:
    """The column that owns a sequence, as OWNED BY names it."""
    column, table = sequence.attributes["owned_by"], sequence.part_of
    return f"{table.sql}.{column}" if table and column else "NONE"


def _clauses(sequence: SchemaObject, wanted: set[str]) -> list[str]:
    facts = sequence.attributes
    clauses = [clause.format(facts[name]) for name, clause in _CLAUSES if name in wanted]
    if "cycle" in wanted:
        clauses.append("CYCLE" if facts["cycle"] else "NO CYCLE")
    return clauses
