"""Columns of tables: types, defaults, identities, storage and other attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from driftcheck.databases.filling_by_hand import EVERY_ROW, ROWS_WITHOUT_VALUE, filling_by_hand
from driftcheck.databases.kind import SnapshotPair
from driftcheck.databases.mutations import Alteration, Mutation, alter, alter_cascading, per_clause
from driftcheck.databases.postgresql.catalog.column_changes import change_column, follows_parent
from driftcheck.databases.postgresql.catalog.column_ddl import (
    alter_column,
    alter_own_column,
    alter_table,
    clause,
    definition,
    settings,
)
from driftcheck.databases.postgresql.catalog.column_sequences import (
    SEQUENCE,
    change_identity_sequence,
    on_own_sequence,
    own_sequence,
)
from driftcheck.databases.postgresql.catalog.column_types import (
    are_comparable,
    is_unrelated,
)
from driftcheck.databases.postgresql.catalog.computed_defaults import is_computed_again
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of, table_of
from driftcheck.databases.postgresql.catalog.foreign_options import foreign_options_sql
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import change_grants, grants_sql
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.databases.postgresql.catalog.sequences import OWNED_SEQUENCES
from driftcheck.databases.reading import Scope
from driftcheck.schema import SchemaObject, Value

# SQL: the parent table from which a column is inherited.
_PARENTS = """(
    select i.inhrelid, p.attname, min(i.inhparent) as parent
    from pg_inherits i join pg_attribute p on p.attrelid = i.inhparent
    join pg_class r on r.oid = i.inhparent and r.relkind in ('r', 'p', 'f')
    group by 1, 2)"""

# SQL: the columns whose default uses a sequence that the column itself owns.
_SERIAL = f"""(
    select distinct o.relation, o.number from {OWNED_SEQUENCES} o
    join pg_depend u on u.refclassid = 'pg_class'::regclass and u.refobjid = o.sequence
      and u.classid = 'pg_attrdef'::regclass
    join pg_attrdef f on f.oid = u.objid and f.adrelid = o.relation and f.adnum = o.number
    where o.deptype = 'a')"""


_BLOCKING_TYPE = frozenset(
    (
        "view",
        "materialized view",
        "rule",
        "policy",
        "trigger",
        "function",
        "procedure",
        "publication",
        "column",
    )
)
"""The kinds of objects that the server does not convert with the type of a column."""


_TRIED = "ALTER TABLE {table} ALTER COLUMN {name}"
_TRIED_ALONE = "ALTER TABLE ONLY {table} ALTER COLUMN {name}"  # without inheriting tables


class Column(PostgreSQLKind):
    """A table's column. https://www.postgresql.org/docs/current/catalog-pg-attribute.html."""

    name = "column"
    plural = "columns"
    holds_data = True
    models_can_declare = True
    undeclarable = frozenset(("storage", "compression", "statistics", "options", "wrapper_options"))
    keyword = "COLUMN"
    printed = frozenset(("default", "generated"))
    queries_depend_on_part = True
    is_evaluated = True
    acl = "a.attacl"
    summary_attributes = (
        "type",
        "nullable",
        "default",
        "generated",
        "identity",
        "identity_sequence",
        "serial",
        "collation",
        "compression",
    )
    columns = f"""n.nspname as schema, c.relname as within, a.attname as name, a.attnum as number,
        {RELATION_KIND} as part_of, hn.nspname as from_schema, hc.relname as from_within,
        h.attname as from_name,
        format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
        case a.attgenerated when '' then pg_get_expr(f.adbin, f.adrelid) end as default,
        case a.attgenerated when 's' then pg_get_expr(f.adbin, f.adrelid) || ' STORED'
          when 'v' then pg_get_expr(f.adbin, f.adrelid) || ' VIRTUAL' end as generated,
        case when i.sequence is not null then  -- a partition draws from its parent's
          case a.attidentity when 'a' then 'ALWAYS' when 'd' then 'BY DEFAULT' end end as identity,
        case when i.sequence is not null then array[
            'START WITH ' || q.seqstart, 'INCREMENT BY ' || q.seqincrement,
            'MINVALUE ' || q.seqmin, 'MAXVALUE ' || q.seqmax, 'CACHE ' || q.seqcache,
            case when q.seqcycle then 'CYCLE' else 'NO CYCLE' end] end as identity_sequence,
        case when qc.relpersistence <> c.relpersistence then
          case qc.relpersistence when 'u' then 'UNLOGGED' else 'LOGGED' end end
          as identity_persistence, qd.description as identity_comment,
        s.relation is not null as serial,
        case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end
          as collation,
        case when a.attstorage <> t.typstorage then
          case a.attstorage when 'p' then 'PLAIN' when 'm' then 'MAIN' when 'e' then 'EXTERNAL'
            else 'EXTENDED' end end as storage,
        case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
        nullif(a.attstattarget, -1)::integer as statistics, a.attoptions as options,
        {foreign_options_sql("a.attfdwoptions")} as wrapper_options,
        d.description as comment"""
    rows = "x.relkind in ('r', 'p', 'f')"
    source = f"""from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attrelid >= {FIRST_NORMAL_OID}
        join pg_type t on t.oid = a.atttypid
        left join pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum and a.atthasdef
        left join {OWNED_SEQUENCES} i on i.relation = c.oid and i.number = a.attnum
          and i.deptype = 'i'
        left join pg_sequence q on q.seqrelid = i.sequence
        left join pg_class qc on qc.oid = i.sequence
        {comment_on("pg_class", "i.sequence", alias="qd")}
        left join {_SERIAL} s on s.relation = c.oid and s.number = a.attnum
        left join {_PARENTS} h on h.inhrelid = c.oid and h.attname = a.attname
          and a.attinhcount > 0 and (c.relispartition or not a.attislocal)
        left join pg_class hc on hc.oid = h.parent
        left join pg_namespace hn on hn.oid = hc.relnamespace
        {comment_on("pg_class", "c.oid", "a.attnum")}
        where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
          and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
        order by c.oid, a.attnum"""
    drop_sql = "ALTER TABLE {table} DROP COLUMN {name} CASCADE"
    rename_sql = "ALTER TABLE {table} RENAME COLUMN {name} TO {new}"
    add_sql = ("ALTER TABLE {table} ADD COLUMN {new} {type}",)
    grant_target = "SELECT ({name}) ON TABLE {table}"
    alterations = (
        *(
            alter_cascading(
                f"type {type_}", f"{_TRIED} TYPE {type_} USING {how}", no_op_when=("type", type_)
            )
            for type_, how in (
                ("text", "{name}::text"),
                ("bigint", "0"),
                ("character varying(7777)", "{name}::text"),
                ("numeric(33,7)", "0"),
                ("text[]", "NULL"),
            )
        ),
        alter_cascading("collation", f'{_TRIED} TYPE {{type}} COLLATE "POSIX"'),
        alter_cascading("set not null", f"{_TRIED} SET NOT NULL", no_op_when=("nullable", False)),
        alter_cascading("drop not null", f"{_TRIED} DROP NOT NULL"),
        *(
            Alteration(description, (statement,), isolated=False, needs="generated")
            for description, statement in (
                ("drop expression", f"{_TRIED} DROP EXPRESSION"),
                ("set expression", f"{_TRIED} SET EXPRESSION AS (NULL::{{type}})"),
            )
        ),
        *per_clause(
            _TRIED,
            (
                "ADD GENERATED ALWAYS AS IDENTITY",
                "ADD GENERATED BY DEFAULT AS IDENTITY",
            ),
        ),
        *per_clause(
            _TRIED,
            (
                "SET GENERATED ALWAYS",
                "SET GENERATED BY DEFAULT",
                "DROP IDENTITY",
                "SET INCREMENT BY 77",
                "SET MINVALUE -77",
                "SET MAXVALUE 7777",
                "SET START WITH 777",
                "SET CACHE 77",
                "SET CYCLE",
                "SET NO CYCLE",
            ),
            needs="identity",
        ),
        *per_clause(
            _TRIED_ALONE,
            (
                "DROP DEFAULT",
                "SET STORAGE EXTERNAL",
                "SET STORAGE MAIN",
                "SET COMPRESSION pglz",
                "SET COMPRESSION lz4",
                "SET STATISTICS 777",
                "SET (n_distinct = 77)",
                "RESET (n_distinct)",
            ),
        ),
        alter("set default", f"{_TRIED_ALONE} SET DEFAULT current_user::text::{{type}}"),
        alter(
            "options",
            "ALTER FOREIGN TABLE {table} ALTER COLUMN {name} OPTIONS (ADD driftcheck_mutation 'x')",
        ),
    )
    equivalent = (
        *per_clause(_TRIED, ("RESTART WITH 77",), needs="identity"),
        alter("update the values", "UPDATE {table} SET {name} = {name}"),
    )

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, _sides: SnapshotPair
    ) -> str:
        """Another time in a default that is computed at creation is a note."""
        if wanted is None or actual is None or differing(actual, wanted) != {"default"}:
            return ""
        return "computed" if is_computed_again(wanted, actual) else ""

    def is_fully_reflected(self, obj: SchemaObject) -> bool:
        """Whether the column owns no sequence: Alembic leaves out the default that reads it."""
        return not obj.attributes["serial"]

    def query(self, scope: Scope) -> str:
        """The catalog query, with privileges on identity sequences if the scope includes grants."""
        if not scope.grants:
            return super().query(scope)
        grants = grants_sql("qc.relacl", "qc.relowner", "s")
        own = f"case when i.sequence is not null then {grants} end as identity_grants"
        return super().query(scope).replace("select ", f"select {own}, ", 1)

    def _metadata_mutations(self, obj: SchemaObject, scope: Scope) -> Iterator[Mutation]:
        """Add the mutations of the sequence of an identity column."""
        yield from super()._metadata_mutations(obj, scope)
        if obj.attributes["identity"] is None:
            return
        templates = {
            "comment on its sequence": f"COMMENT ON SEQUENCE {SEQUENCE} IS {{comment_text}}",
            "set its sequence unlogged": f"ALTER SEQUENCE {SEQUENCE} SET UNLOGGED",
        }
        if scope.grants:
            templates["grant on its sequence"] = f"GRANT ALL ON SEQUENCE {SEQUENCE} TO {{role}}"
        for description, statement in templates.items():
            filled = statement.format_map(self.fields(obj))
            yield Mutation(obj.address, description, (on_own_sequence(obj, filled),))

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that add the bare column."""
        added = f"{alter_table(obj)} ADD COLUMN {clause(obj)}"
        return [added, *settings(obj), *own_sequence(obj)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the column."""
        return [f"{alter_table(obj)} DROP COLUMN {name_of(obj)}"]

    def drop_alone(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the column of this table, and not of those that inherit it."""
        return [f"ALTER TABLE ONLY {table_of(obj)} DROP COLUMN {name_of(obj)}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that alter the column; ``None`` if it gets another generated value."""
        return change_column(current, wanted)

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that drop the sequence of an identity column, which may hold a wanted name."""
        if wanted is None or wanted.attributes["identity"] or not current.attributes["identity"]:
            return []
        return [f"{alter_column(current)} DROP IDENTITY"]

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """The kinds of dependent objects that the server refuses to keep for the change."""
        changed, blocked = differing(current, wanted), set()
        if "nullable" in changed and wanted.attributes["nullable"]:
            blocked.add("primary key")
        if changed & {"type", "collation"} and not follows_parent(current, wanted):
            blocked |= _BLOCKING_TYPE
            blocked |= set() if are_comparable(current, wanted) else {"foreign key"}
        return frozenset(blocked)

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """Statements that grant the privileges on the column again.

        A REVOKE of a privilege on the table, which default privileges can require, also revokes
        the privilege on the columns.
        """
        applied = any(each.address.name == "TABLES" for each in defaults)
        return self.grant((), obj) if applied and obj.attributes.get("grants") else []

    def release(self, obj: SchemaObject) -> tuple[list[str], SchemaObject] | None:
        """Statements that drop the default of the column."""
        if obj.attributes["generated"] or obj.attributes["default"] is None:
            return None
        remaining = replace(obj, attributes={**obj.attributes, "default": None})
        return [f"{alter_own_column(obj)} DROP DEFAULT"], remaining

    def as_text(self, obj: SchemaObject) -> SchemaObject:
        """The column with its values as text, without its default."""
        return replace(
            obj, attributes={**obj.attributes, "type": "text", "collation": None, "default": None}
        )

    def of_replaced_type(self, obj: SchemaObject) -> SchemaObject:
        """The column with a type that differs from every other type."""
        return replace(
            obj, attributes={**obj.attributes, "type": f"former {obj.attributes['type']}"}
        )

    def create_on_rows(self, obj: SchemaObject) -> tuple[list[str], str]:
        """Statements that add the column; nullable first, if its values are not known."""
        facts = obj.attributes
        if facts["nullable"] or facts["identity"] or facts["generated"]:
            return self.create(obj), ""
        if facts["default"] is not None:
            return self.create(obj), ""
        nullable = replace(obj, attributes={**facts, "nullable": True})
        return self.create(nullable), filling_by_hand(
            obj, EVERY_ROW, table_of(obj), self.alter(nullable, obj)
        )

    def alter_on_rows(
        self, current: SchemaObject, wanted: SchemaObject, *, has_nulls: bool
    ) -> tuple[list[str], str]:
        """Statements that change the column, with rows that have no value or another type."""
        nullable = _nullable(current, wanted)
        if is_unrelated(current, wanted):
            return [], (
                f"Decide how the values of {wanted.address} are converted from "
                f"{current.attributes['type']} to {wanted.attributes['type']}, and run: "
                f"{alter_column(wanted)} TYPE {wanted.attributes['type']} USING <expression>"
            )
        if not has_nulls or "nullable" not in differing(current, wanted):
            return self.alter(current, wanted), ""
        if wanted.attributes["nullable"]:
            return self.alter(current, wanted), ""
        before = self.alter(current, nullable)
        if wanted.attributes["default"] is None:
            remaining = self.alter(nullable, wanted)
            table = table_of(wanted)
            return before, filling_by_hand(wanted, ROWS_WITHOUT_VALUE, table, remaining)
        column, value = name_of(wanted), wanted.attributes["default"]
        filled = f"UPDATE {table_of(wanted)} SET {column} = {value} WHERE {column} IS NULL"
        return [*before, filled, *self.alter(nullable, wanted)], ""

    def summary(self, obj: SchemaObject) -> str:
        """The column as CREATE TABLE writes it, without its name."""
        return definition(obj)

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current column to the wanted name."""
        return [f"{alter_table(current)} RENAME COLUMN {name_of(current)} TO {name_of(wanted)}"]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment and privileges of the column and its identity sequence."""
        return [*super().set_metadata(current, wanted), *change_identity_sequence(current, wanted)]

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the column to the wanted ones."""
        grants = wanted.attributes["grants"]
        return change_grants(current, grants, f"TABLE {table_of(wanted)}", f" ({name_of(wanted)})")


def statements_after_create(column: SchemaObject, *, inherited: bool) -> list[str]:
    """Statements that complete a column after CREATE TABLE.

    Args:
        column: The column.
        inherited: Whether CREATE TABLE has inherited the column, with the parent's settings.
    """
    own = _override_inherited(column) if inherited else settings(column)
    return [*own, *Column().set_metadata({}, column)]


def _override_inherited(column: SchemaObject) -> list[str]:
    """Statements that replace the settings that a column inherits from its parent."""
    if column.attributes["generated"]:
        return settings(column)
    default = column.attributes["default"]
    statements = [
        f"{alter_own_column(column)} DROP DEFAULT"
        if default is None
        else f"{alter_own_column(column)} SET DEFAULT {default}"
    ]
    if not column.attributes["nullable"]:
        statements.append(f"{alter_column(column)} SET NOT NULL")
    return [*statements, *settings(column)]


def _nullable(current: SchemaObject, wanted: SchemaObject) -> SchemaObject:
    """The wanted column while it may have no value. Then it cannot become an identity column."""
    facts = {**wanted.attributes, "nullable": True}
    if current.attributes["identity"] is None:
        facts |= {
            name: current.attributes.get(name) for name in facts if name.startswith("identity")
        }
    return replace(wanted, attributes=facts)
