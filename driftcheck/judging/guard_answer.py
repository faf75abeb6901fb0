"""What the guard learns from the check in its child process, and what it concludes from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from driftcheck.judging.findings import Remedy
from driftcheck.schema import Address


@dataclass(frozen=True)
class DriftedObject:
    """An object that drift concerns.

    Attributes:
        address: Its address.
        subject: See ``SchemaObject.subject``.
    """

    address: Address
    subject: tuple[str, ...] | None


@dataclass(frozen=True)
class DriftFinding:
    """A finding of drift.

    Attributes:
        message: What was found.
        causes: What is known of how it came about, in sentences.
        objects: The objects that it is about, on both sides, with their parts.
        tables: The names of the tables that it is about.
        is_pending: Whether the models change the same object too.
        colleague_error: The error of the phantom operations on a database without drift; empty if
            there is none, or if that was not tried.
        remedies: The ways to fix it.
    """

    message: str
    causes: tuple[str, ...]
    objects: tuple[DriftedObject, ...]
    tables: tuple[str, ...]
    is_pending: bool
    colleague_error: str
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class PhantomText:
    """An operation that exists because of drift, as it is shown.

    Attributes:
        operation: The operation in Python, as Alembic renders it.
        finding: The drift.
        needed: The operations that autogenerate writes for the same object on a database without
            drift; empty if it writes none there.
    """

    operation: str
    finding: DriftFinding
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeadOperation:
    """An operation that autogenerate writes for a database without drift.

    Attributes:
        text: The operation, as Alembic renders it.
        address: The object that it is for; ``None`` for the operation of a plugin.
    """

    text: str
    address: Address | None


@dataclass(frozen=True)
class DatabaseAnswer:
    """What is known of one database.

    Attributes:
        database_key: The parts of the database key.
        drift: The findings of drift.
        on_head: The operations for a database without drift. Not used if there is no drift.
        faults: The errors of the project that the check has found, such as a wrong stamp.
        not_known: Why drift, or these operations, are not known; empty if they are.
    """

    database_key: tuple[str, str, int | None, str]
    drift: tuple[DriftFinding, ...] = ()
    on_head: tuple[HeadOperation, ...] = ()
    faults: tuple[str, ...] = ()
    not_known: str = ""


@dataclass(frozen=True)
class Answer:
    """What is known of a project.

    Attributes:
        directories: The directories of its history.
        databases: Its databases; empty if a quick check has found no drift in the only one.
        has_several: Whether the project migrates several databases, and one URL was given. Then
            nothing was checked.
    """

    directories: tuple[str, ...]
    databases: tuple[DatabaseAnswer, ...] = ()
    has_several: bool = False

    def as_json(self) -> str:
        """Return the answer as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Answer:
        """Return an answer that was written as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        data = json.loads(text)
        return cls(
            tuple(data["directories"]),
            tuple(map(_database, data["databases"])),
            data["has_several"],
        )


def _database(data: Mapping[str, Any]) -> DatabaseAnswer:
    dialect, host, port, name = data["database_key"]
    return DatabaseAnswer(
        (dialect, host, port, name),
        tuple(map(_finding, data["drift"])),
        tuple(map(_operation, data["on_head"])),
        tuple(data["faults"]),
        data["not_known"],
    )


def _operation(data: Mapping[str, Any]) -> HeadOperation:
    address = data["address"]
    return HeadOperation(data["text"], None if address is None else _address(address))


def _finding(data: Mapping[str, Any]) -> DriftFinding:
    return DriftFinding(
        data["message"],
        tuple(data["causes"]),
        tuple(map(_object, data["objects"])),
        tuple(data["tables"]),
        data["is_pending"],
        data["colleague_error"],
        tuple(Remedy(**remedy) for remedy in data["remedies"]),
    )


def _object(data: Mapping[str, Any]) -> DriftedObject:
    subject = data["subject"]
    return DriftedObject(_address(data["address"]), None if subject is None else tuple(subject))


def _address(data: Sequence[Any]) -> Address:
    kind, schema, path, arguments = data
    return Address(kind, schema, tuple(path), arguments)
