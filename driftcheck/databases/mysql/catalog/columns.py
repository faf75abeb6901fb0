"""Columns of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from driftcheck.databases.attribute_mutations import (
    AttributeChange,
    Attributes,
    either,
    only_if,
    toggle,
    without,
)
from driftcheck.databases.filling_by_hand import EVERY_ROW, ROWS_WITHOUT_VALUE, filling_by_hand
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog import constraints
from driftcheck.databases.mysql.catalog.kind import (
    TABLES,
    MySQLKind,
    Row,
    address,
    alter_table,
    as_typed,
    charset_of,
    in_one_line,
    is_mariadb,
    literal,
    name_of,
    rows,
    table_of,
    without_database,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject, Value

_COLUMNS = f"""SELECT c.*, DATABASE() AS own FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema
      AND t.table_name = c.table_name
    WHERE c.table_schema = DATABASE() AND t.{TABLES}
    ORDER BY c.table_name, c.ordinal_position"""

_SPATIAL_TYPES = frozenset(
    """geometry point linestring polygon multipoint multilinestring multipolygon geomcollection
    geometrycollection""".split()
)

_OTHER_TYPES = (
    (re.compile(r"((?:enum|set)\(.*)\)", re.DOTALL), r"\1,'driftcheck')"),
    (re.compile(r"(\w*char|\w*binary)\(\d+\)"), r"\1(77)"),
    (re.compile(r"(tiny|medium|long)?(text|blob)"), r"\2"),
    (re.compile(r"(int|smallint|mediumint|tinyint)\b.*"), "bigint"),
    (re.compile(r"bigint\b.*"), "int"),
    (re.compile(r"(datetime|timestamp|time)(\(\d\))?"), r"\1(3)"),
)


def _other_type(column_type: str) -> str:
    """A similar type, which the attributes of the column suit."""
    for pattern, other in _OTHER_TYPES:
        if pattern.fullmatch(column_type):
            return pattern.sub(other, column_type)
    return "decimal(31,7)"


_COLUMN_CHECKS = """SELECT table_name, constraint_name, check_clause
    FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE() AND level = 'Column'"""


def _has_value(attributes: Attributes) -> bool:
    return not attributes["generated"] and not attributes["auto_increment"]


def _is_whole_number(attributes: Attributes) -> bool:
    return "int" in str(attributes["type"]) and not attributes["generated"]


def _is_virtual(attributes: Attributes) -> bool:
    return str(attributes["generated"]).endswith("VIRTUAL")


def _is_time(attributes: Attributes) -> bool:
    return str(attributes["type"]).startswith(("timestamp", "datetime")) and _has_value(attributes)


class Column(MySQLKind):
    """A column. Its position is no evidence of a rename: a new column can take any position."""

    name = "column"
    plural = "columns"
    holds_data = True
    changes = (
        AttributeChange("type", lambda a: {"type": _other_type(str(a["type"]))}),
        only_if(lambda a: a["collation"], either("collation", "utf8mb4_bin", "latin1_bin")),
        only_if(_has_value, toggle("nullable")),
        only_if(_has_value, either("default", "77", "78")),
        without("default"),
        only_if(_is_time, either("on_update", "current_timestamp()")),
        only_if(_is_whole_number, toggle("auto_increment")),
        only_if(_is_virtual, either("generated", "77 VIRTUAL", "78 VIRTUAL")),
        only_if(lambda a: a["nullable"], either("generated", "77 STORED", "78 STORED")),
        toggle("invisible"),
        toggle("unversioned"),
        only_if(lambda a: a["type"] in _SPATIAL_TYPES, either("reference_system", 101)),
        without("check"),
        either("comment", "driftcheck mutation"),
    )
    models_can_declare = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every column."""
        mariadb = is_mariadb(cursor)
        checks = _column_checks(cursor) if mariadb else {}
        columns = rows(cursor, _COLUMNS)
        are_spatial = any(column["data_type"] in _SPATIAL_TYPES for column in columns)
        systems = _reference_systems(cursor) if mariadb and are_spatial else {}
        for row in columns:
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
                "unversioned": "WITHOUT SYSTEM VERSIONING" in extra.upper(),
                "reference_system": systems.get((table, name)) or row.get("srs_id"),
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

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that redefines the column.

        A virtual column cannot be altered to another type of column, or the other way round. It
        holds no data, so it is dropped and added instead. Source: MySQL manual, "ALTER TABLE and
        Generated Columns".
        """
        stored = [
            not str(obj.attributes["generated"]).endswith("VIRTUAL") for obj in (current, wanted)
        ]
        if stored == [True, False] and not current.attributes["generated"]:
            raise CannotBeWritten(
                f"{wanted.address} is to be a virtual column, which has no values of its own. Run "
                f"{alter_table(wanted)} DROP COLUMN {name_of(wanted)}, ADD COLUMN {clause(wanted)}."
            )
        if stored[0] != stored[1]:
            return [*self.drop(current), *self.create(wanted)]
        return [f"{alter_table(wanted)} MODIFY COLUMN {clause(wanted)}"]

    def create_on_rows(self, obj: SchemaObject) -> tuple[list[str], str]:
        """The statement that adds the column; nullable first, if its values are not known.

        The server would fill the rows with 0, an empty text or ``0000-00-00``.
        """
        facts = obj.attributes
        if facts["nullable"] or facts["generated"] or facts["default"] is not None:
            return self.create(obj), ""
        nullable = _nullable(obj)
        remaining = self.alter(nullable, obj)
        return self.create(nullable), filling_by_hand(obj, EVERY_ROW, table_of(obj), remaining)

    def alter_on_rows(
        self, current: SchemaObject, wanted: SchemaObject, *, has_nulls: bool
    ) -> tuple[list[str], str]:
        """Statements that change the column, with rows that have no value."""
        is_required = current.attributes["nullable"] and not wanted.attributes["nullable"]
        if not (has_nulls and is_required):
            return self.alter(current, wanted), ""
        nullable = _nullable(wanted)
        before = self.alter(current, nullable) if nullable.attributes != current.attributes else []
        remaining, table = self.alter(nullable, wanted), table_of(wanted)
        if wanted.attributes["default"] is None:
            return before, filling_by_hand(wanted, ROWS_WITHOUT_VALUE, table, remaining)
        column, value = name_of(wanted), wanted.attributes["default"]
        filled = f"UPDATE {table} SET {column} = {value} WHERE {column} IS NULL"
        return [*before, filled, *remaining], ""

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the column, in a syntax that old servers support."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [f"{alter_table(current)} CHANGE COLUMN {name_of(current)} {clause(renamed)}"]


def _nullable(column: SchemaObject) -> SchemaObject:
    return replace(column, attributes={**column.attributes, "nullable": True})


def _column_checks(cursor: Cursor) -> dict[tuple[str, str], str]:
    """MariaDB's checks of single columns. They are part of the column definition."""
    if not constraints.has_checks(cursor):
        return {}
    return {
        (row["table_name"], row["constraint_name"]): row["check_clause"]
        for row in rows(cursor, _COLUMN_CHECKS)
    }


def _reference_systems(cursor: Cursor) -> dict[tuple[str, str], int]:
    """MariaDB's identifiers of spatial reference systems, by table and column."""
    return {
        (row["g_table_name"], row["g_geometry_column"]): row["srid"]
        for row in rows(
            cursor,
            """SELECT g_table_name, g_geometry_column, srid FROM information_schema.geometry_columns
            WHERE g_table_schema = DATABASE() AND srid <> 0""",
        )
    }


_UNQUOTED = re.compile(r"(?:(?:tiny|small|medium|big)?int|decimal|float|double|bit|year)\b")


def _default(row: Row, *, mariadb: bool) -> str | None:
    """A default as SQL. MariaDB returns SQL; MySQL returns string literals without quotes."""
    default, extra = row["column_default"], row["extra"]
    if default is None or (mariadb and default == "NULL"):
        return None
    if mariadb:  # the default can name a sequence, and then the database as well
        return without_database(default, row["own"])
    if _UNQUOTED.match(row["column_type"]):
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
    if expression in _ROW_TIMES:
        return str(expression)
    how = "STORED" if "STORED" in row["extra"].upper() else "VIRTUAL"
    return f"{in_one_line(as_typed(expression, mariadb=mariadb))} {how}"


_ROW_TIMES = ("ROW START", "ROW END")
"""The expressions of the columns that hold the times of MariaDB's system-versioned rows."""


def clause(column: SchemaObject) -> str:
    """The column as CREATE TABLE, ADD and MODIFY write it."""
    facts = column.attributes
    words = [name_of(column), str(facts["type"])]
    if facts["collation"]:
        charset = charset_of(facts["collation"])
        words.append(f"CHARACTER SET {charset} COLLATE {facts['collation']}")
    words += _reference_system(column)
    words += _generation(column) if facts["generated"] else _value(column)
    if facts["invisible"]:
        words.append("INVISIBLE")
    if facts["unversioned"]:
        words.append("WITHOUT SYSTEM VERSIONING")
    if facts["comment"]:
        words.append(f"COMMENT {literal(facts['comment'])}")
    if facts["check"]:
        words.append(f"CHECK ({facts['check']})")
    return " ".join(words)


def _reference_system(column: SchemaObject) -> list[str]:
    """The clause of the spatial reference system, in a comment that only MariaDB runs, or not."""
    number = column.attributes["reference_system"]
    return [f"/*M! REF_SYSTEM_ID={number} */ /*!80003 SRID {number} */"] if number else []


def _generation(column: SchemaObject) -> list[str]:
    facts = column.attributes
    if facts["generated"] in _ROW_TIMES:
        return [f"GENERATED ALWAYS AS {facts['generated']}"]
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
