"""Text search: parsers, templates, dictionaries and configurations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from driftcheck.databases.mutations import Alteration, alter, per_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import differing
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.schema import SchemaObject

_OPTION = re.compile(r"""(\w+|"(?:[^"]|"")+") = (E?'(?:[^']|'')*')""")


def _with_function(keyword: str, parameter: str, arguments: str, result: str) -> Alteration:
    """Return an alteration that recreates an object with one function replaced or added.

    Args:
        keyword: The name of the function as a field: ``start``.
        parameter: A built-in function for the new one.
        arguments: The types of its arguments.
        result: The type of its result.
    """
    return alter(
        f"another {keyword}",
        "CREATE SCHEMA {new}",
        f"CREATE FUNCTION {{new}}.other({arguments}) RETURNS {result} LANGUAGE internal "
        f"AS '{parameter}'",
        "DROP {object}",
        f"CREATE {{object}} ({{without_{keyword}}}{keyword} = {{new}}.other)",
    )


class _FunctionsOfTextSearch(PostgreSQLKind):
    """The base class of parsers and templates. They consist of functions, and have no owner."""

    parameters: ClassVar[tuple[str, ...]]
    """The parameters of CREATE, which are the names of the attributes too."""

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``without_...``: the parameters of CREATE without this one, with a comma."""
        fields = super().fields(obj)
        rest = {
            f"without_{name}": "".join(f"{clause}, " for clause in _functions(obj, self, name))
            for name in self.parameters
        }
        return {**fields, **rest}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare object."""
        return [f"CREATE {self.designation(obj)} ({', '.join(_functions(obj, self))})"]


def _functions(obj: SchemaObject, kind: _FunctionsOfTextSearch, without: str = "") -> list[str]:
    return [
        f"{name} = {obj.attributes[name]}"
        for name in kind.parameters
        if obj.attributes[name] is not None and name != without
    ]


class Parser(_FunctionsOfTextSearch):
    """A parser. https://www.postgresql.org/docs/current/catalog-pg-ts-parser.html."""

    name = "text search parser"
    plural = "text search parsers"
    keyword = "TEXT SEARCH PARSER"
    recognizable = True
    parameters = ("start", "gettoken", "end", "headline", "lextypes")
    columns = """n.nspname as schema, t.prsname as name, t.prsstart::regproc::text as start,
        t.prstoken::regproc::text as gettoken, t.prsend::regproc::text as "end",
        nullif(t.prsheadline, 0)::regproc::text as headline,
        t.prslextype::regproc::text as lextypes, d.description as comment"""
    source = f"""from pg_ts_parser t join pg_namespace n on n.oid = t.prsnamespace
        {comment_on("pg_ts_parser", "t.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_ts_parser", "t.oid")} order by t.oid"""
    alterations = (
        _with_function("start", "prsd_start", "internal, integer", "internal"),
        _with_function("gettoken", "prsd_nexttoken", "internal, internal, internal", "internal"),
        _with_function("end", "prsd_end", "internal", "void"),
        _with_function("headline", "prsd_headline", "internal, internal, tsquery", "internal"),
        _with_function("lextypes", "prsd_lextype", "internal", "internal"),
    )


class Template(_FunctionsOfTextSearch):
    """A template. https://www.postgresql.org/docs/current/catalog-pg-ts-template.html."""

    name = "text search template"
    plural = "text search templates"
    keyword = "TEXT SEARCH TEMPLATE"
    recognizable = True
    parameters = ("init", "lexize")
    columns = """n.nspname as schema, t.tmplname as name,
        nullif(t.tmplinit, 0)::regproc::text as init, t.tmpllexize::regproc::text as lexize,
        d.description as comment"""
    source = f"""from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
        {comment_on("pg_ts_template", "t.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_ts_template", "t.oid")} order by t.oid"""
    alterations = (
        _with_function("init", "dsimple_init", "internal", "internal"),
        _with_function(
            "lexize", "dsimple_lexize", "internal, internal, internal, internal", "internal"
        ),
    )


class Dictionary(PostgreSQLKind):
    """A dictionary. https://www.postgresql.org/docs/current/catalog-pg-ts-dict.html."""

    name = "text search dictionary"
    plural = "text search dictionaries"
    keyword = "TEXT SEARCH DICTIONARY"
    recognizable = True
    owner = "t.dictowner"
    columns = """n.nspname as schema, t.dictname as name,
        quote_ident(mn.nspname) || '.' || quote_ident(m.tmplname) as template,
        t.dictinitoption as options, d.description as comment"""
    source = f"""from pg_ts_dict t join pg_namespace n on n.oid = t.dictnamespace
        join pg_ts_template m on m.oid = t.dicttemplate
        join pg_namespace mn on mn.oid = m.tmplnamespace
        {comment_on("pg_ts_dict", "t.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_ts_dict", "t.oid")} order by t.oid"""
    alterations = (
        *per_clause(
            "ALTER {object}", ("(accept = true)", "(accept = false)", "(stopwords = danish)")
        ),
        alter(
            "another template",
            "DROP {object}",
            "CREATE {object} (TEMPLATE = snowball, language = danish)",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare dictionary."""
        facts = obj.attributes
        options = f", {facts['options']}" if facts["options"] else ""
        return [f"CREATE {self.designation(obj)} (TEMPLATE = {facts['template']}{options})"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the options; ``None`` for another template."""
        if "template" in differing(current, wanted):
            return None
        have, want = _options(current), _options(wanted)
        options = [
            *(name for name in have if name not in want),
            *(f"{name} = {value}" for name, value in want.items() if have.get(name) != value),
        ]
        return [f"ALTER {self.designation(wanted)} ({', '.join(options)})"]


def _options(dictionary: SchemaObject) -> dict[str, str]:
    return dict(_OPTION.findall(str(dictionary.attributes["options"] or "")))


class Configuration(PostgreSQLKind):
    """A configuration. https://www.postgresql.org/docs/current/catalog-pg-ts-config.html."""

    name = "text search configuration"
    plural = "text search configurations"
    keyword = "TEXT SEARCH CONFIGURATION"
    recognizable = True
    owner = "t.cfgowner"
    columns = """n.nspname as schema, t.cfgname as name,
        quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) as parser,
        coalesce(m.mappings, '{}') as mappings, d.description as comment"""
    source = f"""from pg_ts_config t join pg_namespace n on n.oid = t.cfgnamespace
        join pg_ts_parser p on p.oid = t.cfgparser
        join pg_namespace pn on pn.oid = p.prsnamespace
        left join (
          select mapcfg, array_agg(quote_ident(token) || ' WITH ' || dictionaries order by token)
            as mappings
          from (
            select w.mapcfg, k.alias as token, string_agg(
              w.mapdict::regdictionary::text, ', ' order by w.mapseqno) as dictionaries
            from pg_ts_config_map w join pg_ts_config g on g.oid = w.mapcfg
            join lateral ts_token_type(g.cfgparser) k on k.tokid = w.maptokentype
            group by w.mapcfg, k.alias) r
          group by mapcfg) m on m.mapcfg = t.oid
        {comment_on("pg_ts_config", "t.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_ts_config", "t.oid")} order by t.oid"""
    alterations = per_clause(
        "ALTER {object}",
        (
            "ALTER MAPPING FOR asciiword WITH danish_stem",
            "ADD MAPPING FOR tag WITH simple",
            "DROP MAPPING FOR asciiword",
        ),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare configuration with its mappings."""
        configuration = self.designation(obj)
        mappings = cast("tuple[str, ...]", obj.attributes["mappings"])
        return [
            f"CREATE {configuration} (PARSER = {obj.attributes['parser']})",
            *(f"ALTER {configuration} ADD MAPPING FOR {mapping}" for mapping in mappings),
        ]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the mappings; ``None`` for another parser."""
        if "parser" in differing(current, wanted):
            return None
        have, want = _mappings(current), _mappings(wanted)
        changes = [
            *(f"DROP MAPPING FOR {token}" for token in have if token not in want),
            *(
                f"{'ALTER' if token in have else 'ADD'} MAPPING FOR {token} WITH {dictionaries}"
                for token, dictionaries in want.items()
                if have.get(token) != dictionaries
            ),
        ]
        return [f"ALTER {self.designation(wanted)} {change}" for change in changes]


def _mappings(configuration: SchemaObject) -> dict[str, str]:
    mappings = cast("tuple[str, ...]", configuration.attributes["mappings"])
    pairs = (mapping.partition(" WITH ") for mapping in mappings)
    return {token: dictionaries for token, _, dictionaries in pairs}
