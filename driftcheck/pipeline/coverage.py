"""Counts what was compared, and names what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from driftcheck.databases.catalog import Catalog, Scope
from driftcheck.judging.findings import Coverage
from driftcheck.schema import Snapshot


def coverage(
    snapshot: Snapshot,
    catalog: Catalog,
    scope: Scope,
    others: Iterable[Snapshot] = (),
) -> Coverage:
    """What a snapshot holds, in build order, and what its reader knows that it does not.

    Args:
        snapshot: The side as it is.
        catalog: The catalog that has read it.
        scope: What of it counted.
        others: The other sides: what only they hold was not compared, either.
    """
    counts = Counter(address.kind for address in snapshot.objects)
    compared = {kind.plural: counts[kind.name] for kind in catalog.kinds if counts[kind.name]}
    not_compared = _not_compared(snapshot)
    for other in others:
        for kind, count in _not_compared(other).items():
            not_compared[kind] = max(count, not_compared[kind])
    return Coverage(compared, dict(sorted(not_compared.items())), tuple(_left_out(scope, catalog)))


def _not_compared(snapshot: Snapshot) -> Counter[str]:
    """How many of each kind were not compared, whatever their schema."""
    counts: Counter[str] = Counter()
    for (kind, _), count in snapshot.not_compared.items():
        counts[kind] += count
    return counts


def _left_out(scope: Scope, catalog: Catalog) -> Iterator[str]:
    """What nobody asked for."""
    for option, what in catalog.by_option.items():
        if not getattr(scope, option):
            yield what
    if scope.schemas is not None:
        yield f"schemas but {', '.join(scope.schemas)}"
