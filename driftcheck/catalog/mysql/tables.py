"""Tables and their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from driftcheck.catalog.base import CannotBeWritten, Cursor, Kind, Scope
from driftcheck.catalog.mysql import constraints, keys
from driftcheck.catalog.mysql.kind import (
    TABLES,
    Row,
    address,
    alter_table,
    as_typed,
    differing,
    grouped,
    in_one_line,
    is_mariadb,
    literal,
    name_of,
    of_kind,
    quote,
    rows,
)
from driftcheck.schema import SchemaObject, Value

_KEYS: tuple[keys.Key, ...] = (keys.PrimaryKey(), keys.UniqueConstraint(), keys.Index())


class Table(Kind):
    """A table, made with all but its foreign keys: tables may refer to each other."""

    name = "table"
    plural = "tables"
    holds_data = True
    absorbs = frozenset(("column", "check constraint", *(key.name for key in _KEYS)))
    spoken_by_models = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every table."""
        partitions = _partitions(cursor)
        for row in rows(
            cursor,
            f"""SELECT table_name, engine, table_collation, create_options, table_comment,
                table_type FROM information_schema.tables
            WHERE table_schema = DATABASE() AND {TABLES} ORDER BY table_name""",
        ):
            options = re.sub(r"\bpartitioned\b", "", row["create_options"] or "").split()
            facts: dict[str, Value] = {
                "engine": row["engine"],
                "collation": row["table_collation"],
                "options": tuple(sorted(option.upper() for option in options)),
                "partitioning": partitions.get(row["table_name"]),
                "system_versioned": row["table_type"] == "SYSTEM VERSIONED",
                "comment": row["table_comment"] or None,
            }
            yield SchemaObject(address("table", row["table_name"]), facts)

    def create(self, thing: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that makes the table with the parts that it absorbs."""
        clauses = [column_clause(part) for part in of_kind(parts, "column")]
        clauses += [key.clause(part) for key in _KEYS for part in of_kind(parts, key.name)]
        clauses += [constraints.clause(part) for part in of_kind(parts, "check constraint")]
        body = ",\n".join(f"    {clause}" for clause in clauses)
        facts = thing.attributes
        words = [f"CREATE TABLE {name_of(thing)} (\n{body}\n)", *_options(facts)]
        if facts["system_versioned"]:
            words.append("WITH SYSTEM VERSIONING")
        if facts["partitioning"]:
            words.append(str(facts["partitioning"]))
        return [" ".join(words)]

    def drop(self, thing: SchemaObject) -> list[str]:
        """The statement that drops the table."""
        return [f"DROP TABLE {name_of(thing)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change what is said of the table, and keep its rows."""
        changed = differing(current, wanted)
        want = wanted.attributes
        if "options" in changed:
            raise CannotBeWritten(
                f"By hand: ALTER TABLE {name_of(wanted)}, so that its options are "
                f"{', '.join(map(str, want['options'] or ())) or 'none'}."  # type: ignore[arg-type]
            )
        table = f"ALTER TABLE {name_of(wanted)}"
        said = _options({name: want[name] for name in changed & {"engine", "collation"}})
        if "comment" in changed:
            said.append(f"COMMENT={literal(want['comment'] or '')}")
        statements = [f"{table} {', '.join(said)}"] if said else []
        if "partitioning" in changed:
            statements.append(f"{table} {want['partitioning'] or 'REMOVE PARTITIONING'}")
        if "system_versioned" in changed:
            statements.append(
                f"{table} {'ADD' if want['system_versioned'] else 'DROP'} SYSTEM VERSIONING"
            )
        return statements

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the table."""
        return [f"RENAME TABLE {name_of(current)} TO {name_of(wanted)}"]


def _options(facts: Mapping[str, Any]) -> list[str]:
    said = []
    if facts.get("engine"):
        said.append(f"ENGINE={facts['engine']}")
    if facts.get("collation"):
        charset = facts["collation"].partition("_")[0]
        said.append(f"DEFAULT CHARACTER SET={charset} COLLATE={facts['collation']}")
    said += facts.get("options", ())
    if facts.get("comment"):
        said.append(f"COMMENT={literal(facts['comment'])}")
    return said


def _partitions(cursor: Cursor) -> dict[str, str]:
    """How tables are partitioned, as CREATE TABLE writes it."""
    found = rows(
        cursor,
        """SELECT table_name, partition_method, partition_expression, partition_name,
            partition_description, subpartition_method, subpartition_expression, subpartition_name
        FROM information_schema.partitions
        WHERE table_schema = DATABASE() AND partition_method IS NOT NULL
        ORDER BY table_name, partition_ordinal_position, subpartition_ordinal_position""",
    )
    return {
        table: _partitioning(parts)
        for (table, _), parts in grouped(found, "table_name", "partition_method")
    }


def _partitioning(parts: Sequence[Row]) -> str:
    first = parts[0]
    by = f"PARTITION BY {first['partition_method']} ({first['partition_expression'] or ''})"
    names = list(dict.fromkeys(part["partition_name"] for part in parts))
    if first["subpartition_method"]:
        by += (
            f" SUBPARTITION BY {first['subpartition_method']}"
            f" ({first['subpartition_expression'] or ''}) SUBPARTITIONS {len(parts) // len(names)}"
        )
    said = {part["partition_name"]: _values(part) for part in parts}
    return (
        f"{by} ({', '.join(f'PARTITION {quote(name)}{values}' for name, values in said.items())})"
    )


def _values(part: Row) -> str:
    bounds = part["partition_description"]
    if bounds is None:
        return ""
    if part["partition_method"].startswith("RANGE"):
        return f" VALUES LESS THAN ({bounds})"
    return f" VALUES IN ({bounds})"


_COLUMNS = f"""SELECT c.* FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema
      AND t.table_name = c.table_name
    WHERE c.table_schema = DATABASE() AND t.{TABLES}
    ORDER BY c.table_name, c.ordinal_position"""

_COLUMN_CHECKS = """SELECT table_name, constraint_name, check_clause
    FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE() AND level = 'Column'"""


class Column(Kind):
    """A column. Its place is no evidence of a rename: a new one may take any."""

    name = "column"
    plural = "columns"
    holds_data = True
    spoken_by_models = True

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

    def create(self, thing: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the column."""
        if thing.attributes["auto_increment"]:
            raise CannotBeWritten(
                f"{thing.address} counts by itself, for which it must come with its key. By hand: "
                f"{alter_table(thing)} ADD COLUMN {column_clause(thing)}, ADD PRIMARY KEY (...)"
            )
        return [f"{alter_table(thing)} ADD COLUMN {column_clause(thing)}"]

    def drop(self, thing: SchemaObject) -> list[str]:
        """The statement that drops the column."""
        return [f"{alter_table(thing)} DROP COLUMN {name_of(thing)}"]

    def alter(self, _current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that says anew all that there is to say of the column."""
        return [f"{alter_table(wanted)} MODIFY COLUMN {column_clause(wanted)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the column, in the way that old servers understand too."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [f"{alter_table(current)} CHANGE COLUMN {name_of(current)} {column_clause(renamed)}"]


def _column_checks(cursor: Cursor) -> dict[tuple[str, str], str]:
    """MariaDB's checks of single columns, which come and go with what is said of the column."""
    if not constraints.has_checks(cursor):
        return {}
    found = rows(cursor, _COLUMN_CHECKS)
    return {(row["table_name"], row["constraint_name"]): row["check_clause"] for row in found}


_UNQUOTED = re.compile(r"(?:(?:tiny|small|medium|big)?int|decimal|float|double|bit|year)\b")


def _default(row: Row, *, mariadb: bool) -> str | None:
    """A default as SQL: MariaDB gives it so, MySQL gives the text of a literal bare."""
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


def column_clause(column: SchemaObject) -> str:
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
