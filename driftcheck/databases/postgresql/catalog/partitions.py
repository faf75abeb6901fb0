"""Tells a partition that only continues what its parent lays down, such as one for a new month."""

from __future__ import annotations

from driftcheck.databases.postgresql.catalog.kind import differing
from driftcheck.schema import SchemaObject, Snapshot, Value

_ITS_OWN = frozenset(("bound", "comment"))
_NOT_HANDED_DOWN = frozenset(
    "identity identity_sequence identity_comment identity_persistence identity_grants serial"
    " comment index_comment statistics options grants extensions".split()
)
"""What parts of a partition do not have from the parent's, and then say nothing of."""
_NEW: dict[str, Value] = {"access_method": "heap", "replica_identity": "DEFAULT"}


def follows_parent(partition: SchemaObject, wanted: Snapshot, actual: Snapshot) -> bool:
    """Whether a partition is what its parent makes of it, and holds nothing besides.

    Args:
        partition: The partition, which only the actual snapshot has.
        wanted: The snapshot that knows its elder siblings, where it has any.
        actual: The snapshot that has it.
    """
    parent = actual.objects.get(partition.part_of) if partition.part_of else None
    if parent is None or partition.attributes.get("bound") in (None, "DEFAULT"):
        return False
    models = (parent, *wanted.parts.get(parent.address, ()))
    return all(
        name in _ITS_OWN or _is_usual(name, value, models)
        for name, value in partition.attributes.items()
    ) and all(
        follows_parent(part, wanted, actual)
        if part.address.kind == partition.address.kind
        else _is_handed_down(part, actual)
        for part in actual.parts.get(partition.address, ())
    )


def _is_usual(name: str, value: Value, models: tuple[SchemaObject, ...]) -> bool:
    """Whether a new partition is so of its own accord, or as its parent or an elder one is."""
    return (
        not value
        or value == _NEW.get(name)
        or any(model.attributes.get(name) == value for model in models)
    )


def _is_handed_down(part: SchemaObject, actual: Snapshot) -> bool:
    parent = actual.objects.get(part.inherited_from) if part.inherited_from else None
    if parent is None:
        return False
    own = differing(parent, part)
    return own <= _NOT_HANDED_DOWN and not any(part.attributes[name] for name in own)
