"""Tables, with their options and partitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from driftcheck.databases.attribute_mutations import either, toggle, without
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog import columns, constraints, keys
from driftcheck.databases.mysql.catalog.kind import (
    TABLES,
    MySQLKind,
    Row,
    address,
    charset_of,
    differing,
    grouped,
    literal,
    name_of,
    of_kind,
    quote,
    rows,
)
from driftcheck.databases.mysql.catalog.periods import Temporal, temporal_tables
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject, Value

_KEYS: tuple[keys.Key, ...] = (keys.PrimaryKey(), keys.UniqueConstraint(), keys.Index())


class Table(MySQLKind):
    """A table. Foreign keys are created afterwards, because tables can reference each other.

    The next value of AUTO_INCREMENT is not read: it counts rows.
    """

    name = "table"
    plural = "tables"
    holds_data = True
    changes = (
        either("engine", "MyISAM", "InnoDB"),
        either("collation", "utf8mb4_bin", "latin1_bin"),
        either("options", ("ROW_FORMAT=COMPACT",), ("ROW_FORMAT=DYNAMIC",)),
        either("options", ("STATS_PERSISTENT=0",), ()),
        without("partitioning"),
        toggle("system_versioned"),
        either("comment", "driftcheck mutation"),
    )
    equivalent = (
        ("analyze", "ANALYZE TABLE {name}"),
        ("next value of AUTO_INCREMENT", "ALTER TABLE {name} AUTO_INCREMENT = 777"),
        ("rebuild", "ALTER TABLE {name} FORCE"),
        ("truncate", "TRUNCATE TABLE {name}"),
    )
    absorbs = frozenset(("column", "check constraint", *(key.name for key in _KEYS)))
    models_can_declare = True

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every table."""
        partitions, temporal = _partitions(cursor), temporal_tables(cursor)
        for row in rows(
            cursor,
            f"""SELECT table_name, engine, table_collation, create_options, table_comment,
                table_type FROM information_schema.tables
            WHERE table_schema = DATABASE() AND {TABLES} ORDER BY table_name""",
        ):
            table = row["table_name"]
            of_time = temporal.get(table, Temporal())
            facts: dict[str, Value] = {
                "engine": row["engine"],
                "collation": row["table_collation"],
                "options": _read_options(row["create_options"] or ""),
                "partitioning": of_time.partitioning or partitions.get(table),
                "system_versioned": row["table_type"] == "SYSTEM VERSIONED",
                "periods": of_time.periods,
                "comment": row["table_comment"] or None,
            }
            yield SchemaObject(address("table", table), facts)

    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the table with the parts that it absorbs."""
        clauses = [columns.clause(part) for part in of_kind(parts, "column")]
        clauses += [key.clause(part) for key in _KEYS for part in of_kind(parts, key.name)]
        clauses += [constraints.clause(part) for part in of_kind(parts, "check constraint")]
        clauses += map(str, cast("tuple[str, ...]", obj.attributes["periods"]))
        body = ",\n".join(f"    {clause}" for clause in clauses)
        facts = obj.attributes
        words = [f"CREATE TABLE {name_of(obj)} (\n{body}\n)", *_options(facts)]
        if facts["system_versioned"]:
            words.append("WITH SYSTEM VERSIONING")
        if facts["partitioning"]:
            words.append(str(facts["partitioning"]))
        return [" ".join(words)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the table."""
        return [f"DROP TABLE {name_of(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that alter the table and keep its rows."""
        changed = differing(current, wanted)
        want = wanted.attributes
        table = f"ALTER TABLE {name_of(wanted)}"
        periods = _altered_periods(current, wanted)
        clauses = _options({name: want[name] for name in changed & {"engine", "collation"}})
        clauses += _altered_options(current, wanted)
        if "comment" in changed:
            clauses.append(f"COMMENT={literal(want['comment'] or '')}")
        statements = [f"{table} {clause}" for clause in periods]
        statements += [f"{table} {', '.join(clauses)}"] if clauses else []
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
    clauses = []
    if facts.get("engine"):
        clauses.append(f"ENGINE={facts['engine']}")
    if facts.get("collation"):
        collation = facts["collation"]
        clauses.append(f"DEFAULT CHARACTER SET={charset_of(collation)} COLLATE={collation}")
    clauses += facts.get("options", ())
    if facts.get("comment"):
        clauses.append(f"COMMENT={literal(facts['comment'])}")
    return clauses


_OPTION = re.compile(r"(`(?:[^`]|``)*`|\w+)=('(?:[^']|'')*'|\S+)")

_DEFAULTS = {
    "AVG_ROW_LENGTH": "0",
    "CHECKSUM": "0",
    "DELAY_KEY_WRITE": "0",
    "KEY_BLOCK_SIZE": "0",
    "MAX_ROWS": "0",
    "MIN_ROWS": "0",
    "PACK_KEYS": "DEFAULT",
    "ROW_FORMAT": "DEFAULT",
    "STATS_AUTO_RECALC": "DEFAULT",
    "STATS_PERSISTENT": "DEFAULT",
    "STATS_SAMPLE_PAGES": "DEFAULT",
}
"""The value with which ALTER TABLE takes an option back. The options of engines (in backticks)
take DEFAULT."""


def _read_options(create_options: str) -> tuple[str, ...]:
    """Return the options in alphabetical order. Only the options of engines have quoted values."""
    found = _OPTION.findall(create_options)
    return tuple(
        sorted(
            f"{name}={value}" if name[0] == "`" else f"{name}={value}".upper()
            for name, value in found
        )
    )


def _altered_options(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    """Return the clauses that set the wanted options, and take the other options back."""
    have, want = (cast("tuple[str, ...]", obj.attributes["options"]) for obj in (current, wanted))
    kept = {option.partition("=")[0] for option in want}
    dropped = [name for option in have if (name := option.partition("=")[0]) not in kept]
    for name in dropped:
        if name[0] != "`" and name not in _DEFAULTS:
            raise CannotBeWritten(
                f"Run ALTER TABLE {name_of(wanted)}, so that its options are "
                f"{', '.join(want) or 'none'}."
            )
    return [
        *(f"{name}={_DEFAULTS.get(name, 'DEFAULT')}" for name in dropped),
        *(option for option in want if option not in have),
    ]


def _altered_periods(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    """Return the clauses that drop and add periods."""
    have, want = (cast("tuple[str, ...]", obj.attributes["periods"]) for obj in (current, wanted))
    dropped = [period for period in have if period not in want]
    added = [period for period in want if period not in have]
    if any("FOR SYSTEM_TIME" in period for period in (*dropped, *added)):
        raise CannotBeWritten(
            f"Create {wanted.address} again: the period for system time is changed together "
            "with its columns only."
        )
    return [
        *(f"DROP {period.partition(' (')[0]}" for period in dropped),
        *(f"ADD {period}" for period in added),
    ]


def _partitions(cursor: Cursor) -> dict[str, str]:
    """The partitioning clause of each partitioned table, as CREATE TABLE writes it."""
    partitions = rows(
        cursor,
        """SELECT table_name, partition_method, partition_expression, partition_name,
            partition_description, partition_comment,
            subpartition_method, subpartition_expression, subpartition_name
        FROM information_schema.partitions
        WHERE table_schema = DATABASE() AND partition_method <> 'SYSTEM_TIME'
        ORDER BY table_name, partition_ordinal_position, subpartition_ordinal_position""",
    )
    return {
        table: _partitioning(parts)
        for (table, _), parts in grouped(partitions, "table_name", "partition_method")
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
    values_of = {part["partition_name"]: _values(part) for part in parts}
    partitions = (f"PARTITION {quote(name)}{values}" for name, values in values_of.items())
    return f"{by} ({', '.join(partitions)})"


def _values(part: Row) -> str:
    bounds = part["partition_description"]
    values = ""
    is_range = part["partition_method"].startswith("RANGE")
    if bounds == "MAXVALUE" and not is_range:  # how MariaDB shows the default of a list
        values = " DEFAULT"
    elif bounds is not None:
        keyword = "LESS THAN" if is_range else "IN"
        values = f" VALUES {keyword} ({bounds})"
    if part["partition_comment"]:
        values += f" COMMENT = {literal(part['partition_comment'])}"
    return values
