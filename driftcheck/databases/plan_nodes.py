"""Writes the statements of a selection, and puts them in an order in which they can run."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.plan_evaluation import Evaluation
from driftcheck.databases.plan_scope import PlanScope, Selection, names_held, within
from driftcheck.schema import Address, SchemaObject


class NodeKind(IntEnum):
    """What the statements of a node do. Without other reasons, nodes run in this order."""

    RELEASE = 0
    DROP = 1
    RENAME_AWAY = 2
    MAKE = 3
    ATTACH = 4
    MAKE_LAST = 5


@dataclass(eq=False)
class PlanNode:
    """Statements about one object that run together.

    Attributes:
        kind: What they do.
        address: The object.
        statements: SQL without closing semicolons.
        finding: The number of the finding that the statements belong to.
        manual_step: What has to be done instead, if it cannot be written as SQL.
    """

    kind: NodeKind
    address: Address
    statements: list[str] = field(default_factory=list)
    finding: int | None = None
    manual_step: str = ""


def nodes_of(selection: Selection, scope: PlanScope) -> list[PlanNode]:
    """The nodes of a selection in the order in which they can run.

    If foreign keys refer to each other's tables in a circle, they are dropped before the tables.
    """
    graph = _Graph(selection, scope)
    ordered, stuck = _in_order(graph)
    if not stuck:
        return _without_losses(ordered, graph)
    in_circle = {node.address for node in stuck if node.kind is NodeKind.DROP}
    for address, root in list(selection.covered.items()):
        obj = scope.state.objects[address]
        if root in in_circle and obj.address.kind == "foreign key":
            del selection.covered[address]
            selection.drops[address] = obj
    graph = _Graph(selection, scope)
    ordered, stuck = _in_order(graph)
    return _without_losses([*ordered, *stuck], graph)


def _without_losses(ordered: list[PlanNode], graph: _Graph) -> list[PlanNode]:
    """The nodes without those that a change by hand prevents. They become manual steps."""
    left_out = _left_out(ordered, graph)
    is_first = True
    for node in ordered:
        is_first &= node not in left_out or not node.manual_step
        is_first &= not graph.needs_missing(node)
        if node in left_out and not node.manual_step and node.statements:
            when = "Before that" if is_first else "After that"
            node.manual_step = f"{when}, run: {'; '.join(node.statements)}"
        if node in left_out:
            node.statements = []
    return ordered


def _left_out(ordered: list[PlanNode], graph: _Graph) -> set[PlanNode]:
    """The nodes that a change by hand prevents.

    An object that cannot be created again is not dropped. If a change is left to a person, what it
    makes way for it is not dropped, and neither is what the object needs until then. All nodes that
    have to run before or after these are left out too. After a drop or a creation that is left to a
    person, only the nodes are left out that have to run after it.
    """
    near: dict[PlanNode, set[PlanNode]] = defaultdict(set)
    for node, firsts in graph.before.items():
        for first in firsts:
            near[node].add(first)
            near[first].add(node)
    lost = [node for node in ordered if node.manual_step and graph.is_recreated(node)]
    for node in ordered:
        if node.manual_step and not node.statements:
            lost += (other for other in near[node] if graph.waits_for_change(other, node))
    left_out = set(lost)
    while lost:
        found = near[lost.pop()] - left_out
        left_out |= found
        lost += found
    for node in ordered:
        is_left = node.manual_step and not node.statements and graph.drops_or_creates(node)
        is_left = is_left or graph.needs_missing(node)
        if is_left or not left_out.isdisjoint(graph.before.get(node, ())):
            left_out.add(node)
    return left_out


class _Graph:
    """The nodes of a selection, and which of them run before which.

    Attributes:
        nodes: The nodes, each after those that it follows if nothing else decides.
        before: The nodes that run before each node.
    """

    def __init__(self, selection: Selection, scope: PlanScope) -> None:
        self._selection = selection
        self._scope = scope
        self._catalog = scope.catalog
        self.nodes: list[PlanNode] = []
        self.before: dict[PlanNode, set[PlanNode]] = defaultdict(set)
        self._droppers: dict[Address, PlanNode] = {}
        self._makers: dict[Address, PlanNode] = {}
        self._alterers: dict[Address, PlanNode] = {}
        self._renamers: dict[Address, PlanNode] = {}
        self._definers: dict[Address, PlanNode] = {}
        self._detachers: dict[Address, PlanNode] = {}
        self._attachers: dict[Address, PlanNode] = {}
        self._converters: dict[Address, PlanNode] = {}
        self._add_drops()
        self._add_alterations()
        self._add_creations()
        self._leave_what_needs_values()
        self._order_drops()
        self._order_makers()
        self._order_by_name()
        self._order_evaluations()

    def _add(self, kind: NodeKind, obj: SchemaObject) -> PlanNode:
        finding = self._selection.finding_of.get(obj.address)
        node = PlanNode(kind, obj.address, finding=finding)
        self.nodes.append(node)
        return node

    def _add_drops(self) -> None:
        selection = self._selection
        for address, statements in selection.released.items():
            node = self._add(NodeKind.RELEASE, self._scope.state.objects[address])
            node.statements = statements
            if address in selection.as_text:
                self._converters[address] = node
        for address, obj in selection.drops.items():
            kind = self._scope.kind(obj)
            node = self._add(NodeKind.DROP, obj)
            self._droppers[address] = node
            dropped = obj
            if address in selection.rename_away:
                renamer = self._renamers[address] = self._add(NodeKind.RENAME_AWAY, obj)
                renamer.statements, dropped = kind.rename_away(obj)
                self.before[node].add(renamer)
            alone = self._scope.leaves_heirs(address)
            with _manual(node):
                self._require_own(obj)
                node.statements = kind.drop_alone(obj) if alone else kind.drop(dropped)
                self._require_empty(obj, node.statements)
            if address not in selection.creates:
                self._released(obj, kind.detach(obj, None))
        for address, root in selection.covered.items():
            self._droppers[address] = self._droppers[self._root(root)]

    def _require_own(self, dropped: SchemaObject) -> None:
        """Leave the drop of an index or a constraint to a person while it is inherited."""
        source, table = dropped.inherited_from, dropped.part_of
        if source is None or table is None or source not in self._scope.state.objects:
            return
        is_kept = not self._selection.is_gone(source) and self._scope.attachment(table) is None
        if is_kept and self._scope.kind(dropped).attach_heir(dropped, dropped):
            raise CannotBeWritten(
                f"PostgreSQL cannot drop {dropped.address} while it is inherited from {source}. "
                f"Drop {source}, and create it again for its table alone, with ONLY."
            )

    def _require_empty(self, dropped: SchemaObject, statements: list[str]) -> None:
        """Leave the drop of a schema to a person, if an object that is no drift remains in it."""
        if dropped.address.kind != "schema":
            return
        moved = {current.address for current, _ in self._selection.carried}
        moved |= self._selection.alters.keys()
        for address, obj in self._scope.state.objects.items():
            is_inside = address.schema == dropped.address.name and len(address.path) == 1
            if is_inside and address not in moved and not self._selection.is_gone(address):
                raise CannotBeWritten(
                    f"Drop {obj.address} or move it to another schema. "
                    f"Then run: {'; '.join(statements)}"
                )

    def _root(self, address: Address) -> Address:
        covered = self._selection.covered
        while address not in self._selection.drops:
            address = covered[address]
        return address

    def _released(self, obj: SchemaObject, statements: list[str]) -> None:
        if statements:
            node = self._detachers[obj.address] = self._add(NodeKind.RELEASE, obj)
            node.statements = statements

    def _add_alterations(self) -> None:
        for address, (current, target) in self._selection.alters.items():
            kind = self._scope.kind(target)
            node = self._add(NodeKind.MAKE, target)
            self._makers[target.address] = self._alterers[address] = node
            with _manual(node):
                detaching = kind.detach(current, target) if self._is_detached(current) else []
                node.statements, node.manual_step = self._altering(current, target)
                self._released(current, detaching)
                attaching = [*kind.attach(current, target), *self._heirs_attached(current, target)]
                self._attached(target, attaching, node)

    def _heirs_attached(self, current: SchemaObject, target: SchemaObject) -> list[str]:
        """Statements that attach the heirs of an altered object, if that completes the object.

        What is created again is attached by itself.
        """
        if self._scope.completed(current, target) is current:
            return []
        statements = []
        for heir in self._scope.heirs(target.address):
            was = self._scope.state.objects.get(heir.address)
            is_attached = was is not None and was.inherited_from == current.address
            if not is_attached and heir.address not in self._selection.creates:
                statements += self._scope.kind(target).attach_heir(target, heir)
        return statements

    def _attached_to_source(self, obj: SchemaObject) -> list[str]:
        """Statements that attach a part, which is created by itself, to what it is inherited from.

        A table that is attached in the plan gets its indexes attached by that.
        """
        source, table = obj.inherited_from, obj.part_of
        if source is None or table is None or table in self._selection.creates:
            return []
        goal, current = self._scope.goal(source), self._scope.state.objects.get(table)
        is_attached = current is not None and current.part_of is not None
        if goal is None or not is_attached or self._scope.attachment(table) is not None:
            return []
        return self._scope.kind(obj).attach_heir(goal, obj)

    def _is_detached(self, current: SchemaObject) -> bool:
        """Whether an object is detached before it is altered: a body only from what is dropped."""
        if not self._scope.kind(current).has_late_body(current):
            return True
        needed = self._scope.state.explicit(current.address)
        return any(self._selection.is_gone(address) for address in needed)

    def _altering(self, current: SchemaObject, target: SchemaObject) -> tuple[list[str], str]:
        kind, parent, rows = self._scope.kind(target), current.part_of, self._scope.rows
        self._require_alterable(current, target)
        has_rows = parent is not None and rows.has_rows(parent)
        has_nulls = has_rows and rows.has_nulls(current.address)
        renamed: list[str] = []
        is_renamed = parent != target.part_of == self._scope.renamed(parent)
        if parent is not None and target.part_of is not None and is_renamed:
            former = replace(self._scope.state.objects.get(parent, current), address=parent)
            current = within(current, former, replace(former, address=target.part_of))
        if current.address.arguments:
            current = self._after_renamed_types(current)
        current = self._scope.completed(current, target)
        if current.address != target.address:
            renamed = kind.rename(current, target)
            current = replace(current, address=target.address)
        if current.attributes == target.attributes and current.part_of == target.part_of:
            return renamed, ""
        if not has_rows:
            return [*renamed, *kind.alter(current, target)], ""
        statements, manual_step = kind.alter_on_rows(current, target, has_nulls=has_nulls)
        return [*renamed, *statements], manual_step

    def _require_alterable(self, current: SchemaObject, target: SchemaObject) -> None:
        """Leave a change to a person, if the object of which something is a part forbids it."""
        whole = self._scope.state.objects.get(current.part_of) if current.part_of else None
        if whole is not None:
            for other in (whole, *self._scope.state.parts(whole.address)):
                self._scope.kind(other).check_part_change(other, current, target)

    def _after_renamed_types(self, obj: SchemaObject) -> SchemaObject:
        """A function as it is called after the types of its arguments were renamed, before it."""
        address = obj.address
        for old, new in self._selection.alters.values():
            address = address.after_rename(old.address, new.address)
        return replace(obj, address=address)

    def _attached(self, obj: SchemaObject, statements: list[str], maker: PlanNode) -> None:
        if statements:
            node = self._add(NodeKind.ATTACH, obj)
            node.statements = statements
            self.before[node].add(maker)
            self._run(self._detachers.get(obj.address), before=node)
            self._attachers[obj.address] = node
            if self._scope.kind(obj).is_defined_by_functions:
                self._definers[obj.address] = node

    def _add_creations(self) -> None:
        creates = self._selection.creates
        absorbed: dict[Address, list[SchemaObject]] = defaultdict(list)
        separate = []
        for obj in creates.values():
            parent = creates.get(obj.part_of) if obj.part_of is not None else None
            if parent is not None and obj.address.kind in self._scope.kind(parent).absorbs:
                absorbed[parent.address].append(obj)
            elif parent is None or not self._scope.kind(parent).creates_part(parent, obj):
                separate.append(obj)
        for obj in separate:
            # What one part needs may have been selected before the parts in front of it.
            parts = sorted(absorbed.get(obj.address, []), key=lambda part: part.number or 0)
            self._add_creation(obj, parts)

    def _add_creation(self, obj: SchemaObject, parts: list[SchemaObject]) -> None:
        kind = self._scope.kind(obj)
        is_last = kind.is_created_last(obj)
        node = self._add(NodeKind.MAKE_LAST if is_last else NodeKind.MAKE, obj)
        for made in (obj, *parts):
            self._makers[made.address] = node
        inherited = self._inherited(obj)
        with _manual(node):
            if inherited is None:
                node.statements, node.manual_step = self._creating(obj, parts)
                for made in (obj, *parts):
                    own = self._scope.kind(made)
                    node.statements += own.restrict(made, self._scope.default_privileges)
                node.statements += self._attached_to_source(obj) if not node.manual_step else []
            elif inherited.attributes != obj.attributes:
                node.statements = kind.alter(inherited, obj)
            self._attached(obj, kind.attach(inherited, obj), node)

    def _creating(self, obj: SchemaObject, parts: list[SchemaObject]) -> tuple[list[str], str]:
        parent, kind = obj.part_of, self._scope.kind(obj)
        if parent is None or parent in self._selection.creates:
            return kind.create(obj, parts), ""
        if parts or not self._scope.rows.has_rows(parent):
            return kind.create(obj, parts), ""
        return kind.create_on_rows(obj)

    def _leave_what_needs_values(self) -> None:
        """Leave to a person what the server refuses until a person has filled a column."""
        created = ((None, obj) for obj in self._selection.creates.values())
        for current, obj in (*created, *self._selection.alters.values()):
            node = self._makers.get(obj.address)
            if node is None or not node.statements or node.manual_step:
                continue
            is_unfilled = any(map(self._is_unfilled, obj.stands_on))
            if is_unfilled and self._scope.kind(obj).requires_values(current, obj):
                node.manual_step = f"Then run: {'; '.join(node.statements)}"
                node.statements = []

    def _is_unfilled(self, column: Address) -> bool:
        """Whether a person has to fill a column, in this plan or after an earlier one."""
        node = self._makers.get(column)
        is_left = node is not None and bool(node.manual_step)
        return is_left or column in self._scope.left_to_a_person

    def _inherited(self, obj: SchemaObject) -> SchemaObject | None:
        """The state of a part after its table inherited it; ``None`` if it is created itself."""
        creates, source = self._selection.creates, obj.inherited_from
        if source is None or source not in creates or obj.part_of in creates:
            return None
        if obj.address not in self._selection.follows:
            return None
        return replace(obj, attributes=creates[source].attributes)

    def _order_drops(self) -> None:
        """Drop an object after everything that depends on it, or that stops to do so."""
        state = self._scope.state
        for address, node in self._droppers.items():
            for dependent in state.dependents(address):
                other = self._droppers.get(dependent)
                if other is not None and self._is_heir(dependent, address):
                    self._run(node, before=other)
                elif other is not None:
                    self._run(other, before=node)
                    if dependent not in self._renamers:  # its drop may name the type
                        self._run(other, before=self._renamers.get(address))
                elif dependent in self._converters:
                    self._run(self._converters[dependent], before=node)
                elif dependent in self._alterers:
                    self._run(self._alterers[dependent], before=node)
        for address, node in self._converters.items():
            for dependent in state.dependents(address):
                self._run(self._droppers.get(dependent), before=node)

    def _is_heir(self, address: Address, source: Address) -> bool:
        """Whether an object is inherited from another one that is dropped without its heirs."""
        is_inherited = self._scope.state.objects[address].inherited_from == source
        return is_inherited and self._scope.leaves_heirs(source)

    def _order_makers(self) -> None:
        """Create and alter an object after everything that it needs."""
        selection, state = self._selection, self._scope.state
        for obj in (*selection.creates.values(), *(t for _, t in selection.alters.values())):
            node = self._makers.get(obj.address)
            for address in self._scope.needed_by(obj):
                if self._is_needed_first(obj, address):
                    self._run(self._makers.get(address), before=node)
                self._order_definition(obj, address, node)
                if address == obj.part_of:
                    self._run(self._makers.get(address), before=self._attachers.get(obj.address))
                    self._run(node, before=self._attachers.get(address))
        for address, node in self._alterers.items():
            for dependent in state.dependents(address):
                if address not in state.dependents(dependent):  # a sequence that its column owns
                    self._run(self._droppers.get(dependent), before=node)
        self._order_rows_as_text()

    def _order_rows_as_text(self) -> None:
        """Turn rows of a table into text while the columns of that table are altered."""
        for address in self._selection.as_text:
            _, target = self._selection.alters[address]
            for needed in self._scope.needed_by(target):
                for part in self._scope.state.parts(needed):
                    self._run(self._alterers.get(part.address), before=self._alterers[address])
                    own = self._converters[address]
                    self._run(own, before=self._converters.get(part.address))

    def _order_definition(self, obj: SchemaObject, address: Address, node: PlanNode | None) -> None:
        """Define a type after its functions, and before other objects that need it."""
        if self._scope.defines(address, obj.address):
            self._run(self._makers.get(address), before=self._definers.get(obj.address))
        elif not self._scope.defines(obj.address, address):
            self._run(self._definers.get(address), before=node)

    def _is_needed_first(self, obj: SchemaObject, address: Address) -> bool:
        """Whether an object can only be created after another one that it depends on.

        The body of a routine is set at the end, so only the types of its parameters count. A type
        that functions define is only named first.
        """
        if self._scope.defines(address, obj.address):
            return False
        if not self._scope.kind(obj).has_late_body(obj):
            return True
        signature = f"{obj.attributes['parameters']} {obj.attributes['returns']}"
        return address.name in signature

    def _order_by_name(self) -> None:
        """Create and rename objects after others that have given up their name."""
        selection = self._selection
        holders: dict[tuple[str, ...], PlanNode] = {}
        for address, node in self._droppers.items():
            former = self._renamers.get(address, node)
            for key in names_held(self._scope.state.objects[address]):
                holders[key] = former
        for address, (current, target) in selection.alters.items():
            kept = set(names_held(target))
            for key in names_held(current):
                if key not in kept:
                    holders[key] = self._alterers[address]
        renamed = [t for c, t in selection.alters.values() if c.address != t.address]
        for obj in (*selection.creates.values(), *renamed):
            for key in names_held(obj):
                for maker in (self._makers.get(obj.address), self._leader(obj)):
                    self._run(holders.get(key), before=maker)

    def _leader(self, obj: SchemaObject) -> PlanNode | None:
        """The node that makes the server create an object, if that object is inherited."""
        if self._inherited(obj) is None or obj.inherited_from is None:
            return None
        source = self._selection.creates[obj.inherited_from]
        return self._leader(source) or self._makers.get(source.address)

    def _order_evaluations(self) -> None:
        """Create what the server evaluates for rows after what its functions may need."""
        creates = self._selection.creates
        altered = (target for _, target in self._selection.alters.values())
        evaluated = [
            obj
            for obj in creates.values()
            if self._scope.kind(obj).is_evaluated and obj.part_of not in creates
        ]
        if not evaluated:
            return
        evaluation = Evaluation(self._scope, (*creates.values(), *altered))
        for obj in evaluated:
            node = self._makers[obj.address]
            for address in evaluation.needed_by(obj):
                for first in (self._makers.get(address), self._attachers.get(address)):
                    if first is not None and not self._is_after(first, node):
                        self._run(first, before=node)

    def _is_after(self, node: PlanNode, first: PlanNode) -> bool:
        """Whether a node has to run after another one."""
        seen, waiting = {node}, [node]
        while waiting:
            found = self.before.get(waiting.pop(), set()) - seen
            seen |= found
            waiting += found
        return first in seen

    def _run(self, first: PlanNode | None, *, before: PlanNode | None) -> None:
        if first is None or before is None or first is before:
            return
        self.before[before].add(first)

    def waits_for_change(self, node: PlanNode, change: PlanNode) -> bool:
        """Whether a node drops what is in the way of a change, or what is not needed after it.

        What is attached by the change waits for it too.
        """
        if self._alterers.get(change.address) is not change:
            return False
        if node.kind is NodeKind.DROP:
            is_after = change in self.before.get(node, ())
            return is_after or node.address in self._selection.creates
        return node.kind is NodeKind.ATTACH

    def drops_or_creates(self, node: PlanNode) -> bool:
        """Whether a node drops an object or creates it, so that what follows requires this."""
        is_made = self._makers.get(node.address) is node
        is_created = is_made and node.address in self._selection.creates
        return node.kind is NodeKind.DROP or is_created

    def needs_missing(self, node: PlanNode) -> bool:
        """Whether a node creates an object that needs one whose creation a person still makes."""
        obj = self._selection.creates.get(node.address)
        if obj is None or self._makers.get(node.address) is not node:
            return False
        missing = self._scope.created_by_a_person
        return bool(missing) and not missing.isdisjoint(self._scope.needed_by(obj))

    def is_recreated(self, node: PlanNode) -> bool:
        """Whether a node creates an object that the plan also drops."""
        is_made = self._makers.get(node.address) is node
        return is_made and node.address in self._selection.drops

    def ranks(self) -> dict[PlanNode, tuple[int, int, int]]:
        """The position of each node if no other node decides."""
        order = {kind.name: position for position, kind in enumerate(self._catalog.kinds)}
        ranks: dict[PlanNode, tuple[int, int, int]] = {}
        for number, node in enumerate(self.nodes):
            position = order[node.address.kind]
            drops = node.kind in (NodeKind.DROP, NodeKind.RENAME_AWAY)
            ranks[node] = (node.kind, -position if drops else position, number)
        return ranks


@contextmanager
def _manual(node: PlanNode) -> Iterator[None]:
    """Turn a change that cannot be written as SQL into the manual step of a node."""
    try:
        yield
    except CannotBeWritten as reason:
        node.statements = []
        node.manual_step = str(reason)


def _in_order(graph: _Graph) -> tuple[list[PlanNode], list[PlanNode]]:
    """The nodes in an order in which each follows those before it, and the nodes in a circle."""
    ranks = graph.ranks()
    waits = {node: set(graph.before.get(node, ())) for node in graph.nodes}
    after: dict[PlanNode, list[PlanNode]] = defaultdict(list)
    for node, firsts in waits.items():
        for first in firsts:
            after[first].append(node)
    ready = [(ranks[node], node) for node in graph.nodes if not waits[node]]
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
    stuck = sorted((node for node in graph.nodes if node not in done), key=ranks.__getitem__)
    return ordered, stuck
