"""Snapshot files: entries of the cache, and base snapshots of projects."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from driftcheck.errors import ConfigurationError
from driftcheck.schema import Address, SchemaObject, Snapshot, Value

FORMAT = 5
"""Increased whenever the same schema is read differently. Files of older formats are refused."""


_MARSHAL = 2  # later versions of the format write equal values differently
_BEGIN, _SEPARATOR, _END = ', "objects": [\n', ",\n", "\n]}\n"
_LAST_LINE = "]}"


@dataclass(frozen=True)
class Known:
    """What was parsed so far, so that what is equal exists once.

    Attributes:
        objects: The objects, by their addresses.
        attributes: The attributes of objects, by a text of their names and values.
    """

    objects: dict[Address, SchemaObject] = field(default_factory=dict)
    attributes: dict[bytes, Mapping[str, Value]] = field(default_factory=dict)

    def address_of(self, row: list[Any]) -> Address:
        """Return the address that JSON represents as a list, as its object has it."""
        address = address_of(row)
        found = self.objects.get(address)
        return address if found is None else found.address


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
    return "".join(parts_of(file))


def parts_of(file: SnapshotFile) -> Iterator[str]:
    """Yield the parts of the text that ``dump`` returns, so that not all exist at a time."""
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
    yield f"{json.dumps(head)[:-1]}{_BEGIN}"
    separator = ""
    for obj in snapshot.objects.values():
        yield f"{separator}{json.dumps(row_of(obj))}"
        separator = _SEPARATOR
    yield _END


def digest(snapshot: Snapshot) -> str:
    """Return a digest of all attributes that are compared, independent of the order of objects."""
    total = 0
    ordered: dict[int, list[tuple[str, Value]]] = {}  # many objects have the same mapping
    for obj in snapshot.objects.values():
        attributes = ordered.get(id(obj.attributes))
        if attributes is None:
            attributes = ordered[id(obj.attributes)] = sorted(obj.attributes.items())
        parts = tuple(obj.address), attributes, tuple(obj.part_of or ())
        data = marshal.dumps(parts, _MARSHAL)
        total += int.from_bytes(hashlib.blake2b(data, digest_size=32).digest(), "big")
    return f"{total % 2**256:064x}"


def load(lines: Iterable[str]) -> SnapshotFile:
    """Return the snapshot file that ``dump`` has written.

    One object is parsed at a time: all of them as lists would need far more memory.

    Args:
        lines: The lines of the text, each with its end.

    Raises:
        ConfigurationError: The text is not a snapshot file, or has another format.
    """
    remaining = iter(lines)
    with _damage_reported():
        head = next(remaining, "")
        if head.endswith(_BEGIN):
            return _loaded(json.loads(f"{head.removesuffix(_BEGIN)}}}"), _rows_in(remaining))
        data = json.loads("".join((head, *remaining)))  # another program has formatted it
        return _loaded(data, data["objects"])


@contextmanager
def _damage_reported() -> Iterator[None]:
    """Report that a snapshot file is damaged if it cannot be read."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise ConfigurationError(
            "the snapshot file is damaged",
            hint="Write the file again: driftcheck snapshot --write FILE",
        ) from None


def _loaded(data: dict[str, Any], rows: Iterable[list[Any]]) -> SnapshotFile:
    """Return a file that was parsed.

    Args:
        data: The file without its objects.
        rows: The objects.
    """
    if data["format"] != FORMAT:
        raise ConfigurationError(
            f"the snapshot file has format {data['format']}, and this version of driftcheck "
            f"reads format {FORMAT}",
            hint="Write the file again: driftcheck snapshot --write FILE",
        )
    known = Known()
    for row in rows:
        found = object_of(row, known)
        known.objects[found.address] = found
    snapshot = Snapshot(
        known.objects,
        data["dialect"],
        data["server_version"],
        data["default_schema"],
        {(kind, schema): count for kind, schema, count in data["not_compared"]},
        dependencies={
            known.address_of(of): tuple(map(known.address_of, on))
            for of, on in data.get("dependencies", ())
        },
    )
    return SnapshotFile(snapshot, tuple(data["revisions"]), data["extra"])


def _rows_in(lines: Iterable[str]) -> Iterator[list[Any]]:
    """Parse the objects in lines, up to the end of the file.

    Raises:
        ValueError: They are damaged.
    """
    is_last = False
    for line in lines:
        if line.rstrip() == _LAST_LINE:
            return
        if is_last:
            raise ValueError("no object follows the object")
        is_last = not line.endswith(_SEPARATOR)
        if line != "\n":  # which a file without objects has
            yield json.loads(line.removesuffix(_SEPARATOR))
    raise ValueError("the end is missing")


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


def object_of(row: list[Any], known: Known) -> SchemaObject:
    """Return the object that ``row_of`` has converted.

    Args:
        row: The object.
        known: What was parsed so far.
    """
    address, attributes, part_of, number, renamable, inherited_from, *evidence = row
    subject, stands_on, recognizable = evidence
    return SchemaObject(
        address_of(address),
        _attributes(attributes, known.attributes),
        None if part_of is None else known.address_of(part_of),
        number,
        renamable,
        None if inherited_from is None else known.address_of(inherited_from),
        None if subject is None else tuple(map(intern, subject)),
        tuple(map(known.address_of, stands_on)),
        recognizable,
    )


def _attributes(
    found: dict[str, Any], known: dict[bytes, Mapping[str, Value]]
) -> Mapping[str, Value]:
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
