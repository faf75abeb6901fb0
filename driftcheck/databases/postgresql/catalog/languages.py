"""Procedural languages that do not belong to an extension."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.ddl_parts import name_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    FIRST_NORMAL_OID,
    comment_on,
    not_in_extension,
)
from driftcheck.schema import SchemaObject


class Language(PostgreSQLKind):
    """A language. https://www.postgresql.org/docs/current/catalog-pg-language.html."""

    name = "language"
    plural = "languages"
    keyword = "LANGUAGE"
    stored = frozenset(("comment",))
    function_names = frozenset(("handler", "inline", "validator"))
    owner = "l.lanowner"
    acl = "l.lanacl"
    acl_type = "l"
    default_grants = (("PUBLIC", "USAGE", ""),)
    columns = """'' as schema, l.lanname as name, l.lanpltrusted as trusted,
        l.lanplcallfoid::regproc::text as handler,
        nullif(l.laninline, 0)::regproc::text as inline,
        nullif(l.lanvalidator, 0)::regproc::text as validator, d.description as comment"""
    source = f"""from pg_language l {comment_on("pg_language", "l.oid")}
        where l.oid >= {FIRST_NORMAL_OID} and {not_in_extension("pg_language", "l.oid")}
        order by l.oid"""
    alterations = (
        alter("trusted", "DROP {object}", "CREATE TRUSTED {object} HANDLER {handler}"),
        alter("not trusted", "DROP {object}", "CREATE {object} HANDLER {handler}"),
        alter(
            "another handler",
            "DROP {object}",
            "CREATE {object} HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler "
            "VALIDATOR fmgr_sql_validator",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare language."""
        facts = obj.attributes
        trusted = "TRUSTED " if facts["trusted"] else ""
        words = [f"CREATE {trusted}LANGUAGE {name_of(obj)} HANDLER {facts['handler']}"]
        if facts["inline"]:
            words.append(f"INLINE {facts['inline']}")
        if facts["validator"]:
            words.append(f"VALIDATOR {facts['validator']}")
        return [" ".join(words)]
