"""Publications of logical replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from driftcheck.databases.mutations import alter, per_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import name_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import comment_on, not_in_extension
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject

_TABLE = (
    "CREATE SCHEMA {new}",
    "CREATE TABLE {new}.one (id integer PRIMARY KEY, more integer)",
)


class Publication(PostgreSQLKind):
    """A publication. https://www.postgresql.org/docs/current/catalog-pg-publication.html."""

    name = "publication"
    plural = "publications"
    affects_all_others = True
    keyword = "PUBLICATION"
    printed = frozenset(("tables",))
    recognizable = True
    owner = "p.pubowner"
    columns = """'' as schema, p.pubname as name, p.puballtables as all_tables,
        array_to_string(array[case when p.pubinsert then 'insert' end,
          case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
          case when p.pubtruncate then 'truncate' end], ', ') as publish,
        p.pubviaroot as via_root,
        case to_jsonb(p) ->> 'pubgencols' when 's' then 'stored' end as generated_columns,
        coalesce(t.members, '{}') as tables, coalesce(s.members, '{}') as schemas,
        d.description as comment"""
    source = f"""from pg_publication p left join (
          select r.prpubid, array_agg(
            r.prrelid::regclass
            || case when a.columns is null then '' else ' (' || a.columns || ')' end
            || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')
            order by r.prrelid::regclass::text) as members
          from pg_publication_rel r left join lateral (
            select string_agg(quote_ident(attname), ', ' order by attnum) as columns
            from pg_attribute where attrelid = r.prrelid and attnum = any(r.prattrs)
          ) a on r.prattrs is not null
          group by r.prpubid) t on t.prpubid = p.oid
        left join (
          select pnpubid, array_agg(pnnspid::regnamespace::text order by 1) as members
          from pg_publication_namespace group by pnpubid) s on s.pnpubid = p.oid
        {comment_on("pg_publication", "p.oid")}
        where {not_in_extension("pg_publication", "p.oid")} order by p.oid"""
    alterations = (
        *per_clause(
            "ALTER PUBLICATION {name} SET",
            (
                "(publish = 'insert')",
                "(publish = 'truncate')",
                "(publish_via_partition_root = true)",
                "(publish_via_partition_root = false)",
                "(publish_generated_columns = stored)",
            ),
        ),
        *(
            alter(description, *_TABLE, f"ALTER PUBLICATION {{name}} {clause}")
            for description, clause in (
                ("add a table", "ADD TABLE {new}.one"),
                ("add columns of a table", "ADD TABLE {new}.one (id)"),
                ("add rows of a table", "ADD TABLE {new}.one WHERE (id > 7)"),
                ("other tables", "SET TABLE {new}.one"),
                ("add a schema", "ADD TABLES IN SCHEMA {new}"),
                ("other schemas", "SET TABLES IN SCHEMA {new}"),
            )
        ),
        alter(
            "toggle for all tables",
            "DROP PUBLICATION {name}",
            "CREATE PUBLICATION {name} {inverse} WITH (publish = '{publish}')",
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``inverse``: FOR ALL TABLES, if the publication is not for all tables."""
        otherwise = "" if obj.attributes["all_tables"] else "FOR ALL TABLES"
        return {**super().fields(obj), "inverse": otherwise}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare publication."""
        facts = obj.attributes
        members = ", ".join(
            [
                *(f"TABLE ONLY {table}" for table in cast("tuple[str, ...]", facts["tables"])),
                *(f"TABLES IN SCHEMA {name}" for name in cast("tuple[str, ...]", facts["schemas"])),
            ]
        )
        words = [f"CREATE PUBLICATION {name_of(obj)}"]
        if facts["all_tables"] or members:
            words.append(f"FOR {members or 'ALL TABLES'}")
        options = [f"publish = '{facts['publish']}'"]
        if facts["via_root"]:
            options.append("publish_via_partition_root = true")
        if facts["generated_columns"]:
            options.append(f"publish_generated_columns = {facts['generated_columns']}")
        return [" ".join([*words, f"WITH ({', '.join(options)})"])]

    def create_without_rights(self, obj: SchemaObject, tables: Sequence[SchemaObject]) -> list[str]:
        """Statements that create a publication with the names of all tables that it has.

        Only a superuser can create one for all tables, or for all tables of a schema. The server
        refuses an UPDATE of a published table that has no replica identity. Unlogged tables are
        not published.
        """
        facts = obj.attributes
        schemas = cast("tuple[str, ...]", facts["schemas"])
        published = [
            table.address.sql
            for table in tables
            if (facts["all_tables"] or quote_identifier(table.address.schema) in schemas)
            and not table.attributes["unlogged"]
        ]
        named = (
            text
            for text in cast("tuple[str, ...]", facts["tables"])
            if not any(f"{text} ".startswith(f"{table} ") for table in published)
        )
        members = (*named, *published)
        if not members:
            return []
        attributes = {**facts, "all_tables": False, "schemas": (), "tables": members}
        return self.build(replace(obj, attributes=attributes))
