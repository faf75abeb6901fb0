"""Collations and conversions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from driftcheck.databases.mutations import alter
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_literal
from driftcheck.schema import SchemaObject


class Collation(PostgreSQLKind):
    """A collation. https://www.postgresql.org/docs/current/catalog-pg-collation.html.

    The columns for the locale differ between versions 15, 16 and 17. ``to_jsonb`` allows a query to
    name columns that a version does not have.
    """

    name = "collation"
    plural = "collations"
    keyword = "COLLATION"
    recognizable = True
    is_type = True
    owner = "l.collowner"
    columns = """n.nspname as schema, l.collname as name, array_remove(array[
          'PROVIDER = ' || case l.collprovider when 'i' then 'icu' when 'b' then 'builtin'
            else 'libc' end,
          'LOCALE = ' || quote_literal(coalesce(to_jsonb(l) ->> 'colllocale',
            to_jsonb(l) ->> 'colliculocale')),
          'LC_COLLATE = ' || quote_literal(nullif(l.collcollate, '')),
          'LC_CTYPE = ' || quote_literal(nullif(l.collctype, '')),
          'RULES = ' || quote_literal(to_jsonb(l) ->> 'collicurules'),
          case when not l.collisdeterministic then 'DETERMINISTIC = false' end], null)
          as definition, d.description as comment"""
    source = f"""from pg_collation l join pg_namespace n on n.oid = l.collnamespace
        {comment_on("pg_collation", "l.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_collation", "l.oid")} order by l.oid"""
    alterations = (
        alter(
            "another locale",
            "DROP COLLATION {path}",
            "CREATE COLLATION {path} (provider = libc, lc_collate = 'POSIX', lc_ctype = 'C')",
        ),
        alter(
            "another provider",
            "DROP COLLATION {path}",
            "CREATE COLLATION {path} (provider = icu, locale = 'de-x-icu')",
        ),
        alter(
            "not deterministic",
            "DROP COLLATION {path}",
            "CREATE COLLATION {path} (provider = icu, locale = 'und', deterministic = false)",
        ),
    )
    equivalent = (alter("refresh version", "ALTER COLLATION {path} REFRESH VERSION"),)

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare collation."""
        definition = ", ".join(cast("tuple[str, ...]", obj.attributes["definition"]))
        return [f"CREATE COLLATION {obj.address.sql} ({definition})"]


class Conversion(PostgreSQLKind):
    """A conversion. https://www.postgresql.org/docs/current/catalog-pg-conversion.html."""

    name = "conversion"
    plural = "conversions"
    keyword = "CONVERSION"
    recognizable = True
    owner = "v.conowner"
    columns = """n.nspname as schema, v.conname as name, v.condefault as default,
        pg_encoding_to_char(v.conforencoding)::text as source,
        pg_encoding_to_char(v.contoencoding)::text as target,
        v.conproc::regproc::text as function, d.description as comment"""
    source = f"""from pg_conversion v join pg_namespace n on n.oid = v.connamespace
        {comment_on("pg_conversion", "v.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_conversion", "v.oid")} order by v.oid"""
    alterations = (
        alter("toggle default", "DROP CONVERSION {path}", "{inverse}"),
        alter(
            "other encodings",
            "DROP CONVERSION {path}",
            "CREATE CONVERSION {path} FOR 'UTF8' TO 'KOI8R' FROM utf8_to_koi8r",
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``inverse``: CREATE CONVERSION with the opposite value of DEFAULT."""
        default = not obj.attributes["default"]
        other = replace(obj, attributes={**obj.attributes, "default": default})
        return {**super().fields(obj), "inverse": self.build(other)[0]}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare conversion."""
        facts = obj.attributes
        default = "DEFAULT " if facts["default"] else ""
        source, target = (quote_literal(str(facts[name])) for name in ("source", "target"))
        pair = f"FOR {source} TO {target} FROM {facts['function']}"
        return [f"CREATE {default}CONVERSION {obj.address.sql} {pair}"]
