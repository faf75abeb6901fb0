"""Finds the expressions of a walk's states that equal those of a live schema in another text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.printed_expressions import Rewording
from driftcheck.pipeline.printed_expressions import decide
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.walk import Walk


def equal_expressions(
    walk: Walk, live: Snapshot, catalog: Catalog, maker: Callable[[], ShadowMaker]
) -> tuple[Rewording, dict[Address, str]]:
    """Decide about every expression of the states that the live schema has in another text.

    Args:
        walk: The walk.
        live: The live schema, with all its schemas.
        catalog: The catalog of the database.
        maker: Returns what makes the shadows.

    Returns:
        The texts of the live schema, by the equal texts of the states; and why no decision was
        possible, by the address of the object.
    """
    replacements: dict[tuple[Address, str, Value], Value] = {}
    undecided: dict[Address, str] = {}
    printed = [
        (obj, names)
        for obj in live.objects.values()
        if (names := catalog.kind(obj.address.kind).printed_in(obj))
    ]
    known: set[int] = set()
    for state in [*walk.states()][::-1]:
        snapshot = walk.snapshot(state)
        changes = [*_changes(snapshot, printed, known)]
        decision = decide(changes, (snapshot, live), catalog, maker)
        replacements |= decision.replacements
        undecided |= decision.undecided
    return replacements, undecided


def _changes(
    snapshot: Snapshot, printed: list[tuple[SchemaObject, frozenset[str]]], known: set[int]
) -> Iterator[Change]:
    """Yield the objects of a state whose printed expressions are not those of the live schema.

    Args:
        snapshot: The schema of the state.
        printed: The objects of the live schema, with the attributes that are expressions.
        known: The objects of other states that were looked at. New ones are added. States share
            the objects that are equal.
    """
    for obj, names in printed:
        other = snapshot.objects.get(obj.address)
        if other is None or id(other) in known:
            continue
        known.add(id(other))
        if any(other.attributes.get(name) != obj.attributes.get(name) for name in names):
            yield Change(ChangeType.CHANGED, other, obj)
