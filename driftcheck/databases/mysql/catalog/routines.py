"""Functions and procedures. DEFINER is not read, as for views.

SQL mode, character set and collation of the session that created a routine are not read either:
they depend on the client, and differ between a migration and the same statement in a client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from driftcheck.databases.attribute_mutations import either, only_if, toggle
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog.kind import (
    MySQLKind,
    Row,
    address,
    charset_of,
    differing,
    grouped,
    in_one_line,
    literal,
    name_of,
    quote,
    rows,
)
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import HIDDEN, SchemaObject, Value

HIDDEN_ROUTINES = """FROM information_schema.routines WHERE routine_schema = DATABASE()
AND routine_type IN ('FUNCTION', 'PROCEDURE') AND routine_body = 'SQL'
AND routine_definition IS NULL"""
"""SQL: the routines whose body is hidden from the user."""

_AGGREGATE = re.compile(r"\bFETCH\s+GROUP\s+NEXT\s+ROW\b", re.IGNORECASE)
"""The statement that makes a function of MariaDB an aggregate function, and only occurs in one."""


class Routine(MySQLKind):
    """The base class of functions and procedures. A name has one function and one procedure."""

    changes = (
        either("parameters", ("`driftcheck` int(11)",), ()),
        only_if(lambda a: a["returns"], either("returns", "bigint(20)", "int(11)")),
        toggle("deterministic"),
        either("data_access", "READS SQL DATA", "NO SQL"),
        either("security", "DEFINER", "INVOKER"),
        only_if(lambda a: a["returns"], either("definition", "BEGIN RETURN 77; END")),
        only_if(lambda a: not a["returns"], either("definition", "BEGIN DO 77; END")),
        either("comment", "driftcheck mutation"),
    )
    is_stored_code = True
    keyword: ClassVar[str]
    """The kind in DDL statements, and in information_schema.routines."""

    def read(self, cursor: Cursor, _scope: Scope) -> Iterable[SchemaObject]:
        """Read every routine of this kind that is written in SQL."""
        parameters = self._parameters(cursor)
        for row in rows(
            cursor,
            f"""SELECT * FROM information_schema.routines WHERE routine_schema = DATABASE()
            AND routine_type = '{self.keyword}' AND routine_body = 'SQL' ORDER BY routine_name""",
        ):
            name = row["routine_name"]
            own = parameters.get(name, [])
            body = row["routine_definition"]
            facts: dict[str, Value] = {
                "parameters": tuple(_parameter(p) for p in own if p["ordinal_position"]),
                "returns": next((_type(p) for p in own if not p["ordinal_position"]), None),
                "deterministic": row["is_deterministic"] == "YES",
                "data_access": row["sql_data_access"],
                "security": row["security_type"],
                # NULL without the privilege to see the body
                "definition": HIDDEN if body is None else in_one_line(body),
                "comment": row["routine_comment"] or None,
            }
            yield SchemaObject(address(self.name, name), facts, recognizable=body is not None)

    def _parameters(self, cursor: Cursor) -> dict[str, list[Row]]:
        """The parameters by routine. The type that a function returns has the position 0."""
        found = rows(
            cursor,
            f"""SELECT * FROM information_schema.parameters
            WHERE specific_schema = DATABASE() AND routine_type = '{self.keyword}'
            ORDER BY specific_name, ordinal_position""",
        )
        return {name: own for (name, _), own in grouped(found, "specific_name", "routine_type")}

    def create(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """The statement that creates the routine."""
        facts = obj.attributes
        if facts["definition"] == HIDDEN:
            raise CannotBeWritten(
                f"The body of {obj.address} is hidden from this user. Create it as its owner."
            )
        body = str(facts["definition"])
        aggregate = "AGGREGATE " if _AGGREGATE.search(body) else ""
        parameters = ", ".join(map(str, facts["parameters"] or ()))  # type: ignore[arg-type]
        words = [f"CREATE {aggregate}{self.keyword} {name_of(obj)}({parameters})"]
        if facts["returns"]:
            words.append(f"RETURNS {facts['returns']}")
        words += ["DETERMINISTIC" if facts["deterministic"] else "NOT DETERMINISTIC"]
        words += _characteristics(obj)
        return [" ".join([*words, body])]

    def drop(self, obj: SchemaObject) -> list[str]:
        """The statement that drops the routine."""
        return [f"DROP {self.keyword} {name_of(obj)}"]

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that alter the characteristics, or create the routine again."""
        if differing(current, wanted) <= {"data_access", "security", "comment"}:
            altered = " ".join([name_of(wanted), *_characteristics(wanted)])
            return [f"ALTER {self.keyword} {altered}"]
        return super().alter(current, wanted)

    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that drop the routine and create it again with the wanted name."""
        renamed = SchemaObject(wanted.address, current.attributes)
        return [*self.drop(current), *self.create(renamed)]


class Function(Routine):
    """A stored function, also an aggregate function of MariaDB."""

    name = "function"
    plural = "functions"
    keyword = "FUNCTION"


class Procedure(Routine):
    """A stored procedure."""

    name = "procedure"
    plural = "procedures"
    keyword = "PROCEDURE"


def _characteristics(obj: SchemaObject) -> list[str]:
    facts = obj.attributes
    return [
        str(facts["data_access"]),
        f"SQL SECURITY {facts['security']}",
        f"COMMENT {literal(facts['comment'] or '')}",
    ]


def _parameter(row: Row) -> str:
    mode = "" if row["parameter_mode"] == "IN" else f"{row['parameter_mode']} "
    return f"{mode}{quote(row['parameter_name'])} {_type(row)}"


def _type(row: Row) -> str:
    collation = row["collation_name"]
    if not collation:
        return str(row["dtd_identifier"])
    charset = charset_of(collation)
    return f"{row['dtd_identifier']} CHARACTER SET {charset} COLLATE {collation}"
