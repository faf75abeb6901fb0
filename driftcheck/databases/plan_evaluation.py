"""Finds what an expression may need besides what the server records: what its functions use.

The server records nothing of the names in the body of a function. It needs them when it evaluates
the function: for a check constraint on a table with rows, or for a materialized view.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.databases.dependencies import names_in
from driftcheck.databases.plan_scope import PlanScope
from driftcheck.schema import Address, SchemaObject

_ROUTINES = frozenset(("function", "procedure", "aggregate"))


class Evaluation:
    """Finds the objects that a plan makes and that expressions need through functions.

    Args:
        scope: The schema before and after the plan.
        made: The objects that the plan creates and alters, as they are afterwards.
    """

    def __init__(self, scope: PlanScope, made: Iterable[SchemaObject]) -> None:
        self._scope = scope
        self._made_by_name: dict[str, list[SchemaObject]] = {}
        for obj in made:
            self._made_by_name.setdefault(obj.address.name, []).append(obj)

    def needed_by(self, obj: SchemaObject) -> Iterator[Address]:
        """Yield the functions of an object, and what they may need of what the plan makes."""
        found: set[Address] = set()
        waiting = [*self._routines(obj)]
        while waiting:
            routine = waiting.pop()
            if routine.address in found:
                continue
            found.add(routine.address)
            yield routine.address
            named = [*self._named_in(routine)]
            yield from (other.address for other in named)
            for other in (routine, *named):
                waiting += self._routines(other)
            waiting += [other for other in named if other.address.kind in _ROUTINES]

    def _routines(self, obj: SchemaObject) -> Iterator[SchemaObject]:
        for address in self._scope.needed_by(obj):
            routine = self._scope.goal(address) if address.kind in _ROUTINES else None
            if routine is not None:
                yield routine

    def _named_in(self, routine: SchemaObject) -> Iterator[SchemaObject]:
        for name in names_in(tuple(routine.attributes.values())):
            for other in self._made_by_name.get(name, ()):
                if other.address != routine.address:
                    yield other
