"""Primary keys, unique constraints and indexes, which MySQL all treats as keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from driftcheck.databases.attribute_mutations import AttributeChange, Attributes, either, only_if
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    Row,
    address,
    alter_table,
    as_typed,
    differing,
    grouped,
    is_mariadb,
    literal,
    name_of,
    quote,
    rows,
)
from driftcheck.databases.mysql.catalog.periods import temporal_tables
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import SchemaObject, Value


def _reversed(attributes: Attributes) -> Attributes:
    """The definition with the last column in the other order."""
    definition = str(attributes["definition"])
    descending = definition.endswith(" DESC)")
    return {"definition": f"{definition[:-6]})" if descending else f"{definition[:-1]} DESC)"}


class Key(MySQLKind):
    """The base class of keys."""

    models_can_declare = True
    is_named_in_definitions = False
    is_named_in_table = True
    changes = (
        only_if(lambda a: a["method"] == "BTREE", AttributeChange("order", _reversed)),
        either("hidden", "IGNORED"),
        either("hidden", "INVISIBLE"),
        either("comment", "driftcheck mutation"),
    )
    keyword: ClassVar[str]
    """The kind in DDL statements."""
    is_unique: ClassVar[bool] = True
    where: ClassVar[str]
    """SQL: the condition for the rows of information_schema.statistics."""

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """Whether the key is unique."""
        del obj
        return self.is_unique

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every key of this kind."""
        mariadb = is_mariadb(cursor)
        temporal = temporal_tables(cursor) if self.is_unique else {}
        key_columns = rows(
            cursor,
            f"""SELECT * FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND {self.where}
            ORDER BY table_name, index_name, seq_in_index""",
        )
        for (table, name), columns in grouped(key_columns, "table_name", "index_name"):
            first = columns[0]
            definition = f"({', '.join(_column(c, mariadb=mariadb) for c in columns)})"
            if table in temporal:
                definition = temporal[table].without_overlaps.get(name, definition)
            facts: dict[str, Value] = {
                "definition": definition,
                "method": first["index_type"],
                "hidden": _hidden(first),
                "comment": first["index_comment"] or None,
            }
            named = [c["column_name"] for c in columns if c["column_name"]]
            yield SchemaObject(
                address(self.name, table, name),
                facts,
                address("table", table),
                renamable=True,
                subject=self._subject(named) if named else None,
                stands_on=tuple(address("column", table, column) for column in named),
            )

    def _subject(self, columns: Sequence[str]) -> tuple[str, ...]:
        return self.name, *columns

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the key to its table."""
        return [f"{alter_table(obj)} ADD {self.clause(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the key."""
        return [f"{alter_table(obj)} DROP {self.designation(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that keep the key: a foreign key or an AUTO_INCREMENT column may require it.

        MariaDB keeps an index ignored that is dropped and added again in one statement.
        """
        changed = differing(current, wanted)
        table, statements = alter_table(wanted), []
        if changed - {"hidden"}:
            dropped = self.designation(current)
            statements.append(f"{table} DROP {dropped}, ADD {self.clause(wanted)}")
        if "hidden" in changed:
            hidden = wanted.attributes["hidden"] or _SHOWN[str(current.attributes["hidden"])]
            statements.append(f"{table} ALTER INDEX {name_of(wanted)} {hidden}")
        return statements

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


_SHOWN = {"IGNORED": "NOT IGNORED", "INVISIBLE": "VISIBLE"}
"""The opposite of each keyword for a hidden key."""


def _hidden(row: Row) -> str | None:
    """The server's keyword for a key that queries do not use."""
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
        """Not supported by MySQL."""
        raise CannotBeWritten(
            f"{current.address} cannot be renamed: every primary key is named PRIMARY."
        )

    def designation(self, _thing: SchemaObject) -> str:
        """The key as DROP names it."""
        return "PRIMARY KEY"

    def clause(self, obj: SchemaObject) -> str:
        """The key as CREATE TABLE and ADD write it."""
        return super().clause(obj).replace(f" {name_of(obj)}", "", 1)


class UniqueConstraint(Key):
    """A unique key. MySQL does not distinguish unique constraints from unique indexes."""

    name = "unique constraint"
    plural = "unique constraints"
    keyword = "UNIQUE INDEX"
    where = "non_unique = 0 AND index_name <> 'PRIMARY'"

    def _subject(self, columns: Sequence[str]) -> tuple[str, ...]:
        return "unique", *sorted(columns)


class Index(Key):
    """An index that is not unique."""

    name = "index"
    plural = "indexes"
    keyword = "INDEX"
    is_unique = False
    where = "non_unique = 1"
