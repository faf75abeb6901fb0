"""Tables and their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import cast

from driftcheck.databases.attribute_mutations import (
    AttributeChange,
    Attributes,
    either,
    only_if,
    toggle,
    without,
)
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.databases.sqlite.catalog.constraints import clause
from driftcheck.databases.sqlite.catalog.definition import table_definition
from driftcheck.databases.sqlite.catalog.kind import (
    RebuiltKind,
    address,
    definitions,
    name_of,
    needs_rebuild,
    statements,
    table_of,
)
from driftcheck.databases.sqlite.catalog.tokens import canonical, quote, tokens_of
from driftcheck.schema import SchemaObject, Snapshot, Value

# A default that needs no parentheses. ADD COLUMN does not accept other defaults.
_LITERAL = re.compile(r"""[-+]?[\w.]+|[xX]?'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_NOT_CONSTANT = re.compile(r"CURRENT_(?:TIME|DATE|TIMESTAMP)\Z")


def _other_module(attributes: Attributes) -> Attributes:
    """A virtual table with another argument."""
    using = attributes["using"]
    return {"using": f"{str(using)[:-1]}, driftcheck)"} if using else {}


def _is_key(column: SchemaObject, schema: Snapshot) -> bool:
    """Whether a column belongs to its table's primary key."""
    parts = schema.parts[column.part_of] if column.part_of else ()
    definition = next(
        (p.attributes["definition"] for p in parts if p.address.kind == "primary key"), ""
    )
    return column.address.name in [token.name for token in tokens_of(str(definition))]


class Table(RebuiltKind):
    """A table or a virtual table. Its constraints can only be created together with it."""

    name = "table"
    plural = "tables"
    holds_data = True
    absorbs = frozenset(
        ("column", "primary key", "unique constraint", "foreign key", "check constraint")
    )
    models_can_declare = True
    changes = (
        only_if(lambda a: not a["using"], either("options", ("STRICT",), ())),
        only_if(lambda a: not a["using"], either("options", ("WITHOUT ROWID",), ())),
        AttributeChange("module", _other_module),
    )
    equivalent = (("analyze", "ANALYZE {name}"), ("delete rows", "DELETE FROM {name}"))

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every table."""
        for name, _, sql in statements(cursor, "table"):
            definition = table_definition(sql)
            yield SchemaObject(
                address("table", name), {"options": definition.options, "using": definition.module}
            )

    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the table with its columns and constraints."""
        facts = obj.attributes
        if facts["using"]:
            return [f"CREATE VIRTUAL TABLE {name_of(obj)} USING {facts['using']}"]
        columns = [_clause(part) for part in parts if part.address.kind == "column"]
        constraints = [clause(part) for part in parts if part.address.kind != "column"]
        body = ",\n".join(f"    {line}" for line in (*columns, *constraints))
        options = ", ".join(cast("tuple[str, ...]", facts["options"]))
        return [f"CREATE TABLE {name_of(obj)} (\n{body}\n) {options}".rstrip()]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the table."""
        return [f"DROP TABLE {name_of(obj)}"]

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(wanted, "alter")

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the table."""
        return [f"ALTER TABLE {name_of(current)} RENAME TO {name_of(wanted)}"]


_COLUMNS = """SELECT x.name, x.type, x."notnull", x.dflt_value
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x
    WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%' AND m.name = ?
    ORDER BY x.cid"""


class Column(RebuiltKind):
    """A column. Its position is no evidence of a rename: it changes when the table is rebuilt."""

    name = "column"
    plural = "columns"
    holds_data = True
    models_can_declare = True
    changes = (
        either("type", "VARCHAR(77)", "BIGINT"),
        toggle("nullable"),
        either("default", "77", "78"),
        without("default"),
        either("generated", "77 VIRTUAL", "78 VIRTUAL"),
        either("generated", "77 STORED", "78 STORED"),
        either("collation", "NOCASE"),
        only_if(lambda a: not a["nullable"], either("on_conflict", "ON CONFLICT REPLACE")),
    )

    def altered(self, obj: SchemaObject, wanted: SchemaObject, schema: Snapshot) -> list[str]:
        """Statements that make the table again, unless only NOT NULL of a key is taken back."""
        if obj.attributes["nullable"] != wanted.attributes["nullable"] and _is_key(obj, schema):
            raise CannotBeWritten(f"{obj.address} is never null, with or without NOT NULL")
        return super().altered(obj, wanted, schema)

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every column, from PRAGMA table_xinfo and from the CREATE statement."""
        for table, definition in definitions(cursor).items():
            cursor.execute(_COLUMNS, (table,))
            for name, type_, not_null, default in cursor.fetchall():
                details = definition.columns[name]
                canonical_type = canonical(tokens_of(type_)).upper()
                # A row ID is never null, with or without NOT NULL.
                is_row_id = canonical_type == "INTEGER" and definition.key == (name,)
                facts: dict[str, Value] = {
                    "type": canonical_type,
                    "nullable": not not_null and not is_row_id,
                    "default": None if default is None else canonical(tokens_of(default)),
                    "generated": details.generated,
                    "collation": details.collation,
                    "on_conflict": details.on_conflict,
                }
                yield SchemaObject(address("column", table, name), facts, address("table", table))

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the column to a table that may have rows."""
        facts = obj.attributes
        default = facts["default"]
        changes = default is not None and (
            not _LITERAL.fullmatch(str(default)) or _NOT_CONSTANT.match(str(default))
        )
        lacks = not facts["nullable"] and default is None and not facts["generated"]
        if changes or lacks or str(facts["generated"]).endswith("STORED"):
            raise needs_rebuild(obj, "add")
        return [f"ALTER TABLE {quote(table_of(obj))} ADD COLUMN {_clause(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the column, from SQLite 3.35 on."""
        return [f"ALTER TABLE {quote(table_of(obj))} DROP COLUMN {name_of(obj)}"]

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Not supported by SQLite."""
        raise needs_rebuild(wanted, "alter")

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the column."""
        table = quote(table_of(current))
        return [f"ALTER TABLE {table} RENAME COLUMN {name_of(current)} TO {name_of(wanted)}"]


def _clause(column: SchemaObject) -> str:
    """The column as CREATE TABLE and ADD COLUMN write it."""
    facts = column.attributes
    words = [name_of(column), str(facts["type"])]
    if facts["collation"]:
        words.append(f"COLLATE {facts['collation']}")
    if facts["default"] is not None:
        default = str(facts["default"])
        words.append(f"DEFAULT {default if _LITERAL.fullmatch(default) else f'({default})'}")
    if facts["generated"]:
        expression, _, how = str(facts["generated"]).rpartition(" ")
        words.append(f"GENERATED ALWAYS AS ({expression}) {how}")
    if not facts["nullable"]:
        words.append(f"NOT NULL {facts['on_conflict'] or ''}".rstrip())
    return " ".join(filter(None, words))
