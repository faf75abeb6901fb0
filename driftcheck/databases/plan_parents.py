"""Writes what detaches objects from their parents and attaches them, where parents are renamed."""

from __future__ import annotations

from collections.abc import Iterable

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import Kind
from driftcheck.schema import Address, SchemaObject

_NOWHERE = Address("", "", ("",))
"""The former name of a parent that has the name which another one had."""


class RenamedParents:
    """The parents that get other names, which the objects attached to them follow.

    An object is detached before its parents are renamed, and attached afterwards.

    Args:
        catalog: The catalog of the database.
        pairs: The current and the target object of each change.
    """

    def __init__(
        self, catalog: Catalog, pairs: Iterable[tuple[SchemaObject | None, SchemaObject | None]]
    ) -> None:
        self._catalog = catalog
        self._new_names = {
            current.address: target.address
            for current, target in pairs
            if current is not None and target is not None and current.address != target.address
        }

    def made(self, former: Address) -> None:
        """Forget a parent that has its new name now."""
        self._new_names.pop(former, None)

    def detaching(self, current: SchemaObject, target: SchemaObject | None) -> list[str]:
        """Statements that detach an object before its change; see ``Kind.detach``."""
        kind = self._kind(current)
        if target is None:
            return kind.detach(current, None)
        former = dict.fromkeys(self._new_names, _NOWHERE)
        former |= {new: old for old, new in self._new_names.items()}
        return kind.detach(current, kind.with_parents(target, former))

    def attaching(self, current: SchemaObject | None, target: SchemaObject) -> list[str]:
        """Statements that attach an object after its change; see ``Kind.attach``."""
        kind = self._kind(target)
        if current is not None:
            current = kind.with_parents(current, self._new_names)
        return kind.attach(current, target)

    def _kind(self, obj: SchemaObject) -> Kind:
        return self._catalog.kind(obj.address.kind)
