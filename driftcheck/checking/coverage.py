"""Counts what was compared, and names what was not."""

from __future__ import annotations

from collections import Counter

from driftcheck.catalog.base import Catalog
from driftcheck.findings import Coverage
from driftcheck.schema import Snapshot


def coverage(snapshot: Snapshot, catalog: Catalog) -> Coverage:
    """What a snapshot holds, in build order, and what its reader knows that it does not."""
    counts = Counter(address.kind for address in snapshot.objects)
    compared = {kind.plural: counts[kind.name] for kind in catalog.kinds if counts[kind.name]}
    return Coverage(compared, snapshot.not_compared)
