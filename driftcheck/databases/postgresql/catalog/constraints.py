"""The constraints of tables, a kind for each sort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from driftcheck.databases.catalog import CannotBeWritten, Scope
from driftcheck.databases.mutations import (
    Alteration,
    Expectation,
    Mutation,
    alter,
    alter_cascading,
    escape_braces,
    per_clause,
)
from driftcheck.databases.postgresql.catalog.kind import (
    RELATION_KIND,
    USERS_SCHEMA,
    PostgreSQLKind,
    comment,
    comment_on,
    differing,
    name_of,
    not_in_extension,
    table_of,
)
from driftcheck.databases.postgresql.catalog.options import change_options
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

_NOT_VALID = " NOT VALID"
_VERBS = ("VALIDATE", "DROP")

_ITS_COLUMNS = """(select array_agg(a.attname::text order by a.attname) from pg_attribute a
          where a.attrelid = k.conrelid and a.attnum = any(k.conkey))"""
"""SQL: the names of the columns that the constraint ``k`` is on, whatever their order."""

_PARENT_BY_ID = "left join pg_constraint h on h.oid = nullif(k.conparentid, 0)"
_PARENT_BY_NAME = """left join (
      select i.inhrelid, p.contype, p.conname, min(p.oid::bigint)::oid as parent
      from pg_inherits i join pg_constraint p on p.conrelid = i.inhparent
      group by 1, 2, 3
    ) ih on ih.inhrelid = c.oid and ih.conname = k.conname and ih.contype = k.contype
      and k.coninhcount > 0 and (c.relispartition or not k.conislocal)
    left join pg_constraint h on h.oid = ih.parent"""


def _source(contype: str, joins: str = "", parent: str = _PARENT_BY_ID) -> str:
    """SQL: the constraints ``k`` of one sort, each with its parent ``h``.

    A foreign key to a partitioned table has one of its own to each partition: these do not count.
    """
    return f"""from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_namespace n on n.oid = c.relnamespace {joins}
        {parent} left join pg_class hc on hc.oid = h.conrelid
        left join pg_namespace hn on hn.oid = hc.relnamespace
        {comment_on("pg_constraint", "k.oid")}
        where k.contype = '{contype}'
          and (h.oid is null or h.conrelid <> k.conrelid and h.confrelid = k.confrelid)
          and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")} order by k.oid"""


class Constraint(PostgreSQLKind):
    """A constraint. https://www.postgresql.org/docs/current/catalog-pg-constraint.html."""

    models_can_declare = True
    undeclarable = frozenset(("enabled", "replica_identity"))
    depends_on_names_only = True
    keyword = "CONSTRAINT"
    renamable = True
    summary_attributes: ClassVar[tuple[str, ...]] = ("definition",)
    columns = f"""n.nspname as schema, c.relname as within, k.conname as name,
        {RELATION_KIND} as part_of, hn.nspname as from_schema, hc.relname as from_within,
        h.conname as from_name, {_ITS_COLUMNS} as stands_on,
        pg_get_constraintdef(k.oid) as definition, d.description as comment"""
    drop_sql = "ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE"
    rename_sql = "ALTER TABLE {table} RENAME CONSTRAINT {name} TO {new}"
    clauses: ClassVar[tuple[str, ...]] = ()
    """What may be added to a definition that does not say it."""
    others: ClassVar[tuple[tuple[str, str], ...]] = ()
    """What in a definition may be said otherwise, and how."""
    stood_on: ClassVar[bool] = False
    """Whether foreign keys stand on it, and go when it is made again."""

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """It may be made again with one more clause, or with another."""
        del schema
        definition = str(obj.attributes["definition"])
        recreatable = [
            (c.lower(), f"{definition} {c}") for c in self.clauses if _adds(c, definition)
        ]
        recreatable += [
            (new.lower(), definition.replace(old, new, 1))
            for old, new in self.others
            if old in definition
        ]
        make = alter_cascading if self.stood_on else alter
        for description, other in recreatable:
            added = f"ALTER TABLE {{table}} ADD CONSTRAINT {{name}} {escape_braces(other)}"
            yield make(description, self.drop_sql, added)

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that add the bare constraint."""
        definition = obj.attributes["definition"]
        return [f"ALTER TABLE {table_of(obj)} ADD CONSTRAINT {name_of(obj)} {definition}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the constraint."""
        return [f"ALTER TABLE {table_of(obj)} DROP CONSTRAINT {name_of(obj)}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that validate the constraint, where that is all."""
        have, want = str(current.attributes["definition"]), wanted.attributes["definition"]
        if differing(current, wanted) == {"definition"} and have == f"{want}{_NOT_VALID}":
            return [f"ALTER TABLE {table_of(wanted)} VALIDATE CONSTRAINT {name_of(wanted)}"]
        return None

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that give the current constraint the wanted one's name."""
        table = f"ALTER TABLE {table_of(current)}"
        return [f"{table} RENAME CONSTRAINT {name_of(current)} TO {name_of(wanted)}"]

    def designation(self, obj: SchemaObject) -> str:
        """The constraint as COMMENT ON names it."""
        return f"CONSTRAINT {name_of(obj)} ON {table_of(obj)}"


def _adds(clause: str, definition: str) -> bool:
    """Whether a clause says more; what is not enforced is not valid, and does not say so."""
    said = f"{definition} NOT VALID" if "NOT ENFORCED" in definition else definition
    return clause not in said


VALID = "i.indisvalid and i.indisready and i.indislive"
"""SQL: whether the index ``i`` serves anybody."""

_INDEX = f"""join pg_class x on x.oid = k.conindid join pg_index i on i.indexrelid = x.oid
    left join pg_tablespace s on s.oid = x.reltablespace
    {comment_on("pg_class", "x.oid", alias="xd")}"""


class IndexedConstraint(Constraint):
    """A constraint that an index implements; what counts of that index is said of it."""

    storage_parameters = ("options",)
    usual = (("valid", True),)
    columns = f"""{Constraint.columns}, x.reloptions as options, s.spcname as tablespace,
        i.indisreplident as replica_identity, {VALID} as valid, xd.description as index_comment"""
    clauses = ("DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED")
    alterations = (
        alter("fillfactor", "ALTER INDEX {index} SET (fillfactor = 77)"),
        alter("reset fillfactor", "ALTER INDEX {index} RESET (fillfactor)"),
        alter("comment on its index", "COMMENT ON INDEX {index} IS {comment_text}"),
        alter(
            "break off building its index",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = {index_text}::regclass",
        ),
        alter_cascading(
            "make it the replica identity",
            "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}",
        ),
    )
    equivalent = (
        alter("reindex", "REINDEX INDEX {index}"),
        alter("cluster", "CLUSTER {table} USING {name}"),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """And its index."""
        index = Address("", obj.address.schema, obj.address.path[-1:])
        text = quote_literal(index.sql)
        return {**super().fields(obj), "index": index.sql, "index_text": text}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that add the bare constraint and settle its index."""
        return [*super().build(obj), *index_statements(obj)]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for what is said of the constraint, and of its index."""
        statements = super().set_metadata(current, wanted)
        said = wanted.attributes["index_comment"]
        if said != current.get("index_comment"):
            statements.append(comment(f"INDEX {_index(wanted)}", said))
        return statements

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that settle the index, where that is all."""
        if "definition" in differing(current, wanted):
            return None
        return index_statements(wanted, current)


def index_statements(wanted: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for an index that is not valid, for its storage, and for its telling rows apart.

    Raises:
        CannotBeWritten: It shall not be valid.
    """
    have = current.attributes if current else {}
    want = wanted.attributes
    index = _index(wanted)
    table = Address("", *_whole(wanted)).sql
    if have.get("valid", True) and not want["valid"]:
        raise CannotBeWritten(
            f"{wanted.address} is not valid: building it has failed, or on a partitioned table has "
            f"not come to an end. By hand: REINDEX INDEX {index}, give each partition an index of "
            f"its own and ALTER INDEX {index} ATTACH PARTITION each, or drop it."
        )
    statements = [] if have.get("valid", True) else [f"REINDEX INDEX {index}"]
    statements += change_options(f"ALTER INDEX {index}", have.get("options"), want.get("options"))
    if want["tablespace"] != have.get("tablespace"):
        tablespace = quote_identifier(str(want["tablespace"] or "pg_default"))
        statements.append(f"ALTER INDEX {index} SET TABLESPACE {tablespace}")
    if want["replica_identity"] and not have.get("replica_identity"):
        using = f"USING INDEX {name_of(wanted)}"
        statements.append(f"ALTER TABLE {table} REPLICA IDENTITY {using}")
    return statements


def _index(obj: SchemaObject) -> str:
    return Address("", obj.address.schema, obj.address.path[-1:]).sql


def _whole(part: SchemaObject) -> tuple[str, tuple[str, ...]]:
    whole = part.part_of or part.address
    return whole.schema, whole.path


class PrimaryKey(IndexedConstraint):
    """A table's primary key."""

    name = "primary key"
    plural = "primary keys"
    stood_on = True
    columns = f"{IndexedConstraint.columns}, array['primary key'] as subject"
    add_sql = ()  # a table has but one
    rows = "x.contype = 'p'"
    source = _source("p", _INDEX)


class UniqueConstraint(IndexedConstraint):
    """A unique constraint; a unique index without one is an index, but about the same."""

    name = "unique constraint"
    plural = "unique constraints"
    stood_on = True
    columns = f"{IndexedConstraint.columns}, array['unique'] || {_ITS_COLUMNS} as subject"
    others = (("UNIQUE (", "UNIQUE NULLS NOT DISTINCT ("), ("NULLS NOT DISTINCT ", ""))
    rows = "x.contype = 'u'"
    source = _source("u", _INDEX)


class ExclusionConstraint(IndexedConstraint):
    """An exclusion constraint."""

    name = "exclusion constraint"
    plural = "exclusion constraints"
    rows = "x.contype = 'x'"
    source = _source("x", _INDEX)


class CheckConstraint(Constraint):
    """A check on the rows of a table; a domain's checks are its own."""

    name = "check constraint"
    plural = "check constraints"
    clauses = ("NO INHERIT", "NOT VALID", "NOT ENFORCED")
    alterations = (
        alter("validate", "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
        alter(
            "another condition",
            "ALTER TABLE {table} DROP CONSTRAINT {name}",
            "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (now() IS NOT NULL)",
        ),
    )
    rows = "x.contype = 'c'"
    source = _source("c", parent=_PARENT_BY_NAME)


_UNSAID_BY = frozenset(("validate", "inherit", "drop the comment"))


class NotNullConstraint(Constraint):
    """A not-null constraint, from PostgreSQL 18 on, that says more than its column does.

    Which name it has does not count: before 18 it had none.
    """

    name = "not-null constraint"
    plural = "not-null constraints"
    alterations = (
        alter("validate", "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
        alter_cascading("inherit", "ALTER TABLE {table} ALTER CONSTRAINT {name} INHERIT"),
    )
    clauses = ("NO INHERIT", "NOT VALID")
    add_sql = ()  # a column has but one
    models_can_declare = False
    rows = "x.contype = 'n'"
    source = _source("n", parent=_PARENT_BY_NAME).replace(
        " order by",
        " and (k.connoinherit or not k.convalidated or d.description is not null) order by",
    )

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """It is gone once it says no more than its column."""
        definition = str(obj.attributes["definition"])
        says = [clause for clause in (" NO INHERIT", _NOT_VALID) if clause in definition]
        says += ["comment"] * (obj.attributes["comment"] is not None)
        for mutation in super().mutations(obj, schema, scope):
            goes = len(says) == 1 and mutation.description in _UNSAID_BY
            yield replace(mutation, expectation=Expectation.MISSING) if goes else mutation

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that put the constraint in the place of what the column already says."""
        column = str(obj.attributes["definition"]).split(_NOT_VALID)[0].removeprefix("NOT NULL ")
        column = column.removesuffix(" NO INHERIT")
        unset = f"ALTER TABLE {table_of(obj)} ALTER COLUMN {column} DROP NOT NULL"
        return [unset, *super().build(obj)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that leave of the constraint what its column says."""
        table, definition = f"ALTER TABLE {table_of(obj)}", str(obj.attributes["definition"])
        statements = []
        if " NO INHERIT" in definition:
            statements.append(f"{table} ALTER CONSTRAINT {name_of(obj)} INHERIT")
        if definition.endswith(_NOT_VALID):  # where there are nulls, the column cannot say it
            validate, drop = (f"{table} {verb} CONSTRAINT {name_of(obj)}" for verb in _VERBS)
            body = f"BEGIN {validate}; EXCEPTION WHEN not_null_violation THEN {drop}; END"
            statements.append(f"DO {quote_literal(body)}")
        if obj.attributes["comment"] is not None:
            statements.append(comment(self.designation(obj), None))
        return statements


class ForeignKey(Constraint):
    """A foreign key, and whether the triggers that uphold it are enabled."""

    name = "foreign key"
    plural = "foreign keys"
    clauses = ("ON DELETE CASCADE", "ON UPDATE SET NULL", "MATCH FULL", "NOT VALID")
    alterations = (
        alter("validate", "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
        *per_clause(
            "ALTER TABLE {table} ALTER CONSTRAINT {name}",
            (
                "DEFERRABLE INITIALLY IMMEDIATE",
                "DEFERRABLE INITIALLY DEFERRED",
                "NOT DEFERRABLE",
                "NOT ENFORCED",
            ),
        ),
    )
    summary_attributes = ("definition", "enabled")
    columns = f"""{Constraint.columns}, coalesce(e.enabled, true) as enabled,
        array['foreign key', k.confrelid::regclass::text] || {_ITS_COLUMNS} as subject"""
    rows = "x.contype = 'f'"
    source = _source(
        "f",
        """left join (
          select tgconstraint, bool_and(tgenabled = 'O') as enabled
          from pg_trigger where tgisinternal group by tgconstraint
        ) e on e.tgconstraint = k.oid""",
    )

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """And where triggers uphold it, they may be disabled."""
        yield from super().object_alterations(obj, schema)
        if "NOT ENFORCED" not in str(obj.attributes["definition"]):
            disabled = "ALTER TABLE {table} DISABLE TRIGGER ALL"
            yield alter_cascading("disable its triggers", disabled)

    def summary(self, obj: SchemaObject) -> str:
        """The definition, and where it is not upheld, that."""
        disabled = "" if obj.attributes["enabled"] else ", its triggers disabled"
        return f"{obj.attributes['definition']}{disabled}"

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that validate the foreign key or make it again."""
        if "enabled" in differing(current, wanted):
            enabled = "ENABLE" if wanted.attributes["enabled"] else "DISABLE"
            raise CannotBeWritten(
                f"The triggers that uphold {wanted.address} have names that only their database "
                f"knows. As a superuser, by hand: find them with \\d {table_of(wanted)} and ALTER "
                f"TABLE ... {enabled} TRIGGER each, on both tables."
            )
        return super().change(current, wanted)
