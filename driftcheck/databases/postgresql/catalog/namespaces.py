"""Schemas and extensions."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.databases.kind import SnapshotPair
from driftcheck.databases.mutations import alter, alter_cascading
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import PUBLIC, USERS_SCHEMA, comment_on
from driftcheck.quoting import quote_identifier
from driftcheck.schema import SchemaObject


class Schema(PostgreSQLKind):
    """A schema. https://www.postgresql.org/docs/current/catalog-pg-namespace.html."""

    name = "schema"
    plural = "schemas"
    holds_data = True
    keyword = "SCHEMA"
    owner = "n.nspowner"
    acl = "n.nspacl"
    acl_type = "n"
    columns = "'' as schema, n.nspname as name, d.description as comment"
    source = f"""from pg_namespace n {comment_on("pg_namespace", "n.oid", first=PUBLIC)}
        where {USERS_SCHEMA} order by n.oid"""

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare schema."""
        return [f"CREATE SCHEMA {name_of(obj)}"]


class Extension(PostgreSQLKind):
    """An extension. https://www.postgresql.org/docs/current/catalog-pg-extension.html.

    A different version is reported as a note. Comments on extensions are not read.
    """

    name = "extension"
    plural = "extensions"
    holds_data = True
    keyword = "EXTENSION"
    is_used_implicitly = True
    columns = "'' as schema, x.extname as name, n.nspname as in_schema, x.extversion as version"
    source = """from pg_extension x join pg_namespace n on n.oid = x.extnamespace
        where x.extname <> 'plpgsql' order by x.oid"""
    rename_sql = ""
    add_sql = ()
    alterations = (
        alter_cascading(  # the definitions of dependent objects contain the schema
            "another schema",
            "CREATE SCHEMA {new}",
            "ALTER EXTENSION {name} SET SCHEMA {new}",
        ),
    )
    equivalent = (
        alter("update", "ALTER EXTENSION {name} UPDATE"),
        alter("comment", "COMMENT ON EXTENSION {name} IS {comment_text}"),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that install the extension."""
        return [f"CREATE EXTENSION {name_of(obj)} WITH SCHEMA {_schema(obj)}"]

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, _sides: SnapshotPair
    ) -> str:
        """A different version is a note, because it depends on the server's installation."""
        if wanted is None or actual is None:
            return ""
        return "version" if differing(actual, wanted) == {"version"} else ""

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that move the extension to another schema."""
        if "in_schema" not in differing(current, wanted):
            return []
        return [f"ALTER EXTENSION {name_of(wanted)} SET SCHEMA {_schema(wanted)}"]


def _schema(extension: SchemaObject) -> str:
    return quote_identifier(str(extension.attributes["in_schema"]))
