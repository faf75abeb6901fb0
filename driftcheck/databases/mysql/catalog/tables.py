"""Tables, with their options and partitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from driftcheck.databases.catalog import CannotBeWritten, Cursor, Kind, Scope
from driftcheck.databases.mysql.catalog import columns, constraints, keys
from driftcheck.databases.mysql.catalog.kind import (
    TABLES,
    Row,
    address,
    differing,
    grouped,
    literal,
    name_of,
    of_kind,
    quote,
    rows,
)
from driftcheck.schema import SchemaObject, Value

_KEYS: tuple[keys.Key, ...] = (keys.PrimaryKey(), keys.UniqueConstraint(), keys.Index())


class Table(Kind):
    """A table. Foreign keys are created afterwards, because tables can reference each other."""

    name = "table"
    plural = "tables"
    holds_data = True
    absorbs = frozenset(("column", "check constraint", *(key.name for key in _KEYS)))
    models_can_declare = True

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

    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the table with the parts that it absorbs."""
        clauses = [columns.clause(part) for part in of_kind(parts, "column")]
        clauses += [key.clause(part) for key in _KEYS for part in of_kind(parts, key.name)]
        clauses += [constraints.clause(part) for part in of_kind(parts, "check constraint")]
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
        if "options" in changed:
            raise CannotBeWritten(
                f"Run ALTER TABLE {name_of(wanted)}, so that its options are "
                f"{', '.join(map(str, want['options'] or ())) or 'none'}."  # type: ignore[arg-type]
            )
        table = f"ALTER TABLE {name_of(wanted)}"
        clauses = _options({name: want[name] for name in changed & {"engine", "collation"}})
        if "comment" in changed:
            clauses.append(f"COMMENT={literal(want['comment'] or '')}")
        statements = [f"{table} {', '.join(clauses)}"] if clauses else []
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
        charset = facts["collation"].partition("_")[0]
        clauses.append(f"DEFAULT CHARACTER SET={charset} COLLATE={facts['collation']}")
    clauses += facts.get("options", ())
    if facts.get("comment"):
        clauses.append(f"COMMENT={literal(facts['comment'])}")
    return clauses


def _partitions(cursor: Cursor) -> dict[str, str]:
    """The partitioning clause of each partitioned table, as CREATE TABLE writes it."""
    partitions = rows(
        cursor,
        """SELECT table_name, partition_method, partition_expression, partition_name,
            partition_description, subpartition_method, subpartition_expression, subpartition_name
        FROM information_schema.partitions
        WHERE table_schema = DATABASE() AND partition_method IS NOT NULL
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
    if bounds is None:
        return ""
    if part["partition_method"].startswith("RANGE"):
        return f" VALUES LESS THAN ({bounds})"
    return f" VALUES IN ({bounds})"
