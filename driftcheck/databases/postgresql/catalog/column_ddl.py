"""The DDL of a column: its definition, its settings, and how ALTER TABLE names it."""

from __future__ import annotations

from typing import cast

from driftcheck.databases.postgresql.catalog.column_types import default_storage
from driftcheck.databases.postgresql.catalog.ddl_parts import name_of, table_of
from driftcheck.databases.postgresql.catalog.foreign_options import foreign_options
from driftcheck.databases.postgresql.catalog.options import change_options
from driftcheck.schema import SchemaObject


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
        words.append(f"GENERATED {facts['identity']} AS IDENTITY ({identity_options(column)})")
    if not facts["nullable"]:
        words.append("NOT NULL")
    return " ".join(words)


def settings(column: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for the storage, compression, statistics target and options of a column."""
    have = current.attributes if current else {}
    want = column.attributes
    statements = []
    same_type = have.get("type") == want["type"]  # a new type resets the storage
    if want["storage"] != (have.get("storage") if same_type else None):
        storage = want["storage"] or default_storage(str(want["type"]))
        statements.append(f"{alter_column(column)} SET STORAGE {storage}")
    if current and want["compression"] != have.get("compression"):
        method = want["compression"] or "default"
        statements.append(f"{alter_column(column)} SET COMPRESSION {method}")
    if want["statistics"] != have.get("statistics"):
        target = -1 if want["statistics"] is None else want["statistics"]
        statements.append(f"{alter_column(column)} SET STATISTICS {target}")
    return statements + change_options(alter_column(column), have.get("options"), want["options"])


def _parenthesised(generated: str) -> str:
    expression, _, how = generated.rpartition(" ")
    return f"({expression}) {how}"


def alter_table(column: SchemaObject) -> str:
    """ALTER TABLE for the table of the column."""
    return f"ALTER TABLE {table_of(column)}"


def alter_own_column(column: SchemaObject) -> str:
    """ALTER COLUMN for this table only, because inheriting columns can have other settings."""
    return f"ALTER TABLE ONLY {table_of(column)} ALTER COLUMN {name_of(column)}"


def alter_column(column: SchemaObject) -> str:
    """ALTER COLUMN for this table and those that inherit the column."""
    return f"{alter_table(column)} ALTER COLUMN {name_of(column)}"


def identity_options(column: SchemaObject) -> str:
    """The options of the sequence of an identity column, as GENERATED AS IDENTITY takes them."""
    return " ".join(cast("tuple[str, ...]", column.attributes["identity_sequence"] or ()))
