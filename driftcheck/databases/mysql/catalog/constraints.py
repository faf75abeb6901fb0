"""Foreign keys and checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from driftcheck.databases.attribute_mutations import AttributeChange, Attributes, either
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    address,
    alter_table,
    as_typed,
    grouped,
    is_mariadb,
    name_of,
    quote,
    quoted,
    rows,
)
from driftcheck.databases.mysql.catalog.periods import temporal_tables
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import Address, SchemaObject


class ConstraintKind(MySQLKind):
    """The base class of foreign keys and checks."""

    models_can_declare = True
    is_named_in_definitions = False
    keyword: ClassVar[str]
    """The kind in DROP statements."""

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """The server checks foreign keys and checks when they are added."""
        del obj
        return True

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that adds the constraint to its table."""
        return [f"{alter_table(obj)} ADD {clause(obj)}"]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the constraint."""
        return [f"{alter_table(obj)} DROP {self.keyword} {name_of(obj)}"]

    def is_recreated(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether the definition changes. A foreign key makes way for changes of its index."""
        return current.attributes != wanted.attributes

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop the current constraint and add it under the wanted name."""
        renamed = SchemaObject(wanted.address, current.attributes, wanted.part_of)
        return [*self.drop(current), *self.create(renamed)]


def clause(constraint: SchemaObject) -> str:
    """The constraint as CREATE TABLE and ADD write it."""
    return f"CONSTRAINT {name_of(constraint)} {constraint.attributes['definition']}"


_CHECKS = """SELECT c.*, t.table_name AS checked, t.*
    FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
      ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
    WHERE t.table_schema = DATABASE() AND t.constraint_type = 'CHECK' {}
    ORDER BY t.table_name, c.constraint_name"""


def has_checks(cursor: Cursor) -> bool:
    """Whether the server has check constraints: MySQL from 8.0.16 on, MariaDB from 10.2.22 on."""
    cursor.execute(
        """SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = 'information_schema' AND table_name = 'CHECK_CONSTRAINTS'"""
    )
    return bool((cursor.fetchone() or (0,))[0])


class CheckConstraint(ConstraintKind):
    """A check constraint of a table. MariaDB's checks of columns are attributes of the columns."""

    name = "check constraint"
    plural = "check constraints"
    keyword = "CONSTRAINT"
    changes = (either("definition", "CHECK (1 = 1)", "CHECK (2 = 2)"),)

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every check."""
        if not has_checks(cursor):
            return
        mariadb = is_mariadb(cursor)
        # In MariaDB, names of checks are unique per table; in MySQL, per database.
        of_tables = "AND c.table_name = t.table_name AND c.level = 'Table'" if mariadb else ""
        temporal = temporal_tables(cursor) if mariadb else {}
        for row in rows(cursor, _CHECKS.format(of_tables)):
            table = row["checked"]
            if table in temporal and row["constraint_name"] in temporal[table].period_names:
                continue  # the server makes it together with the period
            condition = as_typed(row["check_clause"], mariadb=mariadb)
            not_enforced = "" if row.get("enforced", "YES") == "YES" else " NOT ENFORCED"
            # MySQL returns the condition in parentheses, MariaDB without them.
            definition = f"CHECK ({condition})" if mariadb else f"CHECK {condition}{not_enforced}"
            yield SchemaObject(
                address(self.name, row["checked"], row["constraint_name"]),
                {"definition": definition},
                address("table", row["checked"]),
                renamable=True,
            )


class ForeignKey(ConstraintKind):
    """A foreign key. The index that MySQL creates for it is read as an index."""

    name = "foreign key"
    plural = "foreign keys"
    keyword = "FOREIGN KEY"
    changes = (
        AttributeChange("on delete", lambda a: {"definition": _with_action(a, "DELETE")}),
        AttributeChange("on update", lambda a: {"definition": _with_action(a, "UPDATE")}),
    )

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every foreign key."""
        key_columns = rows(
            cursor,
            """SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_column_name,
                k.referenced_table_name,
                NULLIF(k.referenced_table_schema, DATABASE()) AS referenced_database,
                r.update_rule, r.delete_rule
            FROM information_schema.key_column_usage k
            JOIN information_schema.referential_constraints r
              ON r.constraint_schema = k.constraint_schema AND r.table_name = k.table_name
              AND r.constraint_name = k.constraint_name
            WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
            ORDER BY k.table_name, k.constraint_name, k.ordinal_position""",
        )
        for (table, name), columns in grouped(key_columns, "table_name", "constraint_name"):
            first = columns[0]
            other = quote(first["referenced_table_name"])
            if first["referenced_database"]:
                other = f"{quote(first['referenced_database'])}.{other}"
            target = Address(
                "table", first["referenced_database"] or "", (first["referenced_table_name"],)
            )
            own = quoted(column["column_name"] for column in columns)
            others = quoted(column["referenced_column_name"] for column in columns)
            definition = f"FOREIGN KEY ({own}) REFERENCES {other} ({others})"
            definition += _action("DELETE", first["delete_rule"])
            definition += _action("UPDATE", first["update_rule"])
            yield SchemaObject(
                address(self.name, table, name),
                {"definition": definition},
                address("table", table),
                renamable=True,
                subject=("foreign key", target.sql, *sorted(c["column_name"] for c in columns)),
            )


def _with_action(attributes: Attributes, event: str) -> str:
    """The definition with another action on referencing rows."""
    definition, on_delete, on_update = _ACTIONS.fullmatch(str(attributes["definition"])).groups()  # type: ignore[union-attr]
    if event == "DELETE":
        on_delete = None if on_delete else " ON DELETE CASCADE"
    else:
        on_update = None if on_update else " ON UPDATE CASCADE"
    return f"{definition}{on_delete or ''}{on_update or ''}"


_ACTIONS = re.compile(r"(.*?\))( ON DELETE [A-Z ]+?)?( ON UPDATE [A-Z ]+)?", re.DOTALL)


def _action(event: str, rule: str) -> str:
    """The action on referencing rows. RESTRICT and NO ACTION are the same in InnoDB."""
    return "" if rule in ("RESTRICT", "NO ACTION") else f" ON {event} {rule}"
