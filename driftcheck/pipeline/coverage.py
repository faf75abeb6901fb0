"""Counts the objects that were compared and those that were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.reading import Scope
from driftcheck.judging.report import Coverage
from driftcheck.schema import Snapshot


def coverage(
    snapshot: Snapshot,
    catalog: Catalog,
    scope: Scope,
    others: Iterable[Snapshot] = (),
) -> Coverage:
    """Count the objects of a snapshot by kind, in build order, and those that were not read.

    Args:
        snapshot: The snapshot of the actual side.
        catalog: The catalog that read the snapshot.
        scope: The schemas and properties that were compared.
        others: The snapshots of the other sides, whose objects that were not read count too.
    """
    counts = Counter(address.kind for address in snapshot.objects)
    compared = {kind.plural: counts[kind.name] for kind in catalog.kinds if counts[kind.name]}
    not_compared = _not_compared(snapshot)
    for other in others:
        for kind, count in _not_compared(other).items():
            not_compared[kind] = max(count, not_compared[kind])
    return Coverage(compared, dict(sorted(not_compared.items())), tuple(_left_out(scope, catalog)))


def _not_compared(snapshot: Snapshot) -> Counter[str]:
    """Count the objects that were not read by kind, in all schemas."""
    counts: Counter[str] = Counter()
    for (kind, _), count in snapshot.not_compared.items():
        counts[kind] += count
    return counts


def _left_out(scope: Scope, catalog: Catalog) -> Iterator[str]:
    """Yield the properties and schemas that were not requested."""
    for option, properties in catalog.by_option.items():
        if not getattr(scope, option):
            yield properties
    if scope.schemas is not None:
        yield f"all schemas except {', '.join(scope.schemas)}"
