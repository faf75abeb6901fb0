"""Finds the views that a copy without stored functions cannot have, because they call one."""

from __future__ import annotations

from driftcheck.databases.dependencies import names_in
from driftcheck.databases.registry import catalog_for
from driftcheck.schema import Address, SchemaObject, Snapshot


def users_of_stored_code(*schemas: Snapshot) -> frozenset[Address]:
    """Return the views that use stored code of their schema, by themselves or through other views.

    A name of stored code in the query of a view is taken for a use, so there can be more than use
    it, and not less.

    Args:
        schemas: The schemas of one database. A view that uses code in one of them is returned.
    """
    found: set[Address] = set()
    for schema in schemas:
        kinds = {kind.name for kind in catalog_for(schema.dialect).kinds if kind.is_stored_code}
        names = {address.name for address in schema.objects if address.kind in kinds}
        if names:
            found |= _users(schema, names)
    return frozenset(found)


def _users(schema: Snapshot, names: set[str]) -> set[Address]:
    waiting = [obj for address, obj in schema.objects.items() if address.kind == "view"]
    found: set[Address] = set()
    while users := [view for view in waiting if not names.isdisjoint(_names(view))]:
        names |= {view.address.name for view in users}
        found |= {view.address for view in users}
        waiting = [view for view in waiting if view.address not in found]
    return found


def _names(view: SchemaObject) -> set[str]:
    return names_in(view.attributes["definition"])
