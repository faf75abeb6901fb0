"""A snapshot as a file: what the cache keeps, and what a project can keep as its base."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftcheck.errors import ConfigurationError
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

FORMAT = 4
"""Raised whenever the same schema reads differently than before; older files are then refused."""


_MARSHAL = 2  # the newest of marshal's versions that writes equal values alike


@dataclass(frozen=True)
class SnapshotFile:
    """A snapshot, and where in the history it stands.

    Attributes:
        snapshot: The schema.
        revisions: The revisions it is at.
        extra: What else its writer keeps with it.
    """

    snapshot: Snapshot
    revisions: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


def dump(file: SnapshotFile) -> str:
    """Write as JSON, one object a line, so that two files can be compared by people."""
    snapshot = file.snapshot
    head = {
        "format": FORMAT,
        "dialect": snapshot.dialect,
        "server_version": snapshot.server_version,
        "default_schema": snapshot.default_schema,
        "revisions": file.revisions,
        "not_compared": [[*key, count] for key, count in snapshot.not_compared.items()],
        "extra": dict(file.extra),
    }
    rows = ",\n".join(json.dumps(_row(thing)) for thing in snapshot.objects.values())
    return json.dumps(head)[:-1] + f', "objects": [\n{rows}\n]}}\n'


def digest(snapshot: Snapshot) -> str:
    """A digest of what counts in a snapshot, whatever the order in which it was read."""
    total = 0
    for thing in snapshot.objects.values():
        said = marshal.dumps(_counting(thing), _MARSHAL)
        total += int.from_bytes(hashlib.blake2b(said, digest_size=32).digest(), "big")
    return f"{total % 2**256:064x}"


def _counting(thing: SchemaObject) -> tuple[Any, ...]:
    whole = tuple(thing.part_of or ())
    return tuple(thing.address), sorted(thing.attributes.items()), whole


def load(text: str) -> SnapshotFile:
    """Read what ``dump`` wrote.

    Raises:
        ConfigurationError: It is no such file, or one of another format.
    """
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ConfigurationError(
                f"the snapshot has format {data['format']}, and this driftcheck reads {FORMAT}",
                hint="Write it again with: driftcheck snapshot --write",
            )
        objects = {thing.address: thing for thing in map(_thing, data["objects"])}
        snapshot = Snapshot(
            objects,
            data["dialect"],
            data["server_version"],
            data["default_schema"],
            {(kind, schema): count for kind, schema, count in data["not_compared"]},
        )
        return SnapshotFile(snapshot, tuple(data["revisions"]), data["extra"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise ConfigurationError("the snapshot file is damaged") from None


def _row(thing: SchemaObject) -> list[Any]:
    return [
        thing.address,
        dict(thing.attributes),
        thing.part_of,
        thing.number,
        thing.renamable,
        thing.inherited_from,
        thing.subject,
        thing.stands_on,
        thing.recognizable,
    ]


def _thing(row: list[Any]) -> SchemaObject:
    address, attributes, part_of, number, renamable, inherited_from, *evidence = row
    subject, stands_on, recognizable = evidence
    return SchemaObject(
        _address(address),
        {name: _value(value) for name, value in attributes.items()},
        None if part_of is None else _address(part_of),
        number,
        renamable,
        None if inherited_from is None else _address(inherited_from),
        None if subject is None else tuple(subject),
        tuple(map(_address, stands_on)),
        recognizable,
    )


def _address(row: list[Any]) -> Address:
    kind, schema, path, arguments = row
    return Address(kind, schema, tuple(path), arguments)


def _value(value: Any) -> Value:
    return tuple(map(_value, value)) if isinstance(value, list) else value
