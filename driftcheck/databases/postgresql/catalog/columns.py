"""Columns of tables: types, defaults, identities, storage and other attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from driftcheck.databases.catalog import CannotBeWritten, Scope, SnapshotPair
from driftcheck.databases.mutations import Alteration, Mutation, alter, alter_cascading, per_clause
from driftcheck.databases.postgresql.catalog.computed_defaults import is_computed_again
from driftcheck.databases.postgresql.catalog.ddl_parts import comment, differing, name_of, table_of
from driftcheck.databases.postgresql.catalog.foreign_options import (
    change_foreign_options,
    foreign_options,
    foreign_options_sql,
)
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.options import change_options
from driftcheck.databases.postgresql.catalog.privileges import change_grants, grants_sql
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.databases.postgresql.catalog.sequences import OWNED_SEQUENCES
from driftcheck.quoting import quote_literal
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

_NUMBERS = frozenset(
    ("smallint", "integer", "bigint", "numeric", "real", "double precision", "money")
)
_TEXTS = frozenset(("text", "character varying", "character", "name"))
_TIMES = frozenset(("timestamp without time zone", "timestamp with time zone", "date"))
_INTEGERS = frozenset(("smallint", "integer", "bigint"))
_EXPLICIT_CASTS = frozenset(
    (
        ("boolean", "integer"),
        ("integer", "boolean"),
        ("json", "jsonb"),
        ("jsonb", "json"),
        ("jsonb", "boolean"),
        ("jsonb", "integer"),
        ("jsonb", "numeric"),
        ("integer", "bit"),
        ("bit", "integer"),
        ("bit", "bit varying"),
        ("bit varying", "bit"),
        ("cidr", "inet"),
        ("inet", "cidr"),
        ("time without time zone", "interval"),
        ("interval", "time without time zone"),
    )
)
"""Casts that are not made in an assignment, or whose result differs from a cast by way of text.
https://www.postgresql.org/docs/current/catalog-pg-cast.html"""

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
            "comment on its sequence": f"COMMENT ON SEQUENCE {_SEQUENCE} IS {{comment_text}}",
            "set its sequence unlogged": f"ALTER SEQUENCE {_SEQUENCE} SET UNLOGGED",
        }
        if scope.grants:
            templates["grant on its sequence"] = f"GRANT ALL ON SEQUENCE {_SEQUENCE} TO {{role}}"
        for description, statement in templates.items():
            filled = statement.format_map(self.fields(obj))
            yield Mutation(obj.address, description, (_on_own_sequence(obj, filled),))

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that add the bare column."""
        added = f"{_alter_table(obj)} ADD COLUMN {clause(obj)}"
        return [added, *settings(obj), *own_sequence(obj)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the column."""
        return [f"{_alter_table(obj)} DROP COLUMN {name_of(obj)}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that alter the column; ``None`` if it gets another generated value."""
        changed = differing(current, wanted)
        if _has_other_expression(current, wanted, changed):
            return None
        return [
            *_generated(current, wanted, changed),
            *_type(current, wanted, changed),
            *_nullable(wanted, changed),
            *_identity(current, wanted, changed),
            *settings(wanted, current),
            *_wrapper_options(current, wanted),
            *(own_sequence(wanted) if "serial" in changed else ()),
            *_continue_sequence(current, wanted),
        ]

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that drop the sequence of an identity column, which may hold a wanted name."""
        if wanted is None or wanted.attributes["identity"] or not current.attributes["identity"]:
            return []
        return [f"{_alter_column(current)} DROP IDENTITY"]

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """The kinds of dependent objects that the server refuses to keep for the change."""
        changed, blocked = differing(current, wanted), set()
        if "nullable" in changed and wanted.attributes["nullable"]:
            blocked.add("primary key")
        if changed & {"type", "collation"} and not _follows(current, wanted):
            blocked |= _BLOCKING_TYPE | ({"foreign key"} if _using(current, wanted) else set())
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
        return [f"{_alter_own_column(obj)} DROP DEFAULT"], remaining

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
        return self.create(nullable), _fill(obj)

    def alter_on_rows(
        self, current: SchemaObject, wanted: SchemaObject, *, has_nulls: bool
    ) -> tuple[list[str], str]:
        """Statements that change the column, with rows that have no value or another type."""
        nullable = replace(wanted, attributes={**wanted.attributes, "nullable": True})
        if _is_unrelated(current, wanted):
            return [], (
                f"Decide how the values of {wanted.address} are converted from "
                f"{current.attributes['type']} to {wanted.attributes['type']}, and run: "
                f"{_alter_column(wanted)} TYPE {wanted.attributes['type']} USING <expression>"
            )
        if not has_nulls or "nullable" not in differing(current, wanted):
            return self.alter(current, wanted), ""
        if wanted.attributes["nullable"]:
            return self.alter(current, wanted), ""
        before = self.alter(current, nullable)
        if wanted.attributes["default"] is None:
            return before, _fill(wanted)
        column, value = name_of(wanted), wanted.attributes["default"]
        filled = f"UPDATE {table_of(wanted)} SET {column} = {value} WHERE {column} IS NULL"
        return [*before, filled, *self.alter(nullable, wanted)], ""

    def summary(self, obj: SchemaObject) -> str:
        """The column as CREATE TABLE writes it, without its name."""
        return definition(obj)

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current column to the wanted name."""
        return [f"{_alter_table(current)} RENAME COLUMN {name_of(current)} TO {name_of(wanted)}"]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment and privileges of the column and its identity sequence."""
        return [*super().set_metadata(current, wanted), *_identity_sequence(current, wanted)]

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the column to the wanted ones."""
        grants = wanted.attributes["grants"]
        return change_grants(current, grants, f"TABLE {table_of(wanted)}", f" ({name_of(wanted)})")


def clause(column: SchemaObject) -> str:
    """The column as CREATE TABLE and ADD COLUMN write it."""
    options = foreign_options(column, "wrapper_options").strip()
    return f"{name_of(column)} {definition(column, options)}"


def definition(column: SchemaObject, options: str = "") -> str:
    """The column as CREATE TABLE and ADD COLUMN write it, without the name."""
    facts = column.attributes
    words = [str(facts["type"])]
    if facts["compression"]:
        words.append(f"COMPRESSION {facts['compression']}")
    if options:
        words.append(options)
    if facts["collation"]:
        words.append(f"COLLATE {facts['collation']}")
    if facts["default"] is not None:
        words.append(f"DEFAULT {facts['default']}")
    if facts["generated"]:
        words.append(f"GENERATED ALWAYS AS {_parenthesised(str(facts['generated']))}")
    if facts["identity"]:
        words.append(f"GENERATED {facts['identity']} AS IDENTITY ({_identity_options(column)})")
    if not facts["nullable"]:
        words.append("NOT NULL")
    return " ".join(words)


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
        f"{_alter_own_column(column)} DROP DEFAULT"
        if default is None
        else f"{_alter_own_column(column)} SET DEFAULT {default}"
    ]
    if not column.attributes["nullable"]:
        statements.append(f"{_alter_column(column)} SET NOT NULL")
    return [*statements, *settings(column)]


def own_sequence(column: SchemaObject) -> list[str]:
    """Statements that make a serial column the owner of the sequence in its default."""
    if not column.attributes["serial"]:
        return []
    drawn = re.fullmatch(r"nextval\('(.+)'::regclass\)", str(column.attributes["default"]))
    if drawn is None:
        return []
    sequence = drawn[1].replace("''", "'")
    return [f"ALTER SEQUENCE {sequence} OWNED BY {table_of(column)}.{name_of(column)}"]


def settings(column: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for the storage, compression, statistics target and options of a column."""
    have = current.attributes if current else {}
    want = column.attributes
    statements = []
    same_type = have.get("type") == want["type"]  # a new type resets the storage
    if want["storage"] != (have.get("storage") if same_type else None):
        storage = want["storage"] or _default_storage(str(want["type"]))
        statements.append(f"{_alter_column(column)} SET STORAGE {storage}")
    if current and want["compression"] != have.get("compression"):
        method = want["compression"] or "default"
        statements.append(f"{_alter_column(column)} SET COMPRESSION {method}")
    if want["statistics"] != have.get("statistics"):
        target = -1 if want["statistics"] is None else want["statistics"]
        statements.append(f"{_alter_column(column)} SET STATISTICS {target}")
    return statements + change_options(_alter_column(column), have.get("options"), want["options"])


def _wrapper_options(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    options = change_foreign_options(current, wanted, "wrapper_options")
    return [f"{_alter_column(wanted)} {option}" for option in options]


def _fill(column: SchemaObject) -> str:
    """What a person has to do for a column that must have values which nothing determines."""
    return (
        f"Set {column.address} in every row of {table_of(column)}, because nothing determines its "
        f"values. Then run: {_alter_column(column)} SET NOT NULL"
    )


def _has_other_expression(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> bool:
    """Whether the column has to be dropped and added to get its generated values."""
    is_own = "generated" in changed and not _follows(current, wanted)
    return is_own and wanted.attributes["generated"] is not None


def _continue_sequence(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    """Statements that let a sequence, which is new to the column, continue after its values."""
    have, want = current.attributes, wanted.attributes
    is_new = (want["identity"] and not have["identity"]) or (want["serial"] and not have["serial"])
    if not is_new or want["type"] not in _INTEGERS:
        return []
    table, name = quote_literal(table_of(wanted)), quote_literal(wanted.address.name)
    sequence = f"pg_get_serial_sequence({table}, {name})"
    descending = "INCREMENT BY -" in _identity_options(wanted)
    furthest, last, step = ("least", "min", "- 1") if descending else ("greatest", "max", "+ 1")
    after = f"coalesce({last}({name_of(wanted)}), 0)::bigint {step}"
    value = f"{furthest}({after}, nextval({sequence}))"
    return [f"SELECT setval({sequence}, {value}, false) FROM {table_of(wanted)}"]


def _generated(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    if "generated" not in changed or _follows(current, wanted):
        return []
    have, want = current.attributes["generated"], wanted.attributes["generated"]
    if want is None and str(have).endswith("STORED"):
        return [f"{_alter_column(wanted)} DROP EXPRESSION"]
    raise CannotBeWritten(
        f"PostgreSQL cannot turn the virtual generated {wanted.address} into a plain one. Add a "
        f"column, copy the values, drop the generated column, and rename the new one."
    )


def _type(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    column, want = _alter_column(wanted), wanted.attributes
    own = _alter_own_column(wanted)
    retyped = bool(changed & {"type", "collation"}) and not _follows(current, wanted)
    statements = []
    default = current.attributes["default"]
    if default is not None and (retyped or want["default"] is None):
        statements.append(f"{own} DROP DEFAULT")
        default = None
    if retyped:
        collate = f" COLLATE {want['collation']}" if want["collation"] else ""
        using = _using(current, wanted)
        statements.append(f"{column} TYPE {want['type']}{collate}{using}")
    if want["default"] != default:
        statements.append(f"{own} SET DEFAULT {want['default']}")
    return statements


def _follows(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether the column is inherited before and after, so that its parent determines its type."""
    return current.inherited_from is not None and wanted.inherited_from is not None


def _using(current: SchemaObject, wanted: SchemaObject) -> str:
    """The USING clause, if PostgreSQL does not convert the values implicitly."""
    have, want = str(current.attributes["type"]), str(wanted.attributes["type"])
    base, target = _base(have), _base(want)
    if base == target or _are_alike(base, target) or target in _TEXTS:
        return ""
    from_text = base.removesuffix("[]") in _TEXTS and base.endswith("[]") == target.endswith("[]")
    how = "::" if from_text or base in _TEXTS or (base, target) in _EXPLICIT_CASTS else "::text::"
    return f" USING {name_of(wanted)}{how}{want}"


def _are_alike(base: str, target: str) -> bool:
    """Whether PostgreSQL converts values of one type to the other in an assignment."""
    if base.endswith("[]") and target.endswith("[]"):
        return _are_alike(base[:-2], target[:-2])
    return base == target or any({base, target} <= family for family in (_NUMBERS, _TIMES))


def _is_unrelated(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether nothing is known of how values of the current type convert to the wanted type.

    Values of a type of the user convert if their text is that of a value of the other type.
    """
    base, target = (_base(str(column.attributes["type"])) for column in (current, wanted))
    built_in = not base.startswith("former ") and "." not in base + target
    return "::text::" in _using(current, wanted) and built_in


def _base(type_: str) -> str:
    """The type without its modifier: ``numeric`` for ``numeric(10,2)``."""
    return re.sub(r"\([^)]*\)", "", type_)


def _default_storage(type_: str) -> str:
    """The result of SET STORAGE DEFAULT, which servers before version 16 do not support."""
    return "MAIN" if _base(type_) in {"numeric", "inet", "cidr"} else "EXTENDED"


def _nullable(wanted: SchemaObject, changed: set[str]) -> list[str]:
    if "nullable" not in changed:
        return []
    how = "DROP" if wanted.attributes["nullable"] else "SET"
    return [f"{_alter_column(wanted)} {how} NOT NULL"]


def _identity(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    column, have, want = _alter_column(wanted), current.attributes, wanted.attributes
    if want["identity"] is None or not changed & {"identity", "identity_sequence"}:
        return []
    if have["identity"] is None:
        options = _identity_options(wanted)
        return [f"{column} ADD GENERATED {want['identity']} AS IDENTITY ({options})"]
    changes = [f"SET GENERATED {want['identity']}"] if "identity" in changed else []
    before = cast("tuple[str, ...]", have["identity_sequence"])
    after = cast("tuple[str, ...]", want["identity_sequence"])
    changes += [f"SET {option}" for option in after if option not in before]
    return [*_moved_into(wanted, before, after), f"{column} {' '.join(changes)}"]


def _moved_into(column: SchemaObject, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Statements that move the value of an identity into its new bounds, if these are narrower.

    The server refuses bounds that exclude the current value.
    """
    (lowest, highest), (low, high) = _bounds(before), _bounds(after)
    if low <= lowest and high >= highest:
        return
    if low > highest or high < lowest:
        extended = f"SET MINVALUE {min(low, lowest)} SET MAXVALUE {max(high, highest)}"
        yield f"{_alter_column(column)} {extended}"
    nearest = f"least(greatest(last_value, {low}), {high})"
    within = f"last_value BETWEEN {low} AND {high} AND is_called"
    name = f"pg_get_serial_sequence({quote_literal(table_of(column))}, "
    name += f"{quote_literal(column.address.name)})"
    query = quote_literal(f"SELECT setval(%L, {nearest}, {within}) FROM %s")
    body = f"BEGIN EXECUTE format({query}, {name}, {name}); END"
    yield f"DO {quote_literal(body)}"


def _bounds(options: Iterable[str]) -> tuple[int, int]:
    """The lowest and the highest value of an identity sequence, from its options."""
    found = dict(option.split(" ", 1) for option in options if option.startswith("M"))
    return int(found["MINVALUE"]), int(found["MAXVALUE"])


def _identity_sequence(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    """Statements for the persistence, comment and privileges of an identity sequence."""
    want = wanted.attributes
    if want["identity"] is None:
        return []
    statements = []
    if want["identity_persistence"] != current.get("identity_persistence"):
        usual = "LOGGED" if current.get("identity_persistence") == "UNLOGGED" else "UNLOGGED"
        logged = want["identity_persistence"] or usual
        statements.append(f"ALTER SEQUENCE {_SEQUENCE} SET {logged}")
    if want["identity_comment"] != current.get("identity_comment"):
        statements.append(comment(f"SEQUENCE {_SEQUENCE}", want["identity_comment"]))
    if "identity_grants" in want:
        have = current.get("identity_grants")
        statements += change_grants(have, want["identity_grants"], f"SEQUENCE {_SEQUENCE}")
    return [_on_own_sequence(wanted, statement) for statement in statements]


_SEQUENCE = "<sequence>"


def _on_own_sequence(column: SchemaObject, statement: str) -> str:
    """The statement, with the name of the column's sequence looked up at run time."""
    table, name = quote_literal(table_of(column)), quote_literal(column.address.name)
    own = f"pg_get_serial_sequence({table}, {name})"
    before, after = map(quote_literal, statement.split(_SEQUENCE, 1))
    return f"DO {quote_literal(f'BEGIN EXECUTE {before} || {own} || {after}; END')}"


def _identity_options(column: SchemaObject) -> str:
    return " ".join(cast("tuple[str, ...]", column.attributes["identity_sequence"] or ()))


def _parenthesised(generated: str) -> str:
    expression, _, how = generated.rpartition(" ")
    return f"({expression}) {how}"


def _alter_table(column: SchemaObject) -> str:
    return f"ALTER TABLE {table_of(column)}"


def _alter_own_column(column: SchemaObject) -> str:
    """ALTER COLUMN for this table only, because inheriting columns can have other settings."""
    return f"ALTER TABLE ONLY {table_of(column)} ALTER COLUMN {name_of(column)}"


def _alter_column(column: SchemaObject) -> str:
    return f"{_alter_table(column)} ALTER COLUMN {name_of(column)}"
