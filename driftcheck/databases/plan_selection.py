"""Decides which objects a plan drops, creates and alters, including those that depend on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftcheck.databases.kind import PRIVILEGES
from driftcheck.databases.plan_partitions import is_partition, references
from driftcheck.databases.plan_scope import (
    ObjectChange,
    PlanScope,
    Selection,
    within,
)
from driftcheck.schema import Address, SchemaObject


def select(scope: PlanScope, wanted: Sequence[ObjectChange]) -> Selection:
    """Decide what a plan for some changes does, and mark the changes as made.

    Args:
        scope: All changes, and the schema as it is before the plan.
        wanted: The changes to make.
    """
    selection = Selection()
    selector = _Selector(scope, selection)
    for change in wanted:
        selector.take(change)
    return selection


class _Selector:
    """Extends a selection by changes, by what they require and by what depends on them."""

    def __init__(self, scope: PlanScope, selection: Selection) -> None:
        self._scope = scope
        self._state = scope.state
        self._selection = selection
        self._finding: int | None = None

    def take(self, change: ObjectChange | None) -> None:
        """Select a change, unless it is made already."""
        change = self._scope.take(change)
        if change is None:
            return
        outer, self._finding = self._finding, change.finding
        self._selection.changes.append(change)
        current, target = change.current, change.target
        if current is not None and target is not None and self._is_carried(change):
            self._selection.carried.append((current, target))
            self._take_leader(change.leader)
        elif target is None:
            self._drop(current, change.leader)
        elif current is None:
            self._create(target, follows=change.leader is not None)
            self._change_heirs(target)
        elif self._selection.is_gone(current.address):
            self._create(target)
        else:
            self._alter(current, target)
        for follower in self._scope.followers(target.address) if target is not None else ():
            self.take(follower)
        self._finding = outer

    def _take_leader(self, leader: Address | None) -> None:
        """Select the change of an object that another one follows to its new name."""
        creation = self._scope.open_creation(leader) if leader is not None else None
        current = creation.current if creation is not None else None
        if current is not None and current.address != leader:
            self.take(creation)

    def _is_carried(self, change: ObjectChange) -> bool:
        """Whether the server changes an object together with the one that leads its change.

        A partition does not move to the schema to which its table moves, and while it is detached,
        its columns do not follow those of its table.
        """
        current, target = change.current, change.target
        if change.leader is None or current is None or target is None:
            return False
        if current.address == target.address:
            return True
        if change.leader.kind == current.address.kind and current.inherited_from is None:
            return False
        moves = self._scope.kind(current).can_move
        return not moves and not self._is_detached(current.part_of)

    def _is_detached(self, table: Address | None) -> bool:
        """Whether the plan detaches a table from its parent table before it changes that."""
        if table is not None and self._scope.was_detached(table):
            return True
        change = self._scope.attachment(table) if table is not None else None
        if change is None or change.current is None:
            return False
        self.take(change)
        return change.current.address in self._selection.alters

    def _was_detached(self, current: SchemaObject) -> bool:
        """Whether an earlier plan has detached the table of an object that was inherited."""
        table = current.part_of if current.inherited_from is not None else None
        return table is not None and self._scope.was_detached(table)

    def _drop(self, current: SchemaObject | None, leader: Address | None = None) -> None:
        assert current is not None  # noqa: S101  (a change has at least one side)
        selection, address = self._selection, current.address
        if selection.is_gone(address):
            return
        self._change_type_of(current)
        self._move_parts(current)
        self._drop_index_of(current)
        is_covered = leader is not None and selection.is_gone(leader)
        is_covered = is_covered and not self._was_detached(current)
        if not is_covered or leader == current.inherited_from:
            leader = self._dropped_with(current)
        if leader is not None:
            selection.covered[address] = leader
        else:
            selection.drops[address] = current
            selection.finding_of.setdefault(address, self._finding)
        self._leave(current)

    def _drop_index_of(self, key: SchemaObject) -> None:
        """Create the index again to which a key is attached: the key cannot be dropped alone."""
        index = self._scope.attached_to(key)
        if index is None or self._selection.is_gone(index) or self._is_detached(key.part_of):
            return
        self._selection.covered[key.address] = index
        self.take(self._scope.open_change(index))
        if not self._selection.is_gone(index):
            self._take_down(self._state.objects[index], key.address)

    def _make_place(self, target: SchemaObject) -> None:
        """Drop what is attached to an index where a new index or key of a partition will be.

        A new key is attached to an index that exists only if the index is created again.
        """
        table = self._state.objects.get(target.part_of) if target.part_of is not None else None
        if table is None or table.part_of is None or self._is_detached(table.address):
            return
        index, source = self._scope.to_attach(target), target.inherited_from
        if index in self._state.objects and not self._selection.is_gone(index):
            self._take_down(self._state.objects[index], target.address)
        for address in self._state.dependents(source) if source is not None else ():
            key = self._state.objects[address]
            if key.part_of == table.address and self._scope.attached_to(key) == source:
                self.take(self._scope.open_change(address))

    def _dropped_with(self, current: SchemaObject) -> Address | None:
        """Find the object with which the server drops another one, and select its change.

        It is what the object is inherited from or attached to, or the type that a function defines.
        """
        functions_of = (
            address
            for address in self._state.dependents(current.address)
            if self._scope.defines(current.address, address)
        )
        source = None if self._drop_source_first(current) else current.inherited_from
        source = source or self._scope.attached_to(current)
        if source is not None and self._is_detached(current.part_of):
            source = None
        for address in (*filter(None, (source,)), *functions_of):
            if self._selection.is_gone(address):
                return address
            change = self._scope.open_change(address)
            if change is not None and self._is_dropped_by(change):
                self._selection.covered[current.address] = address
                self.take(change)
                return address
        return None

    def _drop_source_first(self, current: SchemaObject) -> bool:
        """Select the drop of what an object is inherited from, if the object itself remains."""
        source = current.inherited_from
        if source is None or not self._scope.leaves_heirs(source):
            return False
        self.take(self._scope.open_change(source))
        return True

    def _is_dropped_by(self, change: ObjectChange) -> bool:
        """Whether a change drops its current object, perhaps to create it again."""
        current, target = change.current, change.target
        if current is None or target is None:
            return current is not None
        return self._is_recreated(current, target)

    def _is_recreated(self, current: SchemaObject, target: SchemaObject) -> bool:
        """Whether a current object cannot become the target object: it is created again."""
        kind = self._scope.kind(target)
        same = replace(self._scope.completed(current, target), address=target.address)
        moved = self._scope.renamed(current.part_of) != target.part_of
        return kind.is_recreated(same, target) or (moved and not kind.can_move)

    def _move_parts(self, current: SchemaObject) -> None:
        """Select the changes by which parts leave an object before it is dropped."""
        for part in self._state.parts(current.address):
            change = self._scope.open_change(part.address)
            target = change.target if change is not None else None
            moves = target is not None and target.part_of != part.part_of
            if moves and self._scope.kind(part).can_move:
                self.take(change)

    def _leave(self, current: SchemaObject) -> None:
        """Cover what is dropped with an object, and disturb what depends on all of it."""
        gone, kept = [current.address], set()
        for part in self._state.parts(current.address):
            if part.address in self._selection.alters or part.part_of in kept:
                kept.add(part.address)
                continue
            if not self._selection.is_gone(part.address):
                self._selection.covered[part.address] = current.address
            gone.append(part.address)
        for address in gone[1:]:
            self.take(self._scope.open_change(address))
        for address in gone:
            for dependent in self._state.dependents(address):
                self._disturb(dependent, address)

    def _create(self, target: SchemaObject, *, follows: bool = False) -> None:
        selection = self._selection
        if target.address in selection.creates:
            return
        self._change_type_of(target)
        self._make_place(target)
        selection.creates[target.address] = target
        selection.finding_of.setdefault(target.address, self._finding)
        follows = follows or self._comes_with_source(target)
        follows = follows and not self._is_needed_to_attach(target)
        if follows and not self._is_detached(target.part_of):
            selection.follows.add(target.address)
        self._require(target)
        if is_partition(target):
            self._drop_surplus(target)

    def _is_needed_to_attach(self, target: SchemaObject) -> bool:
        """Whether a table, which is attached later, must have an object before that."""
        change = self._scope.attachment_to_come(target.part_of) if target.part_of else None
        return change is not None and target.address.kind in ("column", "check constraint")

    def _comes_with_source(self, target: SchemaObject) -> bool:
        """Whether the server creates an object with the one that it is inherited from."""
        source, table = target.inherited_from, target.part_of
        if source is None or table is None:
            return False
        creation = self._scope.open_creation(source)
        is_open = creation is not None and (
            creation.current is None or self._is_dropped_by(creation)
        )
        created = creation.target if creation is not None and is_open else None
        created = self._selection.creates.get(source, created)
        if created is None or created.part_of is None or created.attributes.get("only"):
            return False
        former = self._scope.former(created.part_of)
        return self._scope.former(table) in self._state.dependents(former)

    def _create_inherited(self, source: SchemaObject) -> None:
        """Select what the server creates together with an object, such as indexes of partitions."""
        if source.attributes.get("only"):
            return
        for change in self._scope.inheriting(source.address):
            if change.target is not None and self._scope.take(change) is not None:
                self._selection.changes.append(change)
                self._create(change.target, follows=True)
                self._create_inherited(change.target)

    def _change_heirs(self, source: SchemaObject) -> None:
        """Select the changes of objects that get what is created as what they are inherited from.

        Another object of the same name makes way, and a column gets the same type.
        """
        for change in self._scope.becoming_heirs(source.address):
            self.take(change)

    def _require(self, target: SchemaObject) -> None:
        """Select what has to exist, to be changed or to be gone before an object is created."""
        for address in self._scope.needed_by(target):
            creation = self._scope.open_creation(address)
            if creation is not None and (creation.current is None or self._matters(creation)):
                self.take(creation)
            needed = self._scope.goal(address)
            self._take_leader(needed.part_of if needed is not None else None)
        for key in self._scope.names.of(target):
            holder = self._scope.names.holder(key)
            if holder is not None and not self._selection.is_gone(holder):
                self.take(self._scope.open_change(holder))
        for sibling in self._scope.leaving(target):
            self.take(self._scope.open_change(sibling))
        for rival in self._scope.rivals(target):
            change = self._scope.open_change(rival.address)
            if change is not None and self._is_dropped_by(change):
                self.take(change)

    def _matters(self, change: ObjectChange) -> bool:
        """Whether objects that depend on an object can require its change."""
        current, target = change.current, change.target
        if current is None or target is None or current.address != target.address:
            return True
        kind = self._scope.kind(target)
        is_recreated = self._is_recreated(current, target)
        return kind.is_type or is_recreated or bool(kind.blocked_by(current, target))

    def _alter(self, current: SchemaObject, target: SchemaObject) -> None:
        kind = self._scope.kind(target)
        current = self._followed(current, target)
        same = replace(self._scope.completed(current, target), address=target.address)
        added = kind.unusable_values(same, target)
        is_used = bool(added) and self._scope.uses(target.address, added)
        if is_used or self._is_recreated(current, target):
            self._recreate(current, target)
            return
        self._selection.alters[current.address] = (current, target)
        self._selection.finding_of.setdefault(target.address, self._finding)
        self._drop_source_first(current)
        self._require(target)
        if self._scope.completed(current, target) is not current:
            for heir in self._scope.heirs(target.address):
                self.take(self._scope.open_creation(heir.address))
        self._attach(current, target)
        blocked = kind.blocked_by(same, target)
        if blocked:
            self._make_way(current, blocked)
        self._renew_followers(current, target)
        if kind.fixes_parts(current) or kind.fixes_parts(target):
            self._change_columns(current, target)

    def _followed(self, current: SchemaObject, target: SchemaObject) -> SchemaObject:
        """The current object as it is when it is altered.

        It is not inherited while its table is detached, and it follows the new names of its parts.
        """
        if current.inherited_from is not None and self._is_detached(current.part_of):
            current = replace(current, inherited_from=None)
        self._change_type_of(current)
        renamed = self._scope.with_renamed_parts(current, target)
        for part in self._scope.goal_parts(target) if renamed is not current else ():
            self._take_leader(part.address if part.number is not None else None)
        return renamed

    def _change_type_of(self, part: SchemaObject) -> None:
        """Select the change of the type that determines the columns of the table of a column."""
        table = self._state.objects.get(part.part_of) if part.part_of is not None else None
        is_fixed = table is not None and self._scope.kind(table).fixes_parts(table)
        if table is not None and is_fixed and part.number is not None:
            for needed in self._state.explicit(table.address):
                self.take(self._scope.open_change(needed))

    def _attach(self, current: SchemaObject, target: SchemaObject) -> None:
        """Select what has to change for a table to be attached to its parent tables."""
        if self._scope.parents.attaching(current, target):
            self._attach_parent(target)
            self._create_inherited_parts(target)
            self._change_parts_to_attach(current)
            self._drop_surplus(target)
        if self._scope.attachment(target.address) is not None and target.part_of is not None:
            self._take_down_references(current)

    def _change_columns(self, current: SchemaObject, target: SchemaObject) -> None:
        """Select the changes of the columns of a table with a type."""
        for part in [*self._state.parts(current.address)]:
            if part.address.kind == "column":
                self.take(self._scope.open_change(part.address))
        for change in self._scope.missing_parts(target.address):
            if change.target is not None and change.target.address.kind == "column":
                self.take(change)

    def _attach_parent(self, target: SchemaObject) -> None:
        """Select the change of the bound of a table that gets a partition, whose rows it limits."""
        if target.part_of is not None and is_partition(target):
            self.take(self._scope.attachment(target.part_of))

    def _change_parts_to_attach(self, current: SchemaObject) -> None:
        """Select the changes of what a table will inherit, and of what this is inherited from.

        Both have to be alike when the table is attached. What has the name of a part that the
        server creates then is dropped.
        """
        for part in [*self._state.parts(current.address)]:
            change = self._scope.open_change(part.address)
            target = change.target if change is not None else None
            if target is None and self._scope.gives_way(part):
                self.take(change)
            elif part.inherited_from is None and target is not None and target.inherited_from:
                self.take(change)
                self.take(self._scope.open_creation(target.inherited_from))

    def _take_down_references(self, current: SchemaObject) -> None:
        """Create foreign keys again to the rows of a partition that is detached in the meantime."""
        if not self._scope.rows.has_rows(current.address):
            return
        for address in [*references(self._state, current.address)]:
            self._disturb(address, current.address)

    def _drop_surplus(self, target: SchemaObject) -> None:
        """Select the drops of what the parents of an object have, and the object lacks."""
        for surplus in [*self._scope.surplus(target)]:
            self.take(surplus)

    def _create_inherited_parts(self, target: SchemaObject) -> None:
        """Select what a table inherits and lacks: the server requires it, or creates it itself."""
        for change in self._scope.missing_parts(target.address):
            source = change.target.inherited_from if change.target is not None else None
            if source in self._state.objects:  # what is created later creates it too
                self.take(change)

    def _renew_followers(self, current: SchemaObject, target: SchemaObject) -> None:
        """Replace what would follow an object to its new name, and needs the former name."""
        if current.address == target.address:
            return
        parts = [*self._state.parts(current.address)]
        new_names = {part.address: within(part, current, target).address for part in parts}
        new_names[current.address] = target.address
        for former, new_name in new_names.items():
            for address in self._state.dependents(former):
                obj = self._state.objects.get(address)
                if obj is None or self._selection.is_gone(address) or address in new_names:
                    continue
                if obj.part_of not in new_names and self._scope.stops_to_need(obj, new_name):
                    self._renew(obj, former)

    def _renew(self, obj: SchemaObject, former: Address) -> None:
        """Replace an object that followed another one to its new name, or create it again."""
        kind = self._scope.kind(obj)
        followed = kind.followed(obj, former)
        if followed is None or kind.is_recreated(followed, obj):
            self._take_down(obj, former)
        elif obj.address not in self._selection.alters:
            self._selection.alters[obj.address] = (followed, obj)
            self._require(obj)

    def _make_way(self, current: SchemaObject, blocked: frozenset[str]) -> None:
        """Take down what the server refuses to keep while an object is altered.

        Columns of a row type become text while the type of a column of its table changes.
        """
        if "column" in blocked:
            self._keep_rows_as_text(current)
        for address in self._state.dependents(current.address):
            obj = self._state.objects.get(address)
            if obj is None or self._selection.is_gone(address):
                continue
            if self._scope.kind(current).is_type and address.kind == "column":
                if "column" in blocked:
                    self._keep_as_text(obj)
                continue
            if obj.address.kind == "column" and obj.inherited_from == current.address:
                change = self._scope.open_change(address)
                if change is not None and change.target is not None:  # it follows
                    self.take(change)
                self._make_way(obj, blocked)
                continue
            is_generated = obj.address.kind == "column" and obj.attributes.get("generated")
            if (obj.address.kind in blocked and obj.address.kind != "column") or is_generated:
                self._disturb(address, current.address)
            elif obj.part_of == current.part_of or obj.address.kind == "foreign key":
                self.take(self._scope.open_change(address))

    def _recreate(self, current: SchemaObject, target: SchemaObject) -> None:
        """Drop an object and create it again, with its parts."""
        selection = self._selection
        parts = list(self._state.parts(current.address))
        target = with_privileges(target, self._state.objects.get(current.address, current))
        kind = self._scope.kind(current)
        if kind.is_replaced_over_text and not self._is_in_other_types(current):
            selection.replaced_over_text.add(current.address)
        elif kind.is_type and self._has_columns(current):
            selection.rename_away[current.address] = current
        leader = self._dropped_with(current)
        if leader is None:
            selection.drops[current.address] = current
            selection.finding_of.setdefault(current.address, self._finding)
        else:
            selection.covered[current.address] = leader
        self._create(target, follows=leader is not None)
        self._change_heirs(target)
        self._create_inherited(target)
        self._leave(current)
        for part in parts:
            self._create_again(part, current, target)
        for change in self._scope.missing_parts(target.address):
            self.take(change)

    def _create_again(self, part: SchemaObject, parent: SchemaObject, new: SchemaObject) -> None:
        """Create a part again that was dropped with its parent object and has not changed."""
        if part.address not in self._selection.covered:
            return
        if any(
            c.current is not None and c.current.address == part.address
            for c in self._selection.changes
        ):
            return
        self._create(within(part, parent, new))

    def _has_columns(self, type_: SchemaObject) -> bool:
        """Whether a column has the type, or a type that is made of it."""
        objects = (self._state.objects.get(a) for a in self._state.dependents(type_.address))
        return any(
            obj.address.kind == "column"
            or (self._scope.kind(obj).is_type and self._has_columns(obj))
            for obj in objects
            if obj is not None
        )

    def _is_in_other_types(self, type_: SchemaObject) -> bool:
        objects = (self._state.objects.get(a) for a in self._state.dependents(type_.address))
        return any(self._scope.kind(obj).is_type for obj in objects if obj is not None)

    def _disturb(self, address: Address, cause: Address) -> None:
        """Take down an object that depends on an object which is dropped or blocked."""
        selection, obj = self._selection, self._state.objects.get(address)
        if obj is None or selection.is_gone(address):
            return
        if cause.kind == "schema" and obj.part_of and obj.part_of.schema == address.schema:
            return  # a part is in the schema of its parent object, and moves with it
        change = self._scope.open_change(address)
        if change is not None:
            self.take(change)
            if selection.is_gone(address):
                return
        if cause in selection.drops or cause in selection.covered:
            altered = selection.alters.get(address)
            if altered is not None and not self._still_needs(altered[1], cause):
                return
        self._take_down(obj, cause)

    def _still_needs(self, target: SchemaObject, cause: Address) -> bool:
        return cause in set(self._scope.needed_by(target))

    def _take_down(self, obj: SchemaObject, cause: Address) -> None:
        selection, kind = self._selection, self._scope.kind(obj)
        altered = selection.alters.get(obj.address)
        target = altered[1] if altered is not None else obj
        if obj.inherited_from is not None and cause == obj.inherited_from:
            self._keep_heir(obj, cause)
            return
        if obj.part_of == cause:
            return
        if cause in selection.rename_away and obj.address.kind == "column":
            if obj.address not in selection.retyped:
                selection.retyped.add(obj.address)
                former = kind.of_replaced_type(self._standing(obj))
                selection.alters[obj.address] = (former, target)
                self._make_way(obj, kind.blocked_by(former, target))
            return
        if cause in selection.replaced_over_text and obj.address.kind == "column":
            self._turn_into_text(obj, target)
            return
        if kind.holds_data and not obj.attributes.get("generated"):
            self._release(obj, target)
            return
        selection.alters.pop(obj.address, None)
        self._recreate(obj, target)

    def _keep_heir(self, obj: SchemaObject, source: Address) -> None:
        """Create an unchanged object again that is dropped with the one it is inherited from."""
        heir = self._scope.heir_left(obj.address, source)
        if heir is None or not self._scope.kind(heir).attaches_heirs:
            return
        source_again = self._selection.creates.get(heir.inherited_from or source)
        if source_again is not None and not source_again.attributes.get("only"):
            return  # the server creates the heir with it
        if obj.address not in self._selection.drops:
            self._selection.covered[obj.address] = source
        self._create(heir)
        self._leave(obj)

    def _keep_rows_as_text(self, column: SchemaObject) -> None:
        """Keep the columns as text whose type is the row type of the table of a column."""
        for address in () if column.part_of is None else self._state.dependents(column.part_of):
            obj = self._state.objects.get(address)
            if obj is not None and obj.part_of != column.part_of and address.kind == "column":
                self._keep_as_text(obj)

    def _keep_as_text(self, obj: SchemaObject) -> None:
        """Keep the values of a column as text while the type is altered that it keeps."""
        self.take(self._scope.open_change(obj.address))
        if self._selection.is_gone(obj.address):
            return
        altered = self._selection.alters.get(obj.address)
        self._turn_into_text(obj, obj if altered is None else altered[1])

    def _turn_into_text(self, obj: SchemaObject, target: SchemaObject) -> None:
        """Keep the values of a column as text while its type is created again."""
        selection, kind = self._selection, self._scope.kind(obj)
        if obj.address in selection.as_text:
            return
        selection.as_text.add(obj.address)
        meanwhile = kind.as_text(obj)
        selection.released[obj.address] = kind.alter(obj, meanwhile)
        selection.alters[obj.address] = (meanwhile, target)
        for address in self._state.dependents(obj.address):
            dependent = self._state.objects.get(address)
            if dependent is None or dependent.inherited_from is not None:
                continue  # the server drops what is inherited
            if address.kind != "column" or dependent.attributes.get("generated"):
                self._disturb(address, obj.address)
        self._keep_rows_as_text(obj)

    def _standing(self, obj: SchemaObject) -> SchemaObject:
        """A released object as it is before it is altered."""
        released = self._selection.alters.get(obj.address)
        return released[0] if released and obj.address in self._selection.released else obj

    def _release(self, obj: SchemaObject, target: SchemaObject) -> None:
        is_retyped = obj.address in self._selection.retyped
        standing = self._selection.alters[obj.address][0] if is_retyped else obj
        released = self._scope.kind(obj).release(standing)
        if released is not None and obj.address not in self._selection.released:
            self._selection.released[obj.address], remaining = released
            self._selection.alters[obj.address] = (remaining, target)
            if self._scope.kind(obj).fixes_parts(obj):
                self._change_columns(obj, target)


def with_privileges(target: SchemaObject, current: SchemaObject) -> SchemaObject:
    """Return the target with the owner and the privileges of the current object, if it has none."""
    kept = {
        name: current.attributes[name]
        for name in PRIVILEGES
        if name in current.attributes and name not in target.attributes
    }
    return replace(target, attributes={**target.attributes, **kept}) if kept else target
