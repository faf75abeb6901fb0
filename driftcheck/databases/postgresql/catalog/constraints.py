"""The constraints of tables, one kind for each type of constraint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from driftcheck.databases.column_lists import has_other_order
from driftcheck.databases.kind import CannotBeWritten, SnapshotPair
from driftcheck.databases.mutations import (
    Alteration,
    Expectation,
    Mutation,
    alter,
    alter_cascading,
    escape_braces,
    per_clause,
)
from driftcheck.databases.postgresql.catalog.ddl_parts import comment, differing, name_of, table_of
from driftcheck.databases.postgresql.catalog.index_settings import (
    VALID,
    attach_index,
    becomes_replica_identity,
    index_of,
    index_statements,
)
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.databases.reading import Scope
from driftcheck.quoting import quote_literal
from driftcheck.schema import SchemaObject, Snapshot, Value

_NOT_VALID = " NOT VALID"
_VERBS = ("VALIDATE", "DROP")

_ITS_COLUMNS = """(select array_agg(a.attname::text order by a.attname) from pg_attribute a
          where a.attrelid = k.conrelid and a.attnum = any(k.conkey))"""
"""SQL: the sorted names of the columns of the constraint ``k``."""

_PARENT_BY_ID = "left join pg_constraint h on h.oid = nullif(k.conparentid, 0)"
_PARENT_BY_NAME = """left join (
      select i.inhrelid, p.contype, p.conname, min(p.oid::bigint)::oid as parent
      from pg_inherits i join pg_constraint p on p.conrelid = i.inhparent
      group by 1, 2, 3
    ) ih on ih.inhrelid = c.oid and ih.conname = k.conname and ih.contype = k.contype
      and k.coninhcount > 0 and (c.relispartition or not k.conislocal)
    left join pg_constraint h on h.oid = ih.parent"""


def _source(contype: str, joins: str = "", parent: str = _PARENT_BY_ID) -> str:
    """SQL: the constraints ``k`` of one type, each with the constraint ``h`` it is inherited from.

    A foreign key to a partitioned table has internal foreign keys to each partition. They are
    excluded.
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
    is_named_in_definitions = False
    summary_attributes: ClassVar[tuple[str, ...]] = ("definition",)
    columns = f"""n.nspname as schema, c.relname as within, k.conname as name,
        {RELATION_KIND} as part_of, hn.nspname as from_schema, hc.relname as from_within,
        h.conname as from_name, {_ITS_COLUMNS} as stands_on,
        pg_get_constraintdef(k.oid) as definition, d.description as comment"""
    drop_sql = "ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE"
    rename_sql = "ALTER TABLE {table} RENAME CONSTRAINT {name} TO {new}"
    clauses: ClassVar[tuple[str, ...]] = ()
    """Clauses that mutations add to a definition."""
    replacements: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Replacements that mutations make in a definition, as (old, new)."""
    has_dependents: ClassVar[bool] = False
    """Whether foreign keys can depend on the constraint. They are dropped if it is recreated."""

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """Whether the server checks the constraint when it is added."""
        definition = str(obj.attributes["definition"])
        return not definition.endswith((_NOT_VALID, " NOT ENFORCED"))

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Recreate the constraint with an added or a replaced clause."""
        del schema
        definition = str(obj.attributes["definition"])
        recreatable = [
            (c.lower(), f"{definition} {c}") for c in self.clauses if _adds(c, definition)
        ]
        recreatable += [
            (new.lower(), definition.replace(old, new, 1))
            for old, new in self.replacements
            if old in definition
        ]
        make = alter_cascading if self.has_dependents else alter
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

    def drop_alone(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the constraint of this table, and not of those that inherit it."""
        return [f"ALTER TABLE ONLY {table_of(obj)} DROP CONSTRAINT {name_of(obj)}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that validate the constraint, if nothing else has changed."""
        have, want = str(current.attributes["definition"]), wanted.attributes["definition"]
        if differing(current, wanted) == {"definition"} and have == f"{want}{_NOT_VALID}":
            return [f"ALTER TABLE {table_of(wanted)} VALIDATE CONSTRAINT {name_of(wanted)}"]
        return None

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current constraint to the wanted name."""
        table = f"ALTER TABLE {table_of(current)}"
        return [f"{table} RENAME CONSTRAINT {name_of(current)} TO {name_of(wanted)}"]

    def is_fully_reflected(self, obj: SchemaObject) -> bool:
        """Whether the constraint is valid: reflection does not tell NOT VALID."""
        return _NOT_VALID not in str(obj.attributes["definition"])

    def is_found_by_columns(self, _obj: SchemaObject) -> bool:
        """Whether foreign keys can depend on the constraint."""
        return self.has_dependents

    def designation(self, obj: SchemaObject) -> str:
        """The constraint as COMMENT ON names it."""
        return f"CONSTRAINT {name_of(obj)} ON {table_of(obj)}"


def _adds(clause: str, definition: str) -> bool:
    """Whether a clause changes the definition. NOT ENFORCED implies NOT VALID."""
    implied = f"{definition} NOT VALID" if "NOT ENFORCED" in definition else definition
    return clause not in implied


_INDEX = f"""join pg_class x on x.oid = k.conindid join pg_index i on i.indexrelid = x.oid
    left join pg_tablespace s on s.oid = x.reltablespace
    {comment_on("pg_class", "x.oid", alias="xd")}"""


class IndexedConstraint(Constraint):
    """A constraint that is implemented by an index. It has the attributes of the index."""

    attaches_heirs = True
    queries_depend_on_part = True
    storage_parameters = ("options",)
    usual = (("valid", True),)
    columns = f"""{Constraint.columns}, x.reloptions as options, s.spcname as tablespace,
        i.indisreplident as replica_identity, {VALID} as valid, xd.description as index_comment"""
    clauses = ("DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED")
    alterations = (
        alter("fillfactor", "ALTER INDEX {index} SET (fillfactor = 77)"),
        alter("reset fillfactor", "ALTER INDEX {index} RESET (fillfactor)"),
        alter("comment on the index", "COMMENT ON INDEX {index} IS {comment_text}"),
        alter(
            "mark the index as invalid",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = {index_text}::regclass",
        ),
        alter_cascading(
            "replica identity",
            "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}",
        ),
    )
    equivalent = (
        alter("reindex", "REINDEX INDEX {index}"),
        alter("cluster", "CLUSTER {table} USING {name}"),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``index`` and ``index_text``: the index, and its name as a string literal."""
        index = index_of(obj)
        return {**super().fields(obj), "index": index, "index_text": quote_literal(index)}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that add the bare constraint and settle its index."""
        return [*super().build(obj), *index_statements(obj)]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comments on the constraint and on its index."""
        statements = super().set_metadata(current, wanted)
        index_comment = wanted.attributes["index_comment"]
        if index_comment != current.get("index_comment"):
            statements.append(comment(f"INDEX {index_of(wanted)}", index_comment))
        return statements

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, _sides: SnapshotPair
    ) -> str:
        """The same columns in another order are no other constraint, but another index."""
        if wanted is None or actual is None or differing(actual, wanted) != {"definition"}:
            return ""
        return "order" if has_other_order(wanted, actual) else ""

    def completed(self, current: SchemaObject, wanted: SchemaObject) -> SchemaObject:
        """The constraint, whose index is valid if it was not and has to be."""
        if current.attributes["valid"] or not wanted.attributes["valid"]:
            return current
        return replace(current, attributes={**current.attributes, "valid": True})

    def attach_heir(self, obj: SchemaObject, heir: SchemaObject) -> list[str]:
        """The statement that attaches the index of the constraint of a partition."""
        return attach_index(obj, heir)

    def requires_values(self, current: SchemaObject | None, wanted: SchemaObject) -> bool:
        """Whether the constraint's index becomes the replica identity of the table."""
        return becomes_replica_identity(current, wanted)

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that alter the index, if the definition of the constraint is unchanged."""
        if "definition" in differing(current, wanted):
            return None
        return index_statements(wanted, current)


class PrimaryKey(IndexedConstraint):
    """A table's primary key."""

    name = "primary key"
    plural = "primary keys"
    has_dependents = True
    columns = f"{IndexedConstraint.columns}, array['primary key'] as subject"
    add_sql = ()  # a table has only one
    rows = "x.contype = 'p'"
    source = _source("p", _INDEX)

    def requires_values(self, current: SchemaObject | None, wanted: SchemaObject) -> bool:
        """Whether the key is created, or becomes the replica identity of the table."""
        return current is None or super().requires_values(current, wanted)


class UniqueConstraint(IndexedConstraint):
    """A unique constraint. A unique index without a constraint is an index."""

    name = "unique constraint"
    plural = "unique constraints"
    has_dependents = True
    columns = f"{IndexedConstraint.columns}, array['unique'] || {_ITS_COLUMNS} as subject"
    replacements = (("UNIQUE (", "UNIQUE NULLS NOT DISTINCT ("), ("NULLS NOT DISTINCT ", ""))
    rows = "x.contype = 'u'"
    source = _source("u", _INDEX)


class ExclusionConstraint(IndexedConstraint):
    """An exclusion constraint."""

    name = "exclusion constraint"
    printed = frozenset(("definition",))
    plural = "exclusion constraints"
    is_evaluated = True
    rows = "x.contype = 'x'"
    source = _source("x", _INDEX)


class CheckConstraint(Constraint):
    """A check constraint of a table. The checks of a domain are attributes of the domain."""

    name = "check constraint"
    printed = frozenset(("definition",))
    plural = "check constraints"
    is_evaluated = True
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


_REMOVES_PROPERTY = frozenset(("validate", "inherit", "drop the comment"))


class NotNullConstraint(Constraint):
    """A not-null constraint (PostgreSQL 18) with properties that the column does not show.

    These are NO INHERIT, NOT VALID and a comment. The name does not count, because not-null
    constraints had no names before version 18.
    """

    name = "not-null constraint"
    plural = "not-null constraints"
    alterations = (
        alter("validate", "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"),
        alter_cascading("inherit", "ALTER TABLE {table} ALTER CONSTRAINT {name} INHERIT"),
    )
    clauses = ("NO INHERIT", "NOT VALID")
    add_sql = ()  # a column has only one
    models_can_declare = False
    rows = "x.contype = 'n'"
    source = _source("n", parent=_PARENT_BY_NAME).replace(
        " order by",
        " and (k.connoinherit or not k.convalidated or d.description is not null) order by",
    )

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """Expect a missing constraint if the mutation removes its only special property."""
        definition = str(obj.attributes["definition"])
        properties = [clause for clause in (" NO INHERIT", _NOT_VALID) if clause in definition]
        properties += ["comment"] * (obj.attributes["comment"] is not None)
        for mutation in super().mutations(obj, schema, scope):
            is_removed = len(properties) == 1 and mutation.description in _REMOVES_PROPERTY
            yield replace(mutation, expectation=Expectation.MISSING) if is_removed else mutation

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that replace the column's plain not-null constraint."""
        column = str(obj.attributes["definition"]).split(_NOT_VALID)[0].removeprefix("NOT NULL ")
        column = column.removesuffix(" NO INHERIT")
        unset = f"ALTER TABLE {table_of(obj)} ALTER COLUMN {column} DROP NOT NULL"
        return [unset, *super().build(obj)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that turn the constraint into a plain not-null constraint."""
        table, definition = f"ALTER TABLE {table_of(obj)}", str(obj.attributes["definition"])
        statements = []
        if " NO INHERIT" in definition:
            statements.append(f"{table} ALTER CONSTRAINT {name_of(obj)} INHERIT")
        if definition.endswith(_NOT_VALID):  # drop it if rows contain nulls
            validate, drop = (f"{table} {verb} CONSTRAINT {name_of(obj)}" for verb in _VERBS)
            body = f"BEGIN {validate}; EXCEPTION WHEN not_null_violation THEN {drop}; END"
            statements.append(f"DO {quote_literal(body)}")
        if obj.attributes["comment"] is not None:
            statements.append(comment(self.designation(obj), None))
        return statements


class ForeignKey(Constraint):
    """A foreign key, and whether its triggers are enabled."""

    name = "foreign key"
    plural = "foreign keys"
    is_needed_by_none = True
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
        """Add: disable the triggers of the foreign key, if it has any."""
        yield from super().object_alterations(obj, schema)
        if "NOT ENFORCED" not in str(obj.attributes["definition"]):
            disabled = "ALTER TABLE {table} DISABLE TRIGGER ALL"
            yield alter_cascading("disable its triggers", disabled)

    def summary(self, obj: SchemaObject) -> str:
        """The definition, and whether its triggers are disabled."""
        disabled = "" if obj.attributes["enabled"] else ", its triggers disabled"
        return f"{obj.attributes['definition']}{disabled}"

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, _snapshots: SnapshotPair
    ) -> str:
        """Another name is a note for a partition's foreign key that follows its parent's."""
        if wanted is None or actual is None or wanted.attributes != actual.attributes:
            return ""
        return "inherited" if wanted.inherited_from and actual.inherited_from else ""

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that validate the foreign key; ``None`` if it has to be created again.

        So are the triggers of a foreign key that were disabled: only a superuser can enable them,
        and rows that break the foreign key may have been written meanwhile.
        """
        if "enabled" in differing(current, wanted) and not wanted.attributes["enabled"]:
            raise CannotBeWritten(
                f"Disable the triggers of {wanted.address} as a superuser: list them with "
                f"\\d {table_of(wanted)} and run ALTER TABLE ... DISABLE TRIGGER for each of them, "
                f"on both tables. Their names differ per database."
            )
        if "enabled" in differing(current, wanted):
            return None
        return super().change(current, wanted)
