"""Recognizes partitions that follow the definition of their parent, such as one for a new month."""

from __future__ import annotations

from driftcheck.databases.postgresql.catalog.bounds import may_overlap
from driftcheck.databases.postgresql.catalog.ddl_parts import differing
from driftcheck.schema import SchemaObject, Snapshot, Value

_ROWS_PASS = ("FOR VALUES FROM", "FOR VALUES IN")
_OWN_ATTRIBUTES = frozenset(("bound", "comment"))
_NOT_INHERITED = frozenset(
    "identity identity_sequence identity_comment identity_persistence identity_grants serial"
    " comment index_comment statistics options grants extensions".split()
)
"""Attributes that parts of a partition do not inherit. A new partition has no value for them."""
_NEW: dict[str, Value] = {"access_method": "heap", "replica_identity": "DEFAULT"}


def follows_parent(partition: SchemaObject, wanted: Snapshot, actual: Snapshot) -> bool:
    """Whether a partition and its parts follow the definition of the parent table.

    It does not, if an older partition had a bound for the same rows.

    Args:
        partition: The partition, which exists in the actual snapshot only.
        wanted: The wanted snapshot, with older partitions of the same table.
        actual: The actual snapshot.
    """
    parent = actual.objects.get(partition.part_of) if partition.part_of else None
    if parent is None or partition.attributes.get("bound") in (None, "DEFAULT"):
        return False
    if _is_in_the_way(partition, wanted, actual):
        return False
    examples = (parent, *wanted.parts.get(parent.address, ()))
    return all(
        name in _OWN_ATTRIBUTES or _is_expected(name, value, examples)
        for name, value in partition.attributes.items()
    ) and all(
        follows_parent(part, wanted, actual)
        if part.address.kind == partition.address.kind
        else _is_inherited(part, actual)
        for part in actual.parts.get(partition.address, ())
    )


def _is_in_the_way(partition: SchemaObject, wanted: Snapshot, actual: Snapshot) -> bool:
    """Whether an older partition, which has another bound now, cannot get its wanted one back."""
    bound = str(partition.attributes["bound"])
    for older in wanted.parts.get(partition.part_of, ()) if partition.part_of else ():
        former, now = older.attributes.get("bound"), actual.objects.get(older.address)
        is_moved = former and now is not None and now.attributes.get("bound") != former
        if is_moved and may_overlap(bound, str(former)):
            return True
    return False


def is_of_passing_rows(partition: SchemaObject, wanted: Snapshot, actual: Snapshot) -> bool:
    """Whether a missing partition is one that a retention job may have dropped with its rows.

    It has a range or a list of values. A default partition and a partition by hash belong to
    the table as such: without them, new rows are refused.

    Args:
        partition: The partition, which exists in the wanted snapshot only.
        wanted: The wanted snapshot.
        actual: The actual snapshot, in which the partitioned table must exist.
    """
    bound = str(partition.attributes.get("bound") or "DEFAULT")
    if partition.part_of is None or not bound.startswith(_ROWS_PASS):
        return False
    parent = wanted.objects.get(partition.part_of)
    if parent is None or parent.address in actual.objects:
        return parent is not None
    return is_of_passing_rows(parent, wanted, actual)


def _is_expected(name: str, value: Value, examples: tuple[SchemaObject, ...]) -> bool:
    """Whether a value is the default, or the parent or an older partition has the same value."""
    return (
        not value
        or value == _NEW.get(name)
        or any(example.attributes.get(name) == value for example in examples)
    )


def _is_inherited(part: SchemaObject, actual: Snapshot) -> bool:
    parent = actual.objects.get(part.inherited_from) if part.inherited_from else None
    if parent is None:
        return False
    different = differing(parent, part)
    return different <= _NOT_INHERITED and not any(part.attributes[name] for name in different)
