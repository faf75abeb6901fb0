"""Snapshot files: entries of the cache, and base snapshots of projects."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, TypeAlias

from driftcheck.errors import ConfigurationError
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

FORMAT = 5
"""Increased whenever the same schema is read differently. Files of older formats are refused."""


_MARSHAL = 2  # later versions of the format write equal values differently
_BEGIN, _SEPARATOR, _END = ', "objects": [\n', ",\n", "\n]}\n"

Attributes: TypeAlias = "dict[bytes, Mapping[str, Value]]"
"""The attributes of objects, by a text of their names and values."""


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
    rows = ",\n".join(json.dumps(row_of(obj)) for obj in snapshot.objects.values())
    return f"{json.dumps(head)[:-1]}{_BEGIN}{rows}{_END}"


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
        data, rows = _parsed(text)
        if data["format"] != FORMAT:
            raise ConfigurationError(
                f"the snapshot file has format {data['format']}, and this version of driftcheck "
                f"reads format {FORMAT}",
                hint="Write the file again: driftcheck snapshot --write FILE",
            )
        known: Attributes = {}
        objects = {obj.address: obj for obj in (object_of(row, known) for row in rows)}
        snapshot = Snapshot(
            objects,
            data["dialect"],
            data["server_version"],
            data["default_schema"],
            {(kind, schema): count for kind, schema, count in data["not_compared"]},
            dependencies={
                _known_address(of, objects): tuple(_known_address(row, objects) for row in on)
                for of, on in data.get("dependencies", ())
            },
        )
        return SnapshotFile(snapshot, tuple(data["revisions"]), data["extra"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise ConfigurationError(
            "the snapshot file is damaged",
            hint="Write the file again: driftcheck snapshot --write FILE",
        ) from None


def _known_address(row: list[Any], objects: Mapping[Address, SchemaObject]) -> Address:
    """Return an address, as the object has it that it belongs to: each address exists once."""
    address = address_of(row)
    found = objects.get(address)
    return address if found is None else found.address


def _parsed(text: str) -> tuple[dict[str, Any], Iterable[list[Any]]]:
    """Parse a file, with one object at a time: all of them as lists would need far more memory.

    Returns:
        The file without its objects, and the objects.
    """
    begin, end = text.find(_BEGIN), len(text) - len(_END)
    if begin < 0 or not text.endswith(_END):  # another program has formatted it
        data = json.loads(text)
        return data, data["objects"]
    return json.loads(f"{text[:begin]}}}"), _rows(text, begin + len(_BEGIN), end)


def _rows(text: str, start: int, end: int) -> Iterator[list[Any]]:
    """Parse the objects between two positions.

    Raises:
        ValueError: They are damaged.
    """
    decode = json.JSONDecoder().raw_decode
    while start < end:
        row, stop = decode(text, start)
        if stop != end and not text.startswith(_SEPARATOR, stop):
            raise ValueError("no object follows the object")
        yield row
        start = stop + len(_SEPARATOR)


def row_of(obj: SchemaObject) -> list[Any]:
    """Return an object as JSON can represent it."""
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


def object_of(row: list[Any], known: Attributes) -> SchemaObject:
    """Return the object that ``row_of`` has converted.

    Args:
        row: The object.
        known: The attributes of the objects so far. Equal ones exist once.
    """
    address, attributes, part_of, number, renamable, inherited_from, *evidence = row
    subject, stands_on, recognizable = evidence
    return SchemaObject(
        address_of(address),
        _attributes(attributes, known),
        None if part_of is None else address_of(part_of),
        number,
        renamable,
        None if inherited_from is None else address_of(inherited_from),
        None if subject is None else tuple(map(intern, subject)),
        tuple(map(address_of, stands_on)),
        recognizable,
    )


def _attributes(found: dict[str, Any], known: Attributes) -> Mapping[str, Value]:
    key = marshal.dumps(found, _MARSHAL)  # unlike the values, it tells true from 1
    attributes = known.get(key)
    if attributes is None:
        attributes = {intern(name): value_of(value) for name, value in found.items()}
        known[key] = attributes
    return attributes


def address_of(row: list[Any]) -> Address:
    """Return the address that JSON represents as a list."""
    kind, schema, path, arguments = row
    return Address(intern(kind), intern(schema), tuple(map(intern, path)), arguments)


def value_of(value: Any) -> Value:
    """Return the value of an attribute, in which JSON represents tuples as lists."""
    return tuple(map(value_of, value)) if isinstance(value, list) else value
