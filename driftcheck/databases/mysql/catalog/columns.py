"""Columns of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from driftcheck.databases.catalog import CannotBeWritten, Cursor, Kind, Scope
from driftcheck.databases.mysql.catalog import constraints
from driftcheck.databases.mysql.catalog.kind import (
    TABLES,
    Row,
    address,
    alter_table,
    as_typed,
    in_one_line,
    is_mariadb,
    literal,
    name_of,
    rows,
)
from driftcheck.schema import SchemaObject, Value

_COLUMNS = f"""SELECT c.* FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema
      AND t.table_name = c.table_name
    WHERE c.table_schema = DATABASE() AND t.{TABLES}
    ORDER BY c.table_name, c.ordinal_position"""

_COLUMN_CHECKS = """SELECT table_name, constraint_name, check_clause
    FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE() AND level = 'Column'"""


class Column(Kind):
    """A column. Its position is no evidence of a rename: a new column can take any position."""

    name = "column"
    plural = "columns"
    holds_data = True
    models_can_declare = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every column."""
        mariadb = is_mariadb(cursor)
        checks = _column_checks(cursor) if mariadb else {}
        for row in rows(cursor, _COLUMNS):
            table, name = row["table_name"], row["column_name"]
            extra = row["extra"]
            updates = re.search(r"on update (\S+)", extra, re.IGNORECASE)
            facts: dict[str, Value] = {
                "type": row["column_type"],
                "collation": row["collation_name"],
                "nullable": row["is_nullable"] == "YES",
                "default": _default(row, mariadb=mariadb),
                "on_update": updates[1] if updates else None,
                "auto_increment": "auto_increment" in extra.lower(),
                "generated": _generated(row, mariadb=mariadb),
                "invisible": "INVISIBLE" in extra.upper(),
                "check": checks.get((table, name)),
                "comment": row["column_comment"] or None,
            }
            yield SchemaObject(address("column", table, name), facts, address("table", table))

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the column."""
        if obj.attributes["auto_increment"]:
            raise CannotBeWritten(
                f"{obj.address} is AUTO_INCREMENT and must be added together with its key: "
                f"{alter_table(obj)} ADD COLUMN {clause(obj)}, ADD PRIMARY KEY (...)"
            )
        return [f"{alter_table(obj)} ADD COLUMN {clause(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the column."""
        return [f"{alter_table(obj)} DROP COLUMN {name_of(obj)}"]

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that redefines the column."""
        return [f"{alter_table(wanted)} MODIFY COLUMN {clause(wanted)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the column, in a syntax that old servers support."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [f"{alter_table(current)} CHANGE COLUMN {name_of(current)} {clause(renamed)}"]


def _column_checks(cursor: Cursor) -> dict[tuple[str, str], str]:
    """MariaDB's checks of single columns. They are part of the column definition."""
    if not constraints.has_checks(cursor):
        return {}
    return {
        (row["table_name"], row["constraint_name"]): row["check_clause"]
        for row in rows(cursor, _COLUMN_CHECKS)
    }


_UNQUOTED = re.compile(r"(?:(?:tiny|small|medium|big)?int|decimal|float|double|bit|year)\b")


def _default(row: Row, *, mariadb: bool) -> str | None:
    """A default as SQL. MariaDB returns SQL; MySQL returns string literals without quotes."""
    default, extra = row["column_default"], row["extra"]
    if default is None or (mariadb and default == "NULL"):
        return None
    if mariadb or _UNQUOTED.match(row["column_type"]):
        return str(default)
    if default.upper().startswith("CURRENT_TIMESTAMP"):
        return str(default)
    if "DEFAULT_GENERATED" in extra:
        return f"({as_typed(default, mariadb=False)})"
    return literal(default)


def _generated(row: Row, *, mariadb: bool) -> str | None:
    expression = row.get("generation_expression")
    if not expression:
        return None
    how = "STORED" if "STORED" in row["extra"].upper() else "VIRTUAL"
    return f"{in_one_line(as_typed(expression, mariadb=mariadb))} {how}"


def clause(column: SchemaObject) -> str:
    """The column as CREATE TABLE, ADD and MODIFY write it."""
    facts = column.attributes
    words = [name_of(column), str(facts["type"])]
    if facts["collation"]:
        charset = str(facts["collation"]).partition("_")[0]
        words.append(f"CHARACTER SET {charset} COLLATE {facts['collation']}")
    words += _generation(column) if facts["generated"] else _value(column)
    if facts["invisible"]:
        words.append("INVISIBLE")
    if facts["comment"]:
        words.append(f"COMMENT {literal(facts['comment'])}")
    if facts["check"]:
        words.append(f"CHECK ({facts['check']})")
    return " ".join(words)


def _generation(column: SchemaObject) -> list[str]:
    facts = column.attributes
    expression, _, how = str(facts["generated"]).rpartition(" ")
    return [
        f"GENERATED ALWAYS AS ({expression}) {how}",
        *([] if facts["nullable"] else ["NOT NULL"]),
    ]


def _value(column: SchemaObject) -> list[str]:
    facts = column.attributes
    words = ["NULL" if facts["nullable"] else "NOT NULL"]
    if facts["default"] is not None:
        words.append(f"DEFAULT {facts['default']}")
    if facts["on_update"]:
        words.append(f"ON UPDATE {facts['on_update']}")
    if facts["auto_increment"]:
        words.append("AUTO_INCREMENT")
    return words
