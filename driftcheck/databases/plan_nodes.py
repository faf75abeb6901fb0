"""Writes the statements of a selection, as nodes of which some run before others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.plan_scope import PlanScope, Selection, within
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


class PlanNodes:
    """The nodes of a selection, and which of them run before which.

    Args:
        selection: What the plan does to each object.
        scope: The schema before and after the plan.

    Attributes:
        nodes: The nodes, each after those that it follows if nothing else decides.
        before: The nodes that run before each node.
        droppers: The node that drops each object.
        makers: The node that creates or alters each object, by its target address.
        alterers: The node that alters each object, by its current address.
        renamers: The node that renames each type away that is dropped later.
        definers: The node after which each type is complete that functions define.
        detachers: The node that detaches each object before its change.
        attachers: The node that attaches each object after its change.
        releasers: The node that ends the dependencies of each object, such as those of a default.
        converters: The node that turns each column into text before its type changes.
    """

    def __init__(self, selection: Selection, scope: PlanScope) -> None:
        self._selection = selection
        self._scope = scope
        self.nodes: list[PlanNode] = []
        self.before: dict[PlanNode, set[PlanNode]] = defaultdict(set)
        self.droppers: dict[Address, PlanNode] = {}
        self.makers: dict[Address, PlanNode] = {}
        self.alterers: dict[Address, PlanNode] = {}
        self.renamers: dict[Address, PlanNode] = {}
        self.definers: dict[Address, PlanNode] = {}
        self.detachers: dict[Address, PlanNode] = {}
        self.attachers: dict[Address, PlanNode] = {}
        self.converters: dict[Address, PlanNode] = {}
        self.releasers: dict[Address, PlanNode] = {}
        self._unusable = _unusable(selection, scope)
        self._add_drops()
        self._add_alterations()
        self._add_creations()
        self._leave_what_needs_values()
        self._attach_once()

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
            self.releasers[address] = node
            if address in selection.as_text:
                self.converters[address] = node
        for address, obj in selection.drops.items():
            kind = self._scope.kind(obj)
            node = self._add(NodeKind.DROP, obj)
            self.droppers[address] = node
            dropped = obj
            if address in selection.rename_away:
                renamer = self.renamers[address] = self._add(NodeKind.RENAME_AWAY, obj)
                renamer.statements, dropped = kind.rename_away(obj)
                self.before[node].add(renamer)
            alone = self._scope.leaves_heirs(address)
            with _manual(node):
                self._require_usable(obj)
                self._require_own(obj)
                self._require_unused(obj)
                node.statements = kind.drop_alone(obj) if alone else self._drop(dropped)
                self._require_empty(obj, node.statements)
            if address not in selection.creates:
                self._released(obj, self._scope.parents.detaching(obj, None))
        for address, root in selection.covered.items():
            self.droppers[address] = self.droppers[self._root(root)]

    def _drop(self, obj: SchemaObject) -> list[str]:
        kind, covered = self._scope.kind(obj), self._selection.covered
        attached = (a for a in self._scope.state.dependents(obj.address) if a in covered)
        objects = self._scope.state.objects
        if any(self._scope.attached_to(objects[each]) == obj.address for each in attached):
            return kind.drop_with_keys(obj)
        return kind.drop(obj)

    def _require_usable(self, dropped: SchemaObject) -> None:
        """Leave the drop of an object to a person if it cannot be created again as it is."""
        needed = self._unusable.get(dropped.address)
        if needed is not None:
            raise CannotBeWritten(
                f"{dropped.address} needs {self._root(needed)}, which has to be dropped. "
                f"Drop {dropped.address} too, or change its definition."
            )

    def _require_own(self, dropped: SchemaObject) -> None:
        """Leave the drop of an index or a constraint to a person while it is inherited."""
        source, table = dropped.inherited_from, dropped.part_of
        if source is None or table is None or source not in self._scope.state.objects:
            return
        is_kept = not self._selection.is_gone(source) and self._scope.attachment(table) is None
        if is_kept and self._scope.kind(dropped).attaches_heirs:
            raise CannotBeWritten(
                f"The server cannot drop {dropped.address} while it is inherited from {source}. "
                f"Drop {source}, and create it again for its table alone, with ONLY."
            )

    def _require_unused(self, dropped: SchemaObject) -> None:
        """Leave the drop of an object to a person while something that remains cannot lose it."""
        for address in self._scope.state.dependents(dropped.address):
            other = self._scope.state.objects[address]
            if not self._selection.is_gone(address) and other.part_of != dropped.address:
                self._scope.kind(other).check_drop_of_needed(other, dropped)

    def _require_empty(self, dropped: SchemaObject, statements: list[str]) -> None:
        """Leave the drop of a schema to a person, if an object that is no drift remains in it."""
        if dropped.address.kind != "schema":
            return
        moved = {current.address for current, _ in self._selection.carried}
        moved |= self._selection.alters.keys()
        for address, obj in self._scope.state.objects.items():
            is_inside = address.schema == dropped.address.name and len(address.path) == 1
            leaves = self._selection.is_gone(address) or not moved.isdisjoint(
                (address, obj.part_of)
            )
            if is_inside and not leaves:
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
            node = self.detachers[obj.address] = self._add(NodeKind.RELEASE, obj)
            node.statements = statements

    def _add_alterations(self) -> None:
        parents = self._scope.parents
        for address, (current, target) in self._selection.alters.items():
            node = self._add(NodeKind.MAKE, target)
            self.makers[target.address] = self.alterers[address] = node
            with _manual(node):
                is_detached = self._is_detached(current)
                detaching = parents.detaching(current, target) if is_detached else []
                node.statements, node.manual_step = self._altering(current, target)
                self._released(current, detaching)
                attaching = parents.attaching(current, target)
                self._require_order(current, target)
                attaching += self._heirs_attached(current, target)
                self._attached(target, attaching, node)

    def _require_order(self, current: SchemaObject, target: SchemaObject) -> None:
        """Leave it to a person to give a table a type with columns in another order."""
        if not self._scope.kind(target).fixes_parts(target):
            return
        columns = [part for part in self._scope.goal_parts(target) if part.number is not None]
        wanted = [part.address for part in sorted(columns, key=lambda part: part.number or 0)]
        alters, is_gone = self._selection.alters, self._selection.is_gone
        present = [
            alters[part.address][1].address if part.address in alters else part.address
            for part in self._scope.state.parts(current.address)
            if part.number is not None and not is_gone(part.address)
        ]
        if wanted[: len(present)] != present:
            raise CannotBeWritten(
                f"PostgreSQL cannot change the order of the columns of {target.address}, which has "
                f"to be that of its type. Create a table with another name, copy the rows, and "
                f"rename the tables."
            )

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
            self.order(self.detachers.get(obj.address), before=node)
            self.attachers[obj.address] = node
            if self._scope.kind(obj).is_defined_by_functions:
                self.definers[obj.address] = node

    def _add_creations(self) -> None:
        creates = self._selection.creates
        absorbed: dict[Address, list[SchemaObject]] = defaultdict(list)
        separate = []
        for obj in creates.values():
            if obj.address in self._unusable:
                continue
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
            self.makers[made.address] = node
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
            self._attached(obj, self._scope.parents.attaching(inherited, obj), node)

    def _creating(self, obj: SchemaObject, parts: list[SchemaObject]) -> tuple[list[str], str]:
        parent, kind = obj.part_of, self._scope.kind(obj)
        if parent is None or parent in self._selection.creates:
            return kind.create(obj, parts), ""
        if parts or not self._scope.rows.has_rows(parent):
            return kind.create(obj, parts), ""
        return kind.create_on_rows(obj)

    def _attach_once(self) -> None:
        """Leave out what makers do already: a serial column becomes the owner of its sequence."""
        done = {
            each for node in self.nodes if node.kind is NodeKind.MAKE for each in node.statements
        }
        for node in self.attachers.values():
            node.statements = [each for each in node.statements if each not in done]

    def _leave_what_needs_values(self) -> None:
        """Leave to a person what the server refuses until a person has filled a column."""
        created = ((None, obj) for obj in self._selection.creates.values())
        for current, obj in (*created, *self._selection.alters.values()):
            node = self.makers.get(obj.address)
            if node is None or not node.statements or node.manual_step:
                continue
            is_unfilled = any(map(self._is_unfilled, obj.stands_on))
            if is_unfilled and self._scope.kind(obj).requires_values(current, obj):
                node.manual_step = f"Then run: {'; '.join(node.statements)}"
                node.statements = []

    def _is_unfilled(self, column: Address) -> bool:
        """Whether a person has to fill a column, in this plan or after an earlier one."""
        node = self.makers.get(column)
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

    def order(self, first: PlanNode | None, *, before: PlanNode | None) -> None:
        """Have a node run before another one, if both exist."""
        if first is None or before is None or first is before:
            return
        self.before[before].add(first)


def _unusable(selection: Selection, scope: PlanScope) -> dict[Address, Address]:
    """Return the objects that cannot be created again, each with what it needs and is dropped.

    No change is about them: they only depend on what is dropped.
    """
    unusable: dict[Address, Address] = {}
    waiting = list(selection.creates.values())
    while waiting:
        found = {}
        for obj in waiting:
            for address in scope.needed_by(obj):
                is_dropped = selection.is_gone(address) and address not in selection.creates
                if is_dropped or address in unusable:
                    found[obj.address] = address
        if not found:
            break
        unusable |= found
        waiting = [obj for obj in waiting if obj.address not in unusable]
    return unusable


@contextmanager
def _manual(node: PlanNode) -> Iterator[None]:
    """Turn a change that cannot be written as SQL into the manual step of a node."""
    try:
        yield
    except CannotBeWritten as reason:
        node.statements = []
        node.manual_step = str(reason)
