"""Draws a sample of mutations, and groups mutations into batches that can run together."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, zip_longest

from driftcheck.databases.mutations import Expectation, Mutation
from driftcheck.schema import Address


def sample_mutations(mutations: Sequence[Mutation], size: int | None, seed: int) -> list[Mutation]:
    """Draw a sample that covers as many types of mutations as possible.

    The sample first takes one mutation of each type (kind of object and description), then a
    second one of each type, and so on.

    Args:
        mutations: The mutations to draw from.
        size: The maximal number of mutations; ``None`` for all.
        seed: The seed of the random number generator.

    Returns:
        The sample, in the order of ``mutations``.
    """
    if size is None or len(mutations) <= size:
        return list(mutations)
    generator = random.Random(seed)  # noqa: S311  (a sample needs no secure random numbers)
    by_type: dict[tuple[str, str], list[int]] = {}
    for position in generator.sample(range(len(mutations)), len(mutations)):
        mutation = mutations[position]
        by_type.setdefault((mutation.address.kind, mutation.description), []).append(position)
    rounds = chain.from_iterable(zip_longest(*by_type.values()))
    positions = [position for position in rounds if position is not None][:size]
    return [mutations[position] for position in sorted(positions)]


def batches(mutations: Sequence[Mutation], size: int) -> Iterator[list[Mutation]]:
    """Group mutations into batches. The mutations of a batch concern different objects.

    All mutations of a batch have the same expected finding:

    - Drops run in reverse build order, so that each object still exists when it is dropped.
    - Renames are recognized by the old and the new name, so they cannot be confused. An object and
      the object that contains its name are renamed in different batches.
    - Other changes that affect dependent objects share a batch only with the same change of other
      objects of the kind, because these objects do not depend on each other.

    Args:
        mutations: The mutations, in build order of their objects.
        size: The maximal size of a batch.
    """
    open_batches: dict[Hashable, list[dict[Address, Mutation]]] = defaultdict(list)
    drops = [m for m in mutations if m.expectation is Expectation.MISSING]
    others = (m for m in mutations if m.expectation is not Expectation.MISSING)
    for mutation in (*reversed(drops), *others):
        if not mutation.in_transaction:
            yield [mutation]
            continue
        compatible = open_batches[_compatibility(mutation)]
        batch = next((b for b in compatible if mutation.address not in b), None)
        if batch is None:
            compatible.append(batch := {})
        batch[mutation.address] = mutation
        if len(batch) == size:
            compatible.remove(batch)
            yield [*batch.values()]
    for compatible in open_batches.values():
        yield from ([*batch.values()] for batch in compatible)


def _compatibility(mutation: Mutation) -> Hashable:
    """A key that is equal for mutations that can share a batch."""
    expectation = mutation.expectation
    if mutation.isolated or expectation in (Expectation.MISSING, Expectation.EXTRA):
        return expectation, mutation.isolated
    if expectation is Expectation.RENAMED:
        address = mutation.address
        return expectation, mutation.description, bool(address.schema), len(address.path)
    return expectation, mutation.address.kind, mutation.description
