"""Indexes. An index that implements a constraint is read with the constraint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from driftcheck.databases.mutations import Alteration, alter, alter_cascading, escape_braces
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of
from driftcheck.databases.postgresql.catalog.index_settings import (
    VALID,
    attach_index,
    becomes_replica_identity,
    index_statements,
)
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    RELATION_KIND,
    USERS_SCHEMA,
    comment_on,
    depending_on_extensions,
    not_in_extension,
)
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject, Snapshot


class Index(PostgreSQLKind):
    """An index. https://www.postgresql.org/docs/current/catalog-pg-index.html.

    The definition does not contain the names of the index and its table, so a renamed index has
    the same definition. ``valid`` is false for an index that is not valid, not ready or not live.
    ``only`` is true for an index on a partitioned table that is not valid, because partitions lack
    an index that is attached to it.
    """

    name = "index"
    plural = "indexes"
    is_evaluated = True
    attaches_heirs = True
    models_can_declare = True
    undeclarable = frozenset(("valid", "only", "replica_identity"))
    renamable = True
    is_named_in_definitions = False
    depends_on_names_only = True
    keyword = "INDEX"
    printed = frozenset(("definition",))
    summary_attributes = ("definition", "unique", "valid")
    columns = f"""n.nspname as schema, x.relname as name, {RELATION_KIND} as part_of,
        n.nspname as part_of_schema, c.relname as part_of_name, hn.nspname as from_schema,
        h.relname as from_name,
        substr(pg_get_indexdef(x.oid), length(
          'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end || 'INDEX '
          || quote_ident(x.relname) || ' ON ' || case x.relkind when 'I' then 'ONLY ' else '' end
          || c.oid::regclass || ' USING ') + 1) as definition,
        i.indisunique as unique, {VALID} as valid,
        x.relkind = 'I' and not i.indisvalid as only, a.targets as statistics,
        s.spcname as tablespace, i.indisreplident as replica_identity,
        array_remove(case when i.indisunique then 'unique' else 'index' end || (
          select array_agg(a.attname::text order by a.attname) from pg_attribute a
          where a.attrelid = c.oid and a.attnum = any((i.indkey::int2[])[:i.indnkeyatts - 1])
        ) || pg_get_expr(i.indexprs, c.oid), null) as subject,
        (select array_agg(distinct a.attname::text) from pg_depend u join pg_attribute a
            on a.attrelid = u.refobjid and a.attnum = u.refobjsubid
          where u.classid = 'pg_class'::regclass and u.objid = x.oid
            and u.refclassid = 'pg_class'::regclass and u.refobjid = c.oid and a.attnum > 0
        ) as stands_on,
        coalesce(need.extensions, '{{}}') as extensions, d.description as comment"""
    rows = "not x.indisprimary"
    source = f"""from pg_index i join pg_class x on x.oid = i.indexrelid
        join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
        left join pg_tablespace s on s.oid = x.reltablespace
        left join pg_constraint k on k.conindid = x.oid and k.contype in ('p', 'u', 'x')
        left join pg_inherits ih on ih.inhrelid = x.oid left join pg_class h on h.oid = ih.inhparent
        left join pg_namespace hn on hn.oid = h.relnamespace
        left join (  -- of an expression, the only ones that have any
          select a.attrelid, array_agg(a.attnum || ' SET STATISTICS ' || a.attstattarget
            order by a.attnum) as targets
          from pg_index e join pg_attribute a on a.attrelid = e.indexrelid
          where e.indexprs is not null and a.attstattarget >= 0
          group by a.attrelid) a on a.attrelid = x.oid
        {depending_on_extensions("pg_class", "x.oid")}
        {comment_on("pg_class", "x.oid")}
        where k.oid is null and {USERS_SCHEMA}
          and {not_in_extension("pg_class", "c.oid")}
        order by x.oid"""
    alterations = (
        alter_cascading("toggle unique", "DROP INDEX {path}", "{inverse}"),
        alter_cascading("partial", "DROP INDEX {path}", "{create} WHERE 1 = 1"),
        alter_cascading("wider predicate", "DROP INDEX {path}", "{create} OR 1 = 2"),
        alter_cascading("nulls not distinct", "DROP INDEX {path}", "{create} NULLS NOT DISTINCT"),
        alter_cascading(
            "other columns", "DROP INDEX {path}", "CREATE INDEX {name} ON {table} ((1))"
        ),
        alter("fillfactor", "ALTER INDEX {path} SET (fillfactor = 77)"),
        alter("reset fillfactor", "ALTER INDEX {path} RESET (fillfactor)"),
        alter("statistics", "ALTER INDEX {path} ALTER COLUMN 1 SET STATISTICS 777"),
        alter(
            "mark the index as invalid",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = {path_text}::regclass",
        ),
        alter_cascading(
            "replica identity",
            "ALTER TABLE {table} REPLICA IDENTITY USING INDEX {name}",
        ),
    )
    equivalent = (
        alter("reindex", "REINDEX INDEX {path}"),
        alter("cluster", "CLUSTER {table} USING {name}"),
        alter("cluster on", "ALTER TABLE {table} CLUSTER ON {name}"),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``create``, the CREATE INDEX statement, and ``inverse``, with UNIQUE toggled."""
        fields = super().fields(obj)
        words = ("", "UNIQUE ") if obj.attributes["unique"] else ("UNIQUE ", "")
        inverse, create_sql = (
            "CREATE {}INDEX {name} ON {table} USING {definition}".format(word, **fields)
            for word in words
        )
        return {**fields, "create": create_sql, "inverse": inverse}

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterator[Alteration]:
        """Add: include another column of the table."""
        parts = schema.parts.get(obj.part_of, ()) if obj.part_of else ()
        for column in (part.address.name for part in parts if part.address.kind == "column"):
            if column not in str(obj.attributes["definition"]):
                included = f"{{create}} INCLUDE ({escape_braces(quote_identifier(column))})"
                yield alter_cascading("include a column", "DROP INDEX {path}", included)
                return

    def summary(self, obj: SchemaObject) -> str:
        """The index as CREATE INDEX writes it, from the access method on."""
        facts = obj.attributes
        unique, valid = (
            "UNIQUE " if facts["unique"] else "",
            "" if facts["valid"] else ", not valid",
        )
        return f"{unique}{facts['definition']}{valid}"

    def is_created_last(self, obj: SchemaObject) -> bool:
        """Whether the index is on a partitioned table and not valid."""
        return bool(obj.attributes["only"])

    def requires_values(self, current: SchemaObject | None, wanted: SchemaObject) -> bool:
        """Whether the index becomes the replica identity of the table."""
        return becomes_replica_identity(current, wanted)

    def completed(self, current: SchemaObject, wanted: SchemaObject) -> SchemaObject:
        """The index, which is valid if it was the only one and is not any more."""
        if not current.attributes["only"] or wanted.attributes["only"]:
            return current
        return replace(current, attributes={**current.attributes, "only": False, "valid": True})

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """Whether the index is unique."""
        return bool(obj.attributes["unique"])

    def is_found_by_columns(self, obj: SchemaObject) -> bool:
        """Whether the index is unique."""
        return bool(obj.attributes["unique"])

    def attach_heir(self, obj: SchemaObject, heir: SchemaObject) -> list[str]:
        """The statement that attaches the index of a partition."""
        return attach_index(obj, heir)

    def drop_with_keys(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the index and the keys of partitions that depend on it."""
        return [f"{statement} CASCADE" for statement in self.drop(obj)]

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare index."""
        facts = obj.attributes
        unique = "UNIQUE " if facts["unique"] else ""
        table = f"{'ONLY ' * bool(facts['only'])}{obj.part_of.sql if obj.part_of else ''}"
        create_sql = f"CREATE {unique}INDEX {name_of(obj)} ON {table} USING {facts['definition']}"
        return [create_sql, *index_statements(obj), *_statistics(None, obj)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that rebuild an invalid index or change its settings.

        On a partitioned table, an index becomes valid or invalid only if it is created again.
        """
        changed = differing(current, wanted)
        is_completed = "only" in changed
        if changed & {"definition", "unique"} or is_completed:
            return None
        return [*index_statements(wanted, current), *_statistics(current, wanted)]


def _statistics(current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
    """Statements for the statistics targets of the index expressions."""
    have, want = (_targets(index) for index in (current, wanted))
    index = f"ALTER INDEX {wanted.address.sql} ALTER COLUMN"
    return [
        *(f"{index} {number} SET STATISTICS -1" for number in have if number not in want),
        *(f"{index} {n} SET STATISTICS {t}" for n, t in want.items() if have.get(n) != t),
    ]


def _targets(index: SchemaObject | None) -> dict[str, str]:
    statistics = index.attributes["statistics"] if index else None
    targets = (
        target.split(" SET STATISTICS ") for target in cast("tuple[str, ...]", statistics or ())
    )
    return dict(cast("Iterable[tuple[str, str]]", targets))
