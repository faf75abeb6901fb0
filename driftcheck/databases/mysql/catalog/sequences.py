"""Sequences of MariaDB. MySQL has none."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Parts

from driftcheck.databases.attribute_mutations import either, toggle
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    address,
    differing,
    literal,
    name_of,
    quote,
    rows,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject, Value

_CLAUSES = (
    ("start", "START WITH {}"),
    ("minimum", "MINVALUE {}"),
    ("maximum", "MAXVALUE {}"),
    ("increment", "INCREMENT BY {}"),
    ("cache", "CACHE {}"),
)


class Sequence(MySQLKind):
    """A sequence. Its next value is data. https://mariadb.com/kb/en/create-sequence/."""

    name = "sequence"
    plural = "sequences"
    holds_data = True
    models_can_declare = True
    changes = (
        either("start", 77, 78),
        either("minimum", -77, -78),
        either("maximum", 777777, 777778),
        either("increment", 7, 8),
        either("cache", 77, 78),
        toggle("cycle"),
        either("engine", "Aria", "InnoDB"),
        either("comment", "driftcheck mutation"),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every sequence. A sequence is a table with one row."""
        for row in rows(
            cursor,
            """SELECT table_name, engine, table_comment FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE' ORDER BY table_name""",
        ):
            (values,) = rows(cursor, f"SELECT * FROM {quote(row['table_name'])}")
            facts: dict[str, Value] = {
                "start": values["start_value"],
                "minimum": values["minimum_value"],
                "maximum": values["maximum_value"],
                "increment": values["increment"],
                "cache": values["cache_size"],
                "cycle": bool(values["cycle_option"]),
                "engine": row["engine"],
                "comment": row["table_comment"] or None,
            }
            yield SchemaObject(address(self.name, row["table_name"]), facts, recognizable=True)

    def create(self, obj: SchemaObject, _parts: Parts[SchemaObject] = ()) -> list[str]:
        """The statement that creates the sequence."""
        facts = obj.attributes
        words = [f"CREATE SEQUENCE {name_of(obj)}", *_clauses(obj), f"ENGINE={facts['engine']}"]
        if facts["comment"]:
            words.append(f"COMMENT={literal(facts['comment'])}")
        return [" ".join(words)]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the sequence."""
        return [f"DROP SEQUENCE {name_of(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that alter the sequence and keep its next value."""
        changed = differing(current, wanted)
        statements = []
        if changed - {"engine", "comment"}:
            statements.append(" ".join([f"ALTER SEQUENCE {name_of(wanted)}", *_clauses(wanted)]))
        facts = wanted.attributes
        if "engine" in changed:
            statements.append(f"ALTER TABLE {name_of(wanted)} ENGINE={facts['engine']}")
        if "comment" in changed:
            comment = literal(facts["comment"] or "")
            statements.append(f"ALTER TABLE {name_of(wanted)} COMMENT={comment}")
        return statements

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the sequence."""
        return [f"RENAME TABLE {name_of(current)} TO {name_of(wanted)}"]


def _clauses(obj: SchemaObject) -> list[str]:
    facts = obj.attributes
    clauses = [clause.format(facts[name]) for name, clause in _CLAUSES]
    return [*clauses, "CYCLE" if facts["cycle"] else "NOCYCLE"]
