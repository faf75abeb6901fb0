"""What the gate and the process with the base's models tell each other, as lines of JSON.

The process has the models of the base. The gate has the shadow databases, and their schemas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from driftcheck.databases.location import DatabaseKey


class Action(StrEnum):
    """What a statement of the running code does."""

    READ = "read"
    """It reads a table, or a column."""
    INSERT = "insert"
    """It inserts a row with the fewest values."""
    WRITE = "write"
    """It inserts such a row with a value of one more column."""


@dataclass(frozen=True)
class ProjectRequest:
    """The first message: what to load.

    Attributes:
        settings: The settings that name the project, with the root in the checkout.
        repository: The root of the working tree's repository.
        checkout: The directory with the files of the base.
        imported: The shadows for the import of the project, by the key of the database.
    """

    settings: Mapping[str, Any]
    repository: str
    checkout: str
    imported: Sequence[tuple[DatabaseKey, Mapping[str, Any]]]


@dataclass(frozen=True)
class DatabaseRequest:
    """A database on which statements are to be run.

    Attributes:
        database_key: Its key.
        shadow: The shadow, as ``lent`` describes it.
        default_schema: The schema of tables that the models declare without a schema.
        tables: The schema and the name of each table into which rows are to be inserted.
        readable: The same of each table whose columns can certainly be read as before.
    """

    database_key: DatabaseKey
    shadow: Mapping[str, Any]
    default_schema: str
    tables: Sequence[tuple[str, str]]
    readable: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Question:
    """A further message: run the statements.

    Attributes:
        databases: Where to run them.
        is_first: Whether to find out which statements succeed. Otherwise, those that have succeeded
            are run again.
    """

    databases: Sequence[DatabaseRequest]
    is_first: bool = False


@dataclass(frozen=True)
class Failure:
    """A statement that has succeeded on the base's schema, and fails now.

    Attributes:
        database_key: The database.
        action: What the statement does.
        table: The schema and the name of the table.
        column: The column; for a property of a class, its name. Empty for the whole table.
        value: The value in words; empty if it reads, or inserts the row with the fewest values.
        model: The class that maps the table; empty if there is none.
        line: The file and the line where the models declare the column or the table.
        statement: The statement.
        reason: The reason, a value of ``Reason``.
        message: The message of the database.
        error_column: The column that the database names.
        constraint: The constraint that the database names.
        undeclared: The columns of the row whose values the models do not declare.
        mapped: All columns that the models declare for the table.
    """

    database_key: DatabaseKey
    action: Action
    table: tuple[str, str]
    column: str
    value: str
    model: str
    line: tuple[str, int] | None
    statement: str
    reason: str
    message: str
    error_column: str = ""
    constraint: str = ""
    undeclared: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()

    @property
    def is_of_property(self) -> bool:
        """Whether the statement reads a property of a class that is not a column."""
        return bool(self.column) and self.column not in self.mapped

    @property
    def identity(self) -> tuple[object, ...]:
        """What the statement is, whatever the database answers."""
        return self.database_key, self.action, self.table, self.column, self.value


@dataclass(frozen=True)
class Answer:
    """The answer to a message.

    Attributes:
        failures: The statements that have succeeded before, and fail now.
        not_tried: For a table for which no row was found that the base accepts, the reason.
        error: Why there is no answer.
    """

    failures: tuple[Failure, ...] = ()
    not_tried: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return an answer that was written as JSON."""
        data = json.loads(text)
        failures = tuple(map(_failure, data["failures"]))
        return cls(failures, data["not_tried"], data["error"])


def as_json(message: object) -> str:
    """Return a message as one line."""
    return json.dumps(asdict(message)) + "\n"  # type: ignore[call-overload]


def project_request(line: str) -> ProjectRequest:
    """Return the first message."""
    data = json.loads(line)
    imported = [(DatabaseKey(*key), shadow) for key, shadow in data["imported"]]
    return ProjectRequest(**{**data, "imported": imported})


def question(line: str) -> Question:
    """Return a further message."""
    data = json.loads(line)
    return Question(tuple(map(_database, data["databases"])), data["is_first"])


def _database(data: Mapping[str, Any]) -> DatabaseRequest:
    tables, readable = (
        [(schema, name) for schema, name in data[each]] for each in ("tables", "readable")
    )
    key = DatabaseKey(*data["database_key"])
    return DatabaseRequest(key, data["shadow"], data["default_schema"], tables, readable)


def _failure(data: Mapping[str, Any]) -> Failure:
    schema, name = data["table"]
    return Failure(
        **{
            **data,
            "database_key": DatabaseKey(*data["database_key"]),
            "action": Action(data["action"]),
            "table": (schema, name),
            "line": data["line"] and (data["line"][0], data["line"][1]),
            "undeclared": tuple(data["undeclared"]),
            "mapped": tuple(data["mapped"]),
        }
    )
