"""Keys: primary keys, unique constraints and indexes, which are one thing to MySQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from driftcheck.databases.catalog import CannotBeWritten, Cursor, Kind, Scope
from driftcheck.databases.mysql.catalog.kind import (
    Row,
    address,
    alter_table,
    as_typed,
    grouped,
    is_mariadb,
    literal,
    name_of,
    quote,
    rows,
)
from driftcheck.schema import SchemaObject, Value


class Key(Kind):
    """A key of a table, known by what it says."""

    models_can_declare = True
    keyword: ClassVar[str]
    """What DDL calls it."""
    where: ClassVar[str]
    """SQL: which rows of information_schema.statistics it is made of."""

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every key of this kind."""
        mariadb = is_mariadb(cursor)
        found = rows(
            cursor,
            f"""SELECT * FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND {self.where}
            ORDER BY table_name, index_name, seq_in_index""",
        )
        for (table, name), columns in grouped(found, "table_name", "index_name"):
            first = columns[0]
            facts: dict[str, Value] = {
                "definition": f"({', '.join(_column(c, mariadb=mariadb) for c in columns)})",
                "method": first["index_type"],
                "hidden": _hidden(first),
                "comment": first["index_comment"] or None,
            }
            whole = address("table", table)
            yield SchemaObject(address(self.name, table, name), facts, whole, renamable=True)

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the key to its table."""
        return [f"{alter_table(obj)} ADD {self.clause(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the key."""
        return [f"{alter_table(obj)} DROP {self.designation(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """One statement, for a foreign key or a column that counts may need the key."""
        dropped = self.designation(current)
        return [f"{alter_table(wanted)} DROP {dropped}, ADD {self.clause(wanted)}"]

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """The statement that renames the key."""
        names = f"{name_of(current)} TO {name_of(wanted)}"
        return [f"{alter_table(current)} RENAME INDEX {names}"]

    def designation(self, obj: SchemaObject) -> str:
        """The key as DROP names it."""
        return f"INDEX {name_of(obj)}"

    def clause(self, obj: SchemaObject) -> str:
        """The key as CREATE TABLE and ADD write it."""
        facts = obj.attributes
        method = str(facts["method"])
        words = [self.keyword, name_of(obj), str(facts["definition"])]
        if method in ("FULLTEXT", "SPATIAL"):
            words[0] = f"{method} INDEX"
        elif method != "BTREE":
            words.append(f"USING {method}")
        if facts["comment"]:
            words.append(f"COMMENT {literal(facts['comment'])}")
        if facts["hidden"]:
            words.append(str(facts["hidden"]))
        return " ".join(words)


def _hidden(row: Row) -> str | None:
    """What the server calls it when it does not use the key for queries."""
    if row.get("ignored") == "YES":
        return "IGNORED"
    return "INVISIBLE" if row.get("is_visible") == "NO" else None


def _column(row: Row, *, mariadb: bool) -> str:
    expression = row.get("expression")
    if expression:
        return f"({as_typed(expression, mariadb=mariadb)})"
    length = f"({row['sub_part']})" if row["sub_part"] and row["index_type"] != "SPATIAL" else ""
    return f"{quote(row['column_name'])}{length}{' DESC' if row['collation'] == 'D' else ''}"


class PrimaryKey(Key):
    """A table's primary key, always called PRIMARY."""

    name = "primary key"
    plural = "primary keys"
    keyword = "PRIMARY KEY"
    where = "index_name = 'PRIMARY'"

    def rename(self, current: SchemaObject, _wanted: SchemaObject) -> list[str]:
        """MySQL cannot."""
        raise CannotBeWritten(f"{current.address} has the name that every primary key has.")

    def designation(self, _thing: SchemaObject) -> str:
        """The key as DROP names it."""
        return "PRIMARY KEY"

    def clause(self, obj: SchemaObject) -> str:
        """The key as CREATE TABLE and ADD write it."""
        return super().clause(obj).replace(f" {name_of(obj)}", "", 1)


class UniqueConstraint(Key):
    """A unique key, whether it was made as a constraint or as an index: there is no telling."""

    name = "unique constraint"
    plural = "unique constraints"
    keyword = "UNIQUE INDEX"
    where = "non_unique = 0 AND index_name <> 'PRIMARY'"


class Index(Key):
    """An index that is not unique."""

    name = "index"
    plural = "indexes"
    keyword = "INDEX"
    where = "non_unique = 1"
