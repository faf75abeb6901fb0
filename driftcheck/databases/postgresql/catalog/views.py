"""Views and materialized views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from driftcheck.databases.mutations import Alteration, Mutation, alter, alter_cascading
from driftcheck.databases.postgresql.catalog.column_settings import (
    COLUMN_SETTINGS,
    change_column_settings,
)
from driftcheck.databases.postgresql.catalog.ddl_parts import (
    comments_on_parts,
    differing,
    followed,
    pairs,
)
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.options import change_options, with_options
from driftcheck.databases.postgresql.catalog.privileges import change_grants
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    depending_on_extensions,
    not_in_extension,
)
from driftcheck.databases.postgresql.catalog.viewtext import unqualify
from driftcheck.databases.reading import Scope
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Value


def _source(relkind: str, joins: str = "") -> str:
    return f"""from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_tablespace s on s.oid = c.reltablespace left join pg_am m on m.oid = c.relam
        left join (
          select a.attrelid,
            array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum)
              as columns,
            array_agg(array[a.attname, t.description]::text[] order by a.attnum)
              filter (where t.description is not null) as comments,
            array_agg(array[a.attname, pg_get_expr(f.adbin, f.adrelid)]::text[] order by a.attnum)
              filter (where f.oid is not null) as defaults
          from pg_class v join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
          left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
          {comment_on("pg_class", "a.attrelid", "a.attnum", alias="t")}
          where v.relkind = '{relkind}' and not a.attisdropped group by a.attrelid
        ) a on a.attrelid = c.oid {joins}
        {comment_on("pg_class", "c.oid")}
        where c.relkind = '{relkind}' and {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")}
        order by c.oid"""


_FIRST_COLUMN = (
    "(SELECT attname FROM pg_attribute WHERE attrelid = {path_text}::regclass AND attnum = 1)"
)


def _of_first_column(statement: str) -> str:
    """SQL: a statement on the first column of a view, whose name is looked up at run time."""
    command = f"EXECUTE format('{statement}', {{path_text}}, {_FIRST_COLUMN})"
    return f"DO $driftcheck$ BEGIN {command}; END $driftcheck$"


class ViewKind(PostgreSQLKind):
    """The base class of views. https://www.postgresql.org/docs/current/catalog-pg-class.html."""

    recognizable = True
    owner = "c.relowner"
    acl = "c.relacl"
    acl_type = "r"
    summary_attributes = ("definition", "columns")
    derived = frozenset(("columns",))
    printed = frozenset(("definition", "columns", "defaults"))
    usual = (("access_method", "heap"),)
    grant_target = "ALL ON TABLE {path}"
    alterations: ClassVar[tuple[Alteration, ...]] = (
        alter_cascading(
            "rename a column",
            _of_first_column("ALTER TABLE %s RENAME COLUMN %I TO driftcheck_mutation"),
        ),
        alter(
            "comment on a column",
            _of_first_column("COMMENT ON COLUMN %s.%I IS ''driftcheck mutation''"),
        ),
    )
    columns = """n.nspname as schema, c.relname as name,
        rtrim(pg_get_viewdef(c.oid), ';') as definition,
        current_setting('server_version_num')::integer < 160000 as qualified, a.columns,
        c.reloptions as options, coalesce(a.comments, '{}') as column_comments,
        d.description as comment"""
    storage_parameters: ClassVar[tuple[str, ...]] = ("options",)

    def query(self, scope: Scope) -> str:
        """The catalog query, with privileges on columns if the scope includes grants."""
        query = super().query(scope)
        return query.replace("select ", f"select {_COLUMN_GRANTS}, ", 1) if scope.grants else query

    def _metadata_mutations(self, obj: SchemaObject, scope: Scope) -> Iterator[Mutation]:
        """Add the mutation of privileges on a column."""
        yield from super()._metadata_mutations(obj, scope)
        if scope.grants:
            granted = _of_first_column("GRANT SELECT (%2$I) ON %1$s TO {role}")
            yield self._mutation(obj, alter("grant a column", granted))

    def normalize(self, attributes: dict[str, Any]) -> None:
        """Change the definition to the format of PostgreSQL 16 and later."""
        super().normalize(attributes)
        if attributes.pop("qualified"):
            attributes["definition"] = unqualify(attributes["definition"])

    def summary(self, obj: SchemaObject) -> str:
        """The query as the server prints it."""
        return str(obj.attributes["definition"])

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment, owner and privileges of the view, and for its columns."""
        view = wanted.address.sql
        return [
            *super().set_metadata(current, wanted),
            *comments_on_parts(
                lambda column: f"COLUMN {view}.{column}", current, wanted, "column_comments"
            ),
            *_column_grants(current, wanted),
        ]

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """Statements for the privileges on the view, and on the columns that a REVOKE affects."""
        statements = super().restrict(obj, defaults)
        return [*statements, *_column_grants({}, obj)] if statements else []

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the view to the wanted ones."""
        return change_grants(current, wanted.attributes["grants"], f"TABLE {wanted.address.sql}")


_COLUMN_GRANTS = """array(
        select array[a.attname, coalesce(pg_get_userbyid(nullif(g.grantee, 0)), 'PUBLIC'),
          g.privilege_type, case when g.is_grantable then 'WITH GRANT OPTION' else '' end]::text[]
        from pg_attribute a cross join aclexplode(a.attacl) g
        where a.attrelid = c.oid and a.attnum > 0 and a.attacl is not null
        order by 1) as column_grants"""


def _column_grants(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    have, want = (
        cast("tuple[tuple[str, str, str, str], ...]", attributes.get("column_grants") or ())
        for attributes in (current, wanted.attributes)
    )
    return [
        statement
        for column in sorted({grant[0] for grant in (*have, *want)})
        for statement in change_grants(
            tuple(grant[1:] for grant in have if grant[0] == column),
            tuple(grant[1:] for grant in want if grant[0] == column),
            f"TABLE {wanted.address.sql}",
            f" ({quote_identifier(column)})",
        )
    ]


class View(ViewKind):
    """A view. The rule that implements it is not read as a rule."""

    name = "view"
    plural = "views"
    keyword = "VIEW"
    columns = f"{ViewKind.columns}, coalesce(a.defaults, '{{}}') as defaults"
    rows = "x.relkind = 'v'"
    source = _source("v")
    alterations = (
        *ViewKind.alterations,
        *(
            alter(option, f"ALTER VIEW {{path}} SET ({option})", no_op_when=("options", option))
            for option in (
                "security_barrier=on",
                "security_invoker=on",
                "check_option=local",
                "check_option=cascaded",
            )
        ),
        alter(
            "reset options",
            "ALTER VIEW {path} RESET (security_barrier, security_invoker, check_option)",
        ),
        alter(
            "another query",
            "CREATE OR REPLACE VIEW {path} AS SELECT * FROM ({definition}) AS driftcheck_mutation",
        ),
        alter(
            "add a column",
            "CREATE OR REPLACE VIEW {path} AS "
            "SELECT *, 1 AS driftcheck_mutation FROM ({definition}) AS driftcheck_mutation",
        ),
        alter(
            "default of a column",
            _of_first_column("ALTER VIEW %s ALTER COLUMN %I SET DEFAULT NULL::text"),
        ),
    )
    equivalent = (
        alter(
            "create a temporary view with its name",
            "CREATE TEMPORARY VIEW {name} AS SELECT 1 AS other",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare view."""
        return [f"CREATE {_view(obj)}", *_defaults({}, obj)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that replace the view; ``None`` if existing columns change."""
        have = cast("tuple[str, ...]", current.attributes["columns"] or ())
        want = cast("tuple[str, ...]", wanted.attributes["columns"] or ())
        if want[: len(have)] != have:
            return None
        return [f"CREATE OR REPLACE {_view(wanted)}", *_defaults(current.attributes, wanted)]

    def followed(self, obj: SchemaObject, former: Address) -> SchemaObject | None:
        """The view with another query; ``None`` if its columns may have the type of that name."""
        return followed(obj, former, "columns")


def _view(view: SchemaObject) -> str:
    options = with_options(view.attributes["options"])
    return " ".join(["VIEW", view.address.sql, *options, f"AS\n{view.attributes['definition']}"])


def _defaults(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    have, want = pairs(current.get("defaults")), pairs(wanted.attributes["defaults"])
    view = f"ALTER VIEW {wanted.address.sql} ALTER COLUMN"
    return [
        *(f"{view} {quote_identifier(name)} DROP DEFAULT" for name in have if name not in want),
        *(
            f"{view} {quote_identifier(name)} SET DEFAULT {default}"
            for name, default in want.items()
            if have.get(name) != default
        ),
    ]


class MaterializedView(ViewKind):
    """A materialized view. Whether it is populated is a remark, not an attribute."""

    name = "materialized view"
    plural = "materialized views"
    is_evaluated = True
    keyword = "MATERIALIZED VIEW"
    storage_parameters = ("options", "toast_options")
    columns = f"""{ViewKind.columns}, m.amname as access_method, s.spcname as tablespace,
        (select o.reloptions from pg_class o where o.oid = c.reltoastrelid) as toast_options,
        coalesce(need.extensions, '{{}}') as extensions, {COLUMN_SETTINGS} as column_settings"""
    rows = "x.relkind = 'm'"
    source = _source("m", depending_on_extensions("pg_class", "c.oid"))
    alterations = (
        *ViewKind.alterations,
        alter("fillfactor", "ALTER MATERIALIZED VIEW {path} SET (fillfactor = 77)"),
        alter("reset fillfactor", "ALTER MATERIALIZED VIEW {path} RESET (fillfactor)"),
        alter(
            "options of its TOAST table",
            "ALTER MATERIALIZED VIEW {path} SET (toast.autovacuum_enabled = off)",
        ),
        alter(
            "statistics of a column",
            _of_first_column("ALTER MATERIALIZED VIEW %s ALTER COLUMN %I SET STATISTICS 777"),
        ),
        alter(
            "access method",
            "CREATE ACCESS METHOD {new} TYPE TABLE HANDLER heap_tableam_handler",
            "ALTER MATERIALIZED VIEW {path} SET ACCESS METHOD {new}",
        ),
        alter_cascading(
            "another query",
            "DROP MATERIALIZED VIEW {path} CASCADE",
            "CREATE MATERIALIZED VIEW {path} AS "
            "SELECT * FROM ({definition}) AS driftcheck_mutation",
        ),
    )
    equivalent = (
        alter("refresh", "REFRESH MATERIALIZED VIEW {path}"),
        alter("refresh with no data", "REFRESH MATERIALIZED VIEW {path} WITH NO DATA"),
        alter("analyze", "ANALYZE {path}"),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare materialized view."""
        facts = obj.attributes
        words = [f"CREATE MATERIALIZED VIEW {obj.address.sql}"]
        if facts["access_method"] != "heap":
            words.append(f"USING {quote_identifier(str(facts['access_method']))}")
        words += with_options(facts["options"], facts["toast_options"])
        if facts["tablespace"]:
            words.append(f"TABLESPACE {quote_identifier(str(facts['tablespace']))}")
        return [" ".join([*words, f"AS\n{facts['definition']}"])]

    def set_metadata(self, current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
        """Statements for the comment, owner, privileges and column settings of the view."""
        return [*super().set_metadata(current, wanted), *change_column_settings(current, wanted)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the storage; ``None`` for another definition."""
        changed = differing(current, wanted)
        if changed & {"definition", "columns"}:
            return None
        view = f"ALTER MATERIALIZED VIEW {wanted.address.sql}"
        have, want = current.attributes, wanted.attributes
        statements = change_options(view, have["options"], want["options"])
        statements += change_options(view, have["toast_options"], want["toast_options"], "toast.")
        if "access_method" in changed:
            method = quote_identifier(str(want["access_method"]))
            statements.append(f"{view} SET ACCESS METHOD {method}")
        if "tablespace" in changed:
            tablespace = quote_identifier(str(want["tablespace"] or "pg_default"))
            statements.append(f"{view} SET TABLESPACE {tablespace}")
        return statements
