"""Snapshot files: entries of the cache, and base snapshots of projects."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftcheck.errors import ConfigurationError
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

FORMAT = 5
"""Increased whenever the same schema is read differently. Files of older formats are refused."""


_MARSHAL = 2  # later versions of the format write equal values differently


@dataclass(frozen=True)
class SnapshotFile:
    """A snapshot and its revisions.

    Attributes:
        snapshot: The schema.
        revisions: The revisions that the schema corresponds to.
        extra: Further data of the writer.
    """

    snapshot: Snapshot
    revisions: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


def dump(file: SnapshotFile) -> str:
    """Return the file as JSON, with one object per line, so that people can compare two files."""
    snapshot = file.snapshot
    head = {
        "format": FORMAT,
        "dialect": snapshot.dialect,
        "server_version": snapshot.server_version,
        "default_schema": snapshot.default_schema,
        "revisions": file.revisions,
        "not_compared": [[*key, count] for key, count in snapshot.not_compared.items()],
        "dependencies": [[of, on] for of, on in snapshot.dependencies.items()],
        "extra": dict(file.extra),
    }
    rows = ",\n".join(json.dumps(_row(obj)) for obj in snapshot.objects.values())
    return json.dumps(head)[:-1] + f', "objects": [\n{rows}\n]}}\n'


def digest(snapshot: Snapshot) -> str:
    """Return a digest of all attributes that are compared, independent of the order of objects."""
    total = 0
    for obj in snapshot.objects.values():
        data = marshal.dumps(_digested(obj), _MARSHAL)
        total += int.from_bytes(hashlib.blake2b(data, digest_size=32).digest(), "big")
    return f"{total % 2**256:064x}"


def _digested(obj: SchemaObject) -> tuple[Any, ...]:
    whole = tuple(obj.part_of or ())
    return tuple(obj.address), sorted(obj.attributes.items()), whole


def load(text: str) -> SnapshotFile:
    """Return the snapshot file that ``dump`` has written.

    Raises:
        ConfigurationError: The text is not a snapshot file, or has another format.
    """
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ConfigurationError(
                f"the snapshot file has format {data['format']}, and this version of driftcheck "
                f"reads format {FORMAT}",
                hint="Write the file again: driftcheck snapshot --write FILE",
            )
        objects = {obj.address: obj for obj in map(_object, data["objects"])}
        snapshot = Snapshot(
            objects,
            data["dialect"],
            data["server_version"],
            data["default_schema"],
            {(kind, schema): count for kind, schema, count in data["not_compared"]},
            dependencies={
                _address(of): tuple(map(_address, on)) for of, on in data.get("dependencies", ())
            },
        )
        return SnapshotFile(snapshot, tuple(data["revisions"]), data["extra"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise ConfigurationError(
            "the snapshot file is damaged",
            hint="Write the file again: driftcheck snapshot --write FILE",
        ) from None


def _row(obj: SchemaObject) -> list[Any]:
    return [
        obj.address,
        dict(obj.attributes),
        obj.part_of,
        obj.number,
        obj.renamable,
        obj.inherited_from,
        obj.subject,
        obj.stands_on,
        obj.recognizable,
    ]


def _object(row: list[Any]) -> SchemaObject:
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
