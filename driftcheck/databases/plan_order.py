"""Puts the nodes of a plan in an order in which they can run."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping

from driftcheck.databases.plan_by_hand import leave_to_a_person
from driftcheck.databases.plan_evaluation import Evaluation
from driftcheck.databases.plan_nodes import NodeKind, PlanNode, PlanNodes
from driftcheck.databases.plan_partitions import references
from driftcheck.databases.plan_scope import PlanScope, Selection
from driftcheck.schema import Address, SchemaObject


def nodes_of(selection: Selection, scope: PlanScope) -> list[PlanNode]:
    """The nodes of a selection in the order in which they can run.

    If foreign keys refer to each other's tables in a circle, they are dropped before the tables.
    """
    nodes, ordered, stuck = _ordered(selection, scope)
    in_circle = {node.address for node in stuck if node.kind is NodeKind.DROP}
    for address, root in list(selection.covered.items()) if stuck else ():
        obj = scope.state.objects[address]
        if root in in_circle and obj.address.kind == "foreign key":
            del selection.covered[address]
            selection.drops[address] = obj
    if stuck:
        nodes, ordered, stuck = _ordered(selection, scope)
    ordered = [*ordered, *stuck]
    leave_to_a_person(ordered, nodes, selection, scope)
    return ordered


def _ordered(
    selection: Selection, scope: PlanScope
) -> tuple[PlanNodes, list[PlanNode], list[PlanNode]]:
    """The nodes, those that can be ordered in their order, and those in a circle."""
    nodes = PlanNodes(selection, scope)
    return nodes, *_in_order(nodes, _Order(nodes, selection, scope).ranks())


class _Order:
    """Finds which nodes of a plan have to run before which.

    Args:
        nodes: The nodes. What has to run before a node is added to them.
        selection: What the plan does to each object.
        scope: The schema before and after the plan.
    """

    def __init__(self, nodes: PlanNodes, selection: Selection, scope: PlanScope) -> None:
        self._nodes = nodes
        self._selection = selection
        self._scope = scope
        self._run = nodes.order
        self._altered = {target.address: target for _, target in selection.alters.values()}
        self._order_drops()
        self._order_makers()
        self._order_rivals()
        self._order_keys()
        self._order_attachments()
        self._order_references()
        self._order_by_name()
        self._order_evaluations()

    def _order_drops(self) -> None:
        """Drop an object after everything that depends on it, or that stops to do so."""
        state = self._scope.state
        for address, node in self._nodes.droppers.items():
            for dependent in state.dependents(address):
                other = self._nodes.droppers.get(dependent)
                if self._is_heir(dependent, address):
                    self._run(node, before=other or self._nodes.alterers.get(dependent))
                elif other is not None:
                    self._run(other, before=node)
                    if dependent not in self._nodes.renamers:  # its drop may name the type
                        self._run(other, before=self._nodes.renamers.get(address))
                elif dependent in self._nodes.releasers and address not in self._nodes.renamers:
                    self._run(self._nodes.releasers[dependent], before=node)
                elif dependent in self._nodes.alterers:
                    self._run(self._nodes.alterers[dependent], before=node)
        for address, node in self._nodes.converters.items():
            for dependent in state.dependents(address):
                self._run(self._nodes.droppers.get(dependent), before=node)

    def _is_heir(self, address: Address, source: Address) -> bool:
        """Whether an object is inherited from another one that is dropped without its heirs."""
        is_inherited = self._scope.state.objects[address].inherited_from == source
        return is_inherited and self._scope.leaves_heirs(source)

    def _order_makers(self) -> None:
        """Create and alter an object after everything that it needs."""
        selection, state = self._selection, self._scope.state
        for obj in (*selection.creates.values(), *(t for _, t in selection.alters.values())):
            node = self._nodes.makers.get(obj.address)
            for address in self._scope.needed_by(obj):
                if self._is_needed_first(obj, address):
                    self._run(self._nodes.makers.get(address), before=node)
                if self._becomes_heir(obj, address):
                    self._run(node, before=self._nodes.makers.get(address))
                self._order_definition(obj, address, node)
                if address == obj.part_of:
                    self._run(
                        self._nodes.makers.get(address),
                        before=self._nodes.attachers.get(obj.address),
                    )
                    self._run(node, before=self._nodes.attachers.get(address))
        for address, node in self._nodes.alterers.items():
            for altered in self._altered_with(address):
                for dependent in state.dependents(altered):
                    if not self._is_used_by(dependent, altered):  # a sequence of its column
                        self._run(self._nodes.droppers.get(dependent), before=node)
        self._order_rows_as_text()

    def _is_used_by(self, address: Address, obj: Address) -> bool:
        """Whether an object, or a part of it, depends on another one."""
        objects, dependents = self._scope.state.objects, self._scope.state.dependents(address)
        is_part = objects[address].part_of == obj
        is_used = is_part and any(objects[each].part_of == obj for each in dependents)
        return is_used or obj in dependents

    def _order_rivals(self) -> None:
        """Drop what the server may take for what a new object needs, before it is created."""
        for obj in self._selection.creates.values():
            for rival in self._scope.rivals(obj):
                dropper = self._nodes.droppers.get(rival.address)
                self._run(dropper, before=self._nodes.makers.get(obj.address))

    def _order_keys(self) -> None:
        """Create the key of a partition before an index to which the server attaches it."""
        creates = self._selection.creates
        for obj in creates.values():
            index = self._scope.to_attach(obj)
            if index in creates:
                self._run(self._nodes.makers.get(obj.address), before=self._nodes.makers.get(index))

    def _altered_with(self, address: Address) -> Iterator[Address]:
        """A column, and the columns that are inherited from it."""
        yield address
        for dependent in self._scope.state.dependents(address):
            heir = self._scope.state.objects[dependent]
            if heir.inherited_from == address and dependent.kind == "column":
                yield from self._altered_with(dependent)

    def _order_attachments(self) -> None:
        """Attach a partition after others have left its table, whose rows may be its own."""
        creates = self._selection.creates.values()
        for obj in (*creates, *(target for _, target in self._selection.alters.values())):
            attacher = self._nodes.attachers.get(obj.address)
            for sibling in self._scope.leaving(obj) if attacher is not None else ():
                self._run(self._nodes.droppers.get(sibling), before=attacher)
                self._run(self._nodes.detachers.get(sibling), before=attacher)

    def _order_references(self) -> None:
        """Drop a foreign key before partitions leave its table, and create it when they are back.

        The server does not detach a partition while rows of another table refer to its rows.
        """
        for address, node in self._nodes.detachers.items():
            if address not in self._selection.alters:
                continue
            _, target = self._selection.alters[address]
            for key in references(self._scope.state, address):
                self._run(self._nodes.droppers.get(key), before=node)
                attacher = self._nodes.attachers.get(target.address)
                self._run(attacher, before=self._nodes.makers.get(key))

    def _order_rows_as_text(self) -> None:
        """Turn rows of a table into text while the columns of that table are altered."""
        for address in self._selection.as_text:
            _, target = self._selection.alters[address]
            for needed in set(self._scope.needed_by(target)) - {target.part_of}:
                for part in self._scope.state.parts(needed):
                    self._run(
                        self._nodes.alterers.get(part.address), before=self._nodes.alterers[address]
                    )
                    own = self._nodes.converters[address]
                    self._run(own, before=self._nodes.converters.get(part.address))

    def _order_definition(self, obj: SchemaObject, address: Address, node: PlanNode | None) -> None:
        """Define a type after its functions, and before other objects that need it."""
        if self._scope.defines(address, obj.address):
            self._run(self._nodes.makers.get(address), before=self._nodes.definers.get(obj.address))
        elif not self._scope.defines(obj.address, address):
            self._run(self._nodes.definers.get(address), before=node)

    def _is_needed_first(self, obj: SchemaObject, address: Address) -> bool:
        """Whether an object can only be created after another one that it depends on.

        The body of a routine is set at the end, so only the types of its parameters count. A type
        that functions define is only named first.
        """
        if self._scope.defines(address, obj.address) or self._becomes_heir(obj, address):
            return False
        altered = self._altered.get(address)
        if altered is not None and obj.address in set(self._scope.needed_by(altered)):
            return False  # it exists: a sequence that gets the column as its owner
        if not self._scope.kind(obj).has_late_body(obj):
            return True
        signature = f"{obj.attributes['parameters']} {obj.attributes['returns']}"
        return address.name in signature

    def _becomes_heir(self, obj: SchemaObject, source: Address) -> bool:
        """Whether an altered object becomes the heir of a new one, which has to be like it."""
        is_heir = obj.inherited_from == source and source in self._selection.creates
        return is_heir and obj.address not in self._selection.creates

    def _order_by_name(self) -> None:
        """Create and rename objects after others that have given up their name."""
        selection = self._selection
        holders: dict[tuple[str, ...], PlanNode] = {}
        for address, node in self._nodes.droppers.items():
            former = self._nodes.renamers.get(address, node)
            for key in self._scope.names.of(self._scope.state.objects[address]):
                holders[key] = former
        for address, (current, target) in selection.alters.items():
            kept = set(self._scope.names.of(target))
            for key in self._scope.names.of(current):
                if key not in kept:
                    holders[key] = self._nodes.alterers[address]
        renamed = [t for c, t in selection.alters.values() if c.address != t.address]
        for obj in (*selection.creates.values(), *renamed):
            for key in self._scope.names.of(obj):
                self._run(holders.get(key), before=self._nodes.makers.get(obj.address))

    def _order_evaluations(self) -> None:
        """Create what the server evaluates for rows after what its functions may need."""
        creates = self._selection.creates
        altered = (target for _, target in self._selection.alters.values())
        evaluated = [
            obj
            for obj in creates.values()
            if self._scope.kind(obj).is_evaluated
            and obj.part_of not in creates
            and obj.address in self._nodes.makers  # or it cannot be created
        ]
        if not evaluated:
            return
        evaluation = Evaluation(self._scope, (*creates.values(), *altered))
        for obj in evaluated:
            node = self._nodes.makers[obj.address]
            for address in evaluation.needed_by(obj):
                for first in (self._nodes.makers.get(address), self._nodes.attachers.get(address)):
                    if first is not None and not self._is_after(first, node):
                        self._run(first, before=node)

    def _is_after(self, node: PlanNode, first: PlanNode) -> bool:
        """Whether a node has to run after another one."""
        seen, waiting = {node}, [node]
        while waiting:
            found = self._nodes.before.get(waiting.pop(), set()) - seen
            seen |= found
            waiting += found
        return first in seen

    def ranks(self) -> dict[PlanNode, tuple[int, int, int]]:
        """The position of each node if no other node decides."""
        order = {kind.name: position for position, kind in enumerate(self._scope.catalog.kinds)}
        ranks: dict[PlanNode, tuple[int, int, int]] = {}
        for number, node in enumerate(self._nodes.nodes):
            position = order[node.address.kind]
            drops = node.kind in (NodeKind.DROP, NodeKind.RENAME_AWAY)
            ranks[node] = (node.kind, -position if drops else position, number)
        return ranks


def _in_order(
    nodes: PlanNodes, ranks: Mapping[PlanNode, tuple[int, int, int]]
) -> tuple[list[PlanNode], list[PlanNode]]:
    """The nodes in an order in which each follows those before it, and the nodes in a circle."""
    waits = {node: set(nodes.before.get(node, ())) for node in nodes.nodes}
    after: dict[PlanNode, list[PlanNode]] = defaultdict(list)
    for node, firsts in waits.items():
        for first in firsts:
            after[first].append(node)
    ready = [(ranks[node], node) for node in nodes.nodes if not waits[node]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, node = heapq.heappop(ready)
        ordered.append(node)
        for later in after[node]:
            waits[later].discard(node)
            if not waits[later]:
                heapq.heappush(ready, (ranks[later], later))
    done = set(ordered)
    stuck = sorted((node for node in nodes.nodes if node not in done), key=ranks.__getitem__)
    return ordered, stuck
