"""DDL of PostgreSQL that runs on databases with and without the change that it makes.

Where a statement has ``IF EXISTS``, ``IF NOT EXISTS`` or ``OR REPLACE``, that is used. Otherwise a
condition looks for the object in the catalogs.
Source: PostgreSQL manual, "SQL Commands", and "Object Identifier Types" for ``to_regclass``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from driftcheck.databases.conditional_ddl import ConditionalStatement, substituted
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject

_NAME = r'(?:"(?:[^"]|"")*"|[^\s"])+'
_DROPPED = (
    "ACCESS METHOD|AGGREGATE|CAST|COLLATION|CONVERSION|DOMAIN|EVENT TRIGGER|EXTENSION"
    "|FOREIGN DATA WRAPPER|FOREIGN TABLE|FUNCTION|INDEX|LANGUAGE|MATERIALIZED VIEW|OPERATOR CLASS"
    "|OPERATOR FAMILY|OPERATOR|POLICY|PROCEDURE|PUBLICATION|RULE|SCHEMA|SEQUENCE|SERVER|STATISTICS"
    "|SUBSCRIPTION|TABLE|TEXT SEARCH (?:CONFIGURATION|DICTIONARY|PARSER|TEMPLATE)|TRANSFORM|TRIGGER"
    "|TYPE|USER MAPPING|VIEW"
)
_CREATED = (
    "COLLATION|EXTENSION|FOREIGN TABLE|MATERIALIZED VIEW|SCHEMA|SEQUENCE|SERVER|STATISTICS"
    "|UNLOGGED TABLE|TABLE|USER MAPPING|UNIQUE INDEX|INDEX"
)
_REPLACED = "AGGREGATE|FUNCTION|LANGUAGE|PROCEDURE|RULE|TRIGGER|TRUSTED LANGUAGE|VIEW"
_MOVED = "FOREIGN TABLE|INDEX|MATERIALIZED VIEW|SEQUENCE|TABLE|VIEW"

_CLAUSES = (
    (re.compile(rf"DROP ({_DROPPED}) (?!IF )"), r"DROP \1 IF EXISTS "),
    (re.compile(rf"CREATE ({_CREATED}) (?!IF )"), r"CREATE \1 IF NOT EXISTS "),
    (re.compile(rf"CREATE ({_REPLACED}) "), r"CREATE OR REPLACE \1 "),
    (
        re.compile(rf"ALTER ({_MOVED}) (?!IF )({_NAME} (?:RENAME TO|SET SCHEMA) )"),
        r"ALTER \1 IF EXISTS \2",
    ),
    (
        re.compile(rf"ALTER TABLE ({_NAME}) DROP (COLUMN|CONSTRAINT) (?!IF )"),
        r"ALTER TABLE IF EXISTS \1 DROP \2 IF EXISTS ",
    ),
    (
        re.compile(rf"(ALTER DOMAIN {_NAME}) DROP CONSTRAINT (?!IF )"),
        r"\1 DROP CONSTRAINT IF EXISTS ",
    ),
    (re.compile(rf"(ALTER TABLE {_NAME}) ADD COLUMN (?!IF )"), r"\1 ADD COLUMN IF NOT EXISTS "),
    (re.compile(rf"(ALTER TYPE {_NAME}) ADD VALUE (?!IF )"), r"\1 ADD VALUE IF NOT EXISTS "),
    (
        re.compile(rf"(ALTER TYPE {_NAME}) DROP ATTRIBUTE (?!IF )"),
        r"\1 DROP ATTRIBUTE IF EXISTS ",
    ),
    (
        re.compile(rf"(ALTER TEXT SEARCH CONFIGURATION {_NAME}) DROP MAPPING (?!IF )"),
        r"\1 DROP MAPPING IF EXISTS ",
    ),
    (
        re.compile(rf"(ALTER TABLE {_NAME} ALTER COLUMN {_NAME}) DROP (IDENTITY|EXPRESSION)$"),
        r"\1 DROP \2 IF EXISTS",
    ),
)

_IDENTIFIER = r'("(?:[^"]|"")*"|\w+)'
_MAPPING = re.compile(rf"ALTER TEXT SEARCH CONFIGURATION {_NAME} ADD MAPPING FOR {_IDENTIFIER} ")
_OPTION = re.compile(
    rf"ALTER .*? OPTIONS \((?:SET {_NAME} E?'(?:[^']|'')*', )*(ADD|DROP) {_IDENTIFIER}", re.DOTALL
)
_TYPE_NAME = r'(?:"(?:[^"]|"")*"|[^",])+'
_MEMBER = re.compile(
    rf"ALTER OPERATOR FAMILY {_NAME} USING {_NAME} (ADD|DROP) (OPERATOR|FUNCTION) (\d+) "
    rf"(?:{_NAME} )?\(({_TYPE_NAME}), ({_TYPE_NAME})\)"
)
_MEMBERS = {
    "OPERATOR": ("pg_amop", "amop", "strategy"),
    "FUNCTION": ("pg_amproc", "amproc", "num"),
}
"""The catalogs of the members of operator families, the prefix of their columns, and the column of
the number without this prefix."""
_OPTIONS = {
    "pg_attribute": "attfdwoptions",
    "pg_foreign_data_wrapper": "fdwoptions",
    "pg_foreign_server": "srvoptions",
    "pg_foreign_table": "ftoptions",
    "pg_user_mappings": "umoptions",
}
"""The columns with the options of foreign data, by their catalogs."""

_RELATIONS = {
    "table": "'r', 'p'",
    "view": "'v'",
    "materialized view": "'m'",
    "foreign table": "'f'",
    "sequence": "'S'",
    "index": "'i', 'I'",
}
_TYPES = {"composite type": "'c'", "domain": "'d'", "enum": "'e'", "range type": "'r'"}
_ROUTINES = {"function": "'f', 'w'", "procedure": "'p'", "aggregate": "'a'"}
_OF_KIND = (
    (_RELATIONS, "pg_class", "relkind"),
    (_TYPES, "pg_type", "typtype"),
    (_ROUTINES, "pg_proc", "prokind"),
)
"""The kinds that share their names with others, with their values in a column of a catalog."""

_CONSTRAINTS = frozenset(
    (
        "primary key",
        "unique constraint",
        "exclusion constraint",
        "check constraint",
        "foreign key",
        "not-null constraint",
    )
)
_NAMED = {
    "base type": ("pg_type", "typ"),  # to_regtype does not find a type without a definition
    "conversion": ("pg_conversion", "con"),
    "event trigger": ("pg_event_trigger", "evt"),
    "extension": ("pg_extension", "ext"),
    "foreign data wrapper": ("pg_foreign_data_wrapper", "fdw"),
    "language": ("pg_language", "lan"),
    "operator class": ("pg_opclass", "opc"),
    "operator family": ("pg_opfamily", "opf"),
    "publication": ("pg_publication", "pub"),
    "server": ("pg_foreign_server", "srv"),
    "statistics object": ("pg_statistic_ext", "stx"),
    "subscription": ("pg_subscription", "sub"),
    "text search configuration": ("pg_ts_config", "cfg"),
    "text search dictionary": ("pg_ts_dict", "dict"),
    "text search parser": ("pg_ts_parser", "prs"),
    "text search template": ("pg_ts_template", "tmpl"),
}
"""The kinds whose objects have one row in a catalog: the catalog, and the prefix of its columns."""


def conditional(statement: str, obj: SchemaObject) -> ConditionalStatement:
    """Return a statement that can run where its change was made already.

    A statement that sets a property is returned as it is: it has no effect the second time.

    Args:
        statement: The statement, as a plan has it.
        obj: The object that it creates, changes or drops, under the name that it has before.
    """
    changed = substituted(statement, _CLAUSES)
    if changed != statement:
        return ConditionalStatement(changed)
    if statement.startswith("CREATE OR REPLACE "):
        return ConditionalStatement(statement)
    if statement.startswith("CREATE "):
        return ConditionalStatement(statement, _absence(obj))
    return ConditionalStatement(statement, _condition(statement, obj))


def existence(obj: SchemaObject, *, of_kind: bool = False) -> str:
    """Return an SQL expression: whether an object exists; empty if it is not known how to look.

    Args:
        obj: The object.
        of_kind: Whether an object of another kind may have the name.
    """
    lookup, rows = _lookup(obj), _rows(obj)
    for kinds, catalog, column in _OF_KIND if of_kind else ():
        if values := kinds.get(obj.address.kind):
            return _found(catalog, f"oid = {lookup} AND {column} IN ({values})")
    if lookup:
        return f"{lookup} IS NOT NULL"
    return _found(*rows) if rows else ""


def _absence(obj: SchemaObject) -> str:
    """Return an SQL expression: whether an object does not exist; empty if it is not known."""
    lookup, rows = _lookup(obj), _rows(obj)
    if lookup:
        return f"{lookup} IS NULL"
    return f"NOT {_found(*rows)}" if rows else ""


def _lookup(obj: SchemaObject) -> str:
    """Return a call that returns null if an object does not exist; empty for other kinds."""
    kind, name = obj.address.kind, quote_literal(obj.address.sql)
    if kind in _RELATIONS:
        return f"to_regclass({name})"
    if kind in _TYPES:
        return f"to_regtype({name})"
    if kind in _ROUTINES:
        return f"to_regprocedure({name})"
    if kind == "collation":
        return f"to_regcollation({name})"
    if kind == "operator":  # whose name is not quoted
        schema, (symbol,) = quote_identifier(obj.address.schema), obj.address.path
        return f"to_regoperator({quote_literal(f'{schema}.{symbol}({obj.address.arguments})')})"
    return f"to_regnamespace({name})" if kind == "schema" else ""


def _rows(obj: SchemaObject) -> tuple[str, str] | None:
    """Return a catalog and the condition of the row that an object has there."""
    if obj.address.kind in _NAMED:
        return _row_of_name(obj.address)
    if obj.address.kind == "user mapping":
        server, user = map(quote_literal, obj.address.path)
        mapped = "umuser = 0" if obj.address.name == "PUBLIC" else f"usename = {user}"
        return "pg_user_mappings", f"srvname = {server} AND {mapped}"
    if obj.address.kind == "cast":
        source, _, target = obj.address.name.partition(" AS ")
        types = f"to_regtype({quote_literal(source)})", f"to_regtype({quote_literal(target)})"
        return "pg_cast", f"castsource = {types[0]} AND casttarget = {types[1]}"
    name = quote_literal(obj.address.name)
    above = Address("", obj.address.schema, obj.address.path[:-1])
    relation = f"to_regclass({quote_literal(above.sql)})" if above.path else "NULL"
    kind = "constraint" if obj.address.kind in _CONSTRAINTS else obj.address.kind
    return {
        "column": (
            "pg_attribute",
            f"attrelid = {relation} AND attname = {name} AND NOT attisdropped",
        ),
        "constraint": ("pg_constraint", f"conrelid = {relation} AND conname = {name}"),
        "trigger": ("pg_trigger", f"tgrelid = {relation} AND tgname = {name}"),
        "policy": ("pg_policy", f"polrelid = {relation} AND polname = {name}"),
        "rule": ("pg_rewrite", f"ev_class = {relation} AND rulename = {name}"),
    }.get(kind)


def _row_of_name(address: Address) -> tuple[str, str]:
    """Return the catalog of a kind in ``_NAMED``, and the condition of the row of an object."""
    catalog, prefix = _NAMED[address.kind]
    conditions = [f"{prefix}name = {quote_literal(address.name)}"]
    if address.schema:
        schema = quote_literal(quote_identifier(address.schema))
        conditions.append(f"{prefix}namespace = to_regnamespace({schema})")
    if address.kind == "subscription":  # the catalog has those of all databases
        conditions.append(
            "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    if address.path[:-1]:  # of an operator class or family
        method = f"SELECT oid FROM pg_am WHERE amname = {quote_literal(address.path[0])}"
        conditions.append(f"{prefix}method = ({method})")
    return catalog, " AND ".join(conditions)


def _condition(statement: str, obj: SchemaObject) -> str:
    """Return the condition of a statement that can run only once; empty for other statements."""
    for pattern, write in _ONCE:
        if match := pattern.match(statement):
            return write(match)
    if match := _OPTION.match(statement):
        return _option(match, obj)
    if match := _MAPPING.match(statement):
        return f"NOT {_mapping(match, obj)}"
    if match := _MEMBER.match(statement):
        return _member(match, obj)
    if " RENAME " in statement or " SET SCHEMA " in statement:
        return existence(obj)
    return _absence(obj) if " ADD CONSTRAINT " in statement else ""


def _option(match: re.Match[str], obj: SchemaObject) -> str:
    """Return the condition of a statement that adds or drops options of foreign data.

    All options of a statement are changed at once, so one of them tells whether it has run.
    """
    if obj.address.kind == "foreign table":
        catalog, where = "pg_foreign_table", f"ftrelid = {_lookup(obj)}"
    else:
        catalog, where = _rows(obj) or ("", "")
    options = f"pg_options_to_table({_OPTIONS[catalog]})"
    name = quote_literal(_unquoted(match[2]))
    found = _found(f"{catalog}, {options}", f"{where} AND option_name = {name}")
    return found if match[1] == "DROP" else f"NOT {found}"


def _mapping(match: re.Match[str], obj: SchemaObject) -> str:
    """Return an SQL expression: whether a configuration has dictionaries for a kind of token."""
    catalog, where = _row_of_name(obj.address)
    tables = f"{catalog} g JOIN pg_ts_config_map ON mapcfg = g.oid, ts_token_type(cfgparser)"
    token = quote_literal(_unquoted(match[1]))
    return _found(tables, f"{where} AND tokid = maptokentype AND alias = {token}")


def _member(match: re.Match[str], obj: SchemaObject) -> str:
    """Return the condition of a statement that adds or drops members of an operator family.

    All members of a statement are changed at once, so one of them tells whether it has run.
    """
    verb, kind, number, left, right = match.groups()
    (families, where), (members, prefix, column) = _row_of_name(obj.address), _MEMBERS[kind]
    types = (
        f"{prefix}{side}type = to_regtype({quote_literal(name)})"
        for side, name in (("left", left), ("right", right))
    )
    found = _found(
        f"{families} f JOIN {members} ON {prefix}family = f.oid",
        " AND ".join((where, f"{prefix}{column} = {number}", *types)),
    )
    return found if verb == "DROP" else f"NOT {found}"


def _is_child(child: str, parent: str) -> str:
    """Return an SQL expression: whether a table or index inherits from another."""
    inherited = f"to_regclass({quote_literal(parent)})"
    where = f"inhrelid = to_regclass({quote_literal(child)}) AND inhparent = {inherited}"
    return _found("pg_inherits", where)


def _found(catalog: str, condition: str) -> str:
    return f"EXISTS (SELECT FROM {catalog} WHERE {condition})"


def _unquoted(name: str) -> str:
    return name.strip('"').replace('""', '"')


def _attribute(relation: str, name: str, more: str = "") -> str:
    found = quote_literal(_unquoted(name))
    where = f"attrelid = to_regclass({quote_literal(relation)}) AND attname = {found}"
    return _found("pg_attribute", f"{where} AND NOT attisdropped{more}")


def _domain_constraint(domain: str, name: str) -> str:
    found = quote_literal(_unquoted(name))
    where = f"contypid = to_regtype({quote_literal(domain)}) AND conname = {found}"
    return _found("pg_constraint", where)


_ONCE: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(rf"ALTER TYPE ({_NAME}) RENAME VALUE ('(?:[^']|'')*') TO "),
        lambda m: _found(
            "pg_enum", f"enumtypid = to_regtype({quote_literal(m[1])}) AND enumlabel = {m[2]}"
        ),
    ),
    (
        re.compile(rf"ALTER TYPE ({_NAME}) RENAME ATTRIBUTE ({_NAME}) TO "),
        lambda m: _attribute(m[1], m[2]),
    ),
    (
        re.compile(rf"ALTER TYPE ({_NAME}) ADD ATTRIBUTE ({_NAME}) "),
        lambda m: f"NOT {_attribute(m[1], m[2])}",
    ),
    (
        re.compile(rf"ALTER DOMAIN ({_NAME}) ADD CONSTRAINT ({_NAME}) "),
        lambda m: f"NOT {_domain_constraint(m[1], m[2])}",
    ),
    (
        re.compile(rf"ALTER DOMAIN ({_NAME}) RENAME CONSTRAINT ({_NAME}) TO "),
        lambda m: _domain_constraint(m[1], m[2]),
    ),
    (
        re.compile(
            rf"ALTER TABLE ({_NAME}) ALTER COLUMN ({_NAME}) ADD GENERATED .* AS IDENTITY", re.DOTALL
        ),
        lambda m: _attribute(m[1], m[2], " AND attidentity = ''"),
    ),
    (
        re.compile(rf"ALTER (?:TABLE|INDEX) ({_NAME}) ATTACH PARTITION ({_NAME})"),
        lambda m: f"NOT {_is_child(m[2], m[1])}",
    ),
    (
        re.compile(rf"ALTER (?:TABLE|INDEX) ({_NAME}) DETACH PARTITION ({_NAME})"),
        lambda m: _is_child(m[2], m[1]),
    ),
    (
        re.compile(rf"ALTER TABLE ({_NAME}) NO INHERIT ({_NAME})$"),
        lambda m: _is_child(m[1], m[2]),
    ),
    (
        re.compile(rf"ALTER TABLE ({_NAME}) INHERIT ({_NAME})$"),
        lambda m: f"NOT {_is_child(m[1], m[2])}",
    ),
    (
        re.compile(rf"ALTER TABLE ({_NAME}) NOT OF$"),
        lambda m: _found(
            "pg_class", f"oid = to_regclass({quote_literal(m[1])}) AND reloftype <> 0"
        ),
    ),
)
"""The statements that can run only once, and the condition of each."""
