"""Snapshots as JSON, as the difference from another snapshot that the reader has as well.

The models of a project in step have the objects of the head, so that nearly nothing is written and
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.storage.snapshot_file import Known, address_of, object_of, row_of


def difference_of(snapshot: Snapshot, base: Snapshot) -> dict[str, Any]:
    """Return a snapshot without its remarks, as ``snapshot_of`` reads it.

    Args:
        snapshot: The snapshot.
        base: The other snapshot.
    """
    is_equal = snapshot.dependencies == base.dependencies
    return {
        "dialect": snapshot.dialect,
        "server_version": snapshot.server_version,
        "default_schema": snapshot.default_schema,
        "not_compared": [[*key, count] for key, count in snapshot.not_compared.items()],
        "dependencies": None if is_equal else [*snapshot.dependencies.items()],
        "objects": [*_items(snapshot.objects, base)],
    }


def snapshot_of(data: Mapping[str, Any], base: Snapshot) -> Snapshot:
    """Return the snapshot that ``difference_of`` has converted.

    Args:
        data: The difference.
        base: The snapshot that it was made from.

    Raises:
        ValueError, KeyError, TypeError, IndexError: The data is damaged.
    """
    dependencies = base.dependencies
    if data["dependencies"] is not None:
        pairs = data["dependencies"]
        dependencies = {address_of(of): tuple(map(address_of, on)) for of, on in pairs}
    return Snapshot(
        {found.address: found for found in _objects(data["objects"], base)},
        data["dialect"],
        data["server_version"],
        data["default_schema"],
        {(kind, schema): count for kind, schema, count in data["not_compared"]},
        dependencies=dependencies,
    )


def _items(objects: Mapping[Address, SchemaObject], base: Snapshot) -> Iterator[list[Any]]:
    """Yield the objects: a pair of positions for some that follow each other in the base."""
    positions = {address: number for number, address in enumerate(base.objects)}
    start = stop = 0
    for address, found in objects.items():
        position = positions[address] if found == base.objects.get(address) else None
        if position is not None and position == stop and stop > start:
            stop += 1
            continue
        if stop > start:
            yield [start, stop]
        start = stop = 0
        if position is None:
            yield row_of(found)
        else:
            start, stop = position, position + 1
    if stop > start:
        yield [start, stop]


def _objects(items: list[list[Any]], base: Snapshot) -> Iterator[SchemaObject]:
    of_base = [*base.objects.values()]
    known = Known()
    for item in items:
        first, *rest = item
        if isinstance(first, int):
            yield from of_base[slice(first, *rest)]
        else:
            yield object_of(item, known)
