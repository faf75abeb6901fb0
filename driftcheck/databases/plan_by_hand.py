"""Leaves to a person what cannot run before a person has made a change by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from driftcheck.databases.plan_nodes import NodeKind, PlanNode, PlanNodes
from driftcheck.databases.plan_scope import PlanScope, Selection
from driftcheck.schema import SchemaObject


def leave_to_a_person(
    ordered: Sequence[PlanNode], nodes: PlanNodes, selection: Selection, scope: PlanScope
) -> None:
    """Turn the nodes that a change by hand prevents into manual steps.

    Args:
        ordered: The nodes in the order in which they run.
        nodes: The nodes, and what has to run before each.
        selection: What the plan does to each object.
        scope: The schema before and after the plan.
    """
    by_hand = _ByHand(nodes, selection, scope)
    left_out = by_hand.left_out(ordered)
    when = "Before that"
    for node in ordered:
        if by_hand.needs_missing(node) or (node in left_out and node.manual_step):
            when = "After that"
        if node in left_out and not node.manual_step and node.statements:
            node.manual_step = f"{when}, run: {'; '.join(node.statements)}"
        if node in left_out:
            node.statements = []


class _ByHand:
    """Finds the nodes that a change by hand prevents."""

    def __init__(self, nodes: PlanNodes, selection: Selection, scope: PlanScope) -> None:
        self._nodes = nodes
        self._selection = selection
        self._scope = scope

    def left_out(self, ordered: Sequence[PlanNode]) -> set[PlanNode]:
        """Return the nodes that a change by hand prevents.

        An object that cannot be created again is not dropped. If a change is left to a person, what
        it makes way for it is not dropped, and neither is what the object needs until then. All
        nodes that have to run before or after these are left out too. After a drop or a creation
        that is left to a person, only the nodes are left out that have to run after it.
        """
        near = self._neighbours()
        waiting = [node for node in ordered if node.manual_step and self._is_recreated(node)]
        for node in filter(_is_by_hand, ordered):
            waiting += (other for other in near[node] if self._waits_for_change(other, node))
        left_out = set(waiting)
        while waiting:
            found = near[waiting.pop()] - left_out
            left_out |= found
            waiting += found
        for node in ordered:
            is_left = _is_by_hand(node) and self._drops_or_creates(node)
            if is_left or self.needs_missing(node) or self._follows(node, left_out):
                left_out.add(node)
        return left_out

    def needs_missing(self, node: PlanNode) -> bool:
        """Whether a node creates an object that needs one which a person creates or renames."""
        missing, obj = self._scope.named_by_a_person, self._created(node)
        if not missing or obj is None:
            return False
        return not missing.isdisjoint(self._scope.needed_by(obj))

    def _neighbours(self) -> dict[PlanNode, set[PlanNode]]:
        """Return the nodes that have to run before or after each node."""
        near: dict[PlanNode, set[PlanNode]] = defaultdict(set)
        for node, firsts in self._nodes.before.items():
            for first in firsts:
                near[node].add(first)
                near[first].add(node)
        return near

    def _follows(self, node: PlanNode, others: set[PlanNode]) -> bool:
        return not others.isdisjoint(self._nodes.before.get(node, ()))

    def _created(self, node: PlanNode) -> SchemaObject | None:
        """Return the object that a node creates."""
        is_made = self._nodes.makers.get(node.address) is node
        return self._selection.creates.get(node.address) if is_made else None

    def _is_recreated(self, node: PlanNode) -> bool:
        return self._created(node) is not None and node.address in self._selection.drops

    def _drops_or_creates(self, node: PlanNode) -> bool:
        return node.kind is NodeKind.DROP or self._created(node) is not None

    def _waits_for_change(self, node: PlanNode, change: PlanNode) -> bool:
        """Whether a node drops what is in the way of a change, or what is not needed after it.

        What is attached by the change waits for it too.
        """
        if self._nodes.alterers.get(change.address) is not change:
            return False
        if node.kind is NodeKind.DROP:
            return self._follows(node, {change}) or node.address in self._selection.creates
        return node.kind is NodeKind.ATTACH


def _is_by_hand(node: PlanNode) -> bool:
    """Whether a person makes the whole change of a node."""
    return bool(node.manual_step) and not node.statements
