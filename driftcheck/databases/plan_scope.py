"""The state of planning: all changes, those that are not planned yet, and the schema so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.kind import Kind
from driftcheck.databases.plan_names import HeldNames
from driftcheck.databases.plan_parents import RenamedParents
from driftcheck.databases.plan_partitions import address_within, is_partition, namesakes
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.schema import Address, SchemaObject, Snapshot, dependencies_of


@dataclass(frozen=True)
class ObjectChange:
    """The change of one object from its current state to its target state.

    Attributes:
        current: The current object; ``None`` if it has to be created.
        target: The target object; ``None`` if it has to be dropped.
        finding: The number of the finding that reports the change.
        leader: The object with which the server creates or drops this one.
    """

    current: SchemaObject | None
    target: SchemaObject | None
    finding: int | None = None
    leader: Address | None = None


@dataclass
class Selection:
    """What one plan does to each object.

    Attributes:
        changes: The changes that the plan makes.
        drops: The objects that are dropped, by their current address.
        covered: The objects that are dropped with another object, with the address of that object.
        creates: The objects that are created, by their target address.
        follows: The created objects that the server creates with another object.
        alters: The current and the target object of each altered object, by current address.
        released: Statements that run first, by the address of their object.
        rename_away: The types that are renamed, and dropped when no column uses them any more.
        replaced_over_text: The types that are created again while their columns are text.
        as_text: The columns of these types.
        retyped: The columns that change from a type that was renamed to its successor.
        finding_of: The finding for which each object is changed.
        carried: The objects that the server changes together with another object.
    """

    changes: list[ObjectChange] = field(default_factory=list)
    drops: dict[Address, SchemaObject] = field(default_factory=dict)
    covered: dict[Address, Address] = field(default_factory=dict)
    creates: dict[Address, SchemaObject] = field(default_factory=dict)
    follows: set[Address] = field(default_factory=set)
    alters: dict[Address, tuple[SchemaObject, SchemaObject]] = field(default_factory=dict)
    released: dict[Address, list[str]] = field(default_factory=dict)
    rename_away: dict[Address, SchemaObject] = field(default_factory=dict)
    replaced_over_text: set[Address] = field(default_factory=set)
    as_text: set[Address] = field(default_factory=set)
    retyped: set[Address] = field(default_factory=set)
    finding_of: dict[Address, int | None] = field(default_factory=dict)
    carried: list[tuple[SchemaObject, SchemaObject]] = field(default_factory=list)

    def is_gone(self, address: Address) -> bool:
        """Whether an object is dropped, by itself or with another object."""
        return address in self.drops or address in self.covered


class PlanScope:
    """All changes between two schemas, and the schema as the plans so far have left it.

    Args:
        changes: All changes.
        state: The schema as it is.
        catalog: The catalog of the database.
        target: The schema that the changes lead to.
        rows: Which tables have rows.

    Attributes:
        names: The objects with a change that have the names which only one object can have.
        parents: The parents with a change of their name.
        default_privileges: The default privileges before and after all changes.
        created_kinds: The kinds of the objects that all changes create.
        left_to_a_person: The objects with a manual step in a plan so far.
        named_by_a_person: Those that a plan has left to a person to create or to rename.
    """

    def __init__(
        self,
        changes: Sequence[ObjectChange],
        state: SchemaState,
        catalog: Catalog,
        target: Snapshot | None,
        rows: RowFacts = NO_ROWS,
    ) -> None:
        self.rows = rows
        self.left_to_a_person: set[Address] = set()
        self.named_by_a_person: set[Address] = set()
        self.state = state
        self.catalog = catalog
        self._explicit = target.dependencies if target is not None else {}
        self._goals = target.objects if target is not None else {}
        self._open = dict.fromkeys(map(id, changes))
        self._replaced: dict[int, ObjectChange] = {}
        self._changes = list(changes)
        self._by_current = {c.current.address: c for c in changes if c.current is not None}
        self._by_target = {c.target.address: c for c in changes if c.target is not None}
        self._by_parent: dict[Address, list[ObjectChange]] = {}
        self._by_source: dict[Address, list[Address]] = {}
        self._by_leader: dict[Address, list[ObjectChange]] = {}
        for change in changes:
            if change.leader is not None:
                self._by_leader.setdefault(change.leader, []).append(change)
            if change.target is not None and change.target.inherited_from is not None:
                heirs = self._by_source.setdefault(change.target.inherited_from, [])
                heirs.append(change.target.address)
            if change.current is None and change.target is not None and change.target.part_of:
                self._by_parent.setdefault(change.target.part_of, []).append(change)
            if change.current is not None and change.current.address not in state.objects:
                state.put(change.current)
        self.parents = RenamedParents(catalog, ((c.current, c.target) for c in changes))
        self.names = HeldNames(catalog)
        for change in changes:
            if change.current is not None:
                self.names.hold(change.current)
        targets = [change.target for change in changes if change.target is not None]
        self.default_privileges = [
            obj
            for obj in (*state.objects.values(), *targets)
            if obj.address.kind == "default privileges"
        ]
        self._leaving: dict[Address, list[Address]] = {}
        for change in changes:
            parent = change.current.part_of if change.current is not None else None
            if change.current is not None and parent is not None and self._leaves(change):
                self._leaving.setdefault(parent, []).append(change.current.address)
        self._detached: set[Address] = set()
        self._renamed_parts = _renamed_parts(changes)
        self.created_kinds = {
            c.target.address.kind for c in changes if c.target is not None and c.current is None
        }

    def kind(self, obj: SchemaObject) -> Kind:
        """The kind of an object."""
        return self.catalog.kind(obj.address.kind)

    def explicit(self, target: SchemaObject) -> tuple[Address, ...]:
        """The recorded dependencies of an object in the target schema, without ``attached_to``."""
        found = self._explicit.get(target.address, self.state.explicit(target.address))
        return tuple(address for address in found if not self._is_attached(target, address))

    def attached_to(self, obj: SchemaObject) -> Address | None:
        """The index of a partitioned table to which the key of a partition is attached now.

        The server drops the key with the index, and refuses to drop the key alone.
        """
        found = self.state.explicit(obj.address)
        return next((address for address in found if self._is_attached(obj, address)), None)

    def to_attach(self, target: SchemaObject) -> Address | None:
        """The index to which a new key is attached when the index is created after the key."""
        found = self._explicit.get(target.address, ())
        return next((address for address in found if self._is_attached(target, address)), None)

    def _is_attached(self, obj: SchemaObject, needed: Address) -> bool:
        is_key = self.kind(obj).attaches_heirs and needed.kind != obj.address.kind
        return is_key and self.catalog.kind(needed.kind).attaches_heirs

    def stops_to_need(self, obj: SchemaObject, renamed: Address) -> bool:
        """Whether an object that no change is about does not follow another one to its new name.

        Args:
            obj: A current object, which depends on the other one.
            renamed: The other one's name after all changes.
        """
        goal = self._goals.get(obj.address)
        if goal is None or renamed not in self._goals or not self._explicit:
            return False
        if obj.address in self._by_current:
            return False
        return renamed not in set(self.needed_by(goal))

    def attachment(self, table: Address) -> ObjectChange | None:
        """The change for which a table is detached from its parent table in the meantime."""
        change = self._by_target.get(table, self._by_current.get(table))
        if change is None or change.current is None or change.target is None:
            return None
        statements = self.parents.detaching(change.current, change.target)
        return change if statements else None

    def attachment_to_come(self, table: Address) -> ObjectChange | None:
        """The change for which a table is attached to a parent table that it does not have yet."""
        change = self._by_target.get(table)
        if change is None or change.current is None or change.target is None:
            return None
        is_made = self.state.objects.get(table) == change.target
        statements = self.parents.attaching(change.current, change.target)
        return change if statements and not is_made else None

    def _leaves(self, change: ObjectChange) -> bool:
        """Whether a change ends that a table is attached to its parent table."""
        current, target = change.current, change.target
        if current is None or current.part_of is None or not is_partition(current):
            return False
        return target is None or bool(self.parents.detaching(current, target))

    def leaving(self, target: SchemaObject) -> list[Address]:
        """The current partitions that leave the table of a target partition, perhaps to return.

        The rows of the target partition may be in them until then. If the target partition has
        partitions itself, those that leave it are among them: their rows may violate its bound.
        """
        if target.part_of is None or not is_partition(target):
            return []
        return [
            address
            for table in (target.part_of, target.address)
            for address in self._leaving.get(self.former(table), ())
        ]

    def former(self, table: Address) -> Address:
        """The current name of a target table; the same name for a new table."""
        change = self._by_target.get(table)
        former = change.current if change is not None else None
        return former.address if former is not None else table

    def are_in_order(self, checked: Collection[Address], selection: Selection) -> bool:
        """Whether each of the routines that a plan writes follows everything that it may name.

        Routines that are created are in order. Nothing is known of one that is replaced.
        """
        created = self.created_kinds | {address.kind for address in selection.creates}
        is_replaced = not selection.creates.keys() >= set(checked)
        is_alone = not any(
            change.target.address.kind not in created or is_replaced
            for change in self._changes
            if change.target is not None
            and change.target.address not in checked
            and self.kind(change.target).is_named_in_definitions
        )
        return is_alone and len(checked if is_replaced else created) <= 1

    def surplus(self, target: SchemaObject) -> Iterator[ObjectChange]:
        """The open drops of what the parents of a target table have, and the table lacks.

        While a parent has it, the table can neither be created without it nor be attached.
        """
        for address in self.needed_by(target):
            if address.kind != target.address.kind:
                continue
            change = self.open_creation(address)
            former = change.current if change is not None else None
            table = former.address if former is not None else address
            for part in self.state.parts(table):
                drop = self.open_change(part.address) if part.part_of == table else None
                if drop is not None and drop.target is None and not is_partition(part):
                    yield drop

    def with_renamed_parts(self, current: SchemaObject, target: SchemaObject) -> SchemaObject:
        """The current object after its parts got the names that the target object has for them."""
        names = self._renamed_parts.get(target.address)
        return self.kind(target).with_renamed_parts(current, names) if names else current

    def was_detached(self, table: Address) -> bool:
        """Whether an earlier plan has detached a table from its parent table for good."""
        return table in self._detached

    def _is_attached_again(self, change: ObjectChange) -> bool:
        """Whether a table that is detached for its change gets the same parent table again."""
        current, target = change.current, change.target
        if current is None or target is None or target.part_of is None:
            return False
        return self.renamed(current.part_of) == target.part_of

    def rivals(self, target: SchemaObject) -> Iterator[SchemaObject]:
        """The current objects that the server may take for one that a target object needs.

        A new foreign key finds a key by its columns. It depends on the first one that fits. A new
        trigger of a partitioned table cannot have the name of one that a partition has.
        """
        yield from namesakes(self.state, target)
        for address in self.needed_by(target):
            needed = self._goals.get(address)
            if needed is None or not self.kind(needed).is_found_by_columns(needed):
                continue
            for other in self.state.parts(needed.part_of) if needed.part_of else ():
                is_alike = {*other.stands_on} == {*needed.stands_on} and other.address != address
                if is_alike and self.kind(other).is_found_by_columns(other):
                    yield other

    def gives_way(self, part: SchemaObject) -> bool:
        """Whether the table to which that of a part is attached has a part of the same name."""
        goal = self._goals.get(part.part_of) if part.part_of is not None else None
        if goal is None or goal.part_of is None or part.address.path[:-1] != goal.address.path:
            return False
        return address_within(goal.part_of, part.address) in self._goals

    def leaves_heirs(self, address: Address) -> bool:
        """Whether objects that are inherited from a current object remain when it is dropped.

        What is inherited by a partition cannot remain.
        """
        for each in self.state.dependents(address):
            heir, goal = self.state.objects.get(each), self._goals.get(each)
            is_inherited = heir is not None and heir.inherited_from == address
            if heir is None or goal is None or not is_inherited or goal.inherited_from is not None:
                continue
            table = self.state.objects.get(heir.part_of) if heir.part_of is not None else None
            if table is not None and table.part_of is None:
                return True
        return False

    def heirs(self, source: Address) -> list[SchemaObject]:
        """The objects of the target schema that are inherited from an object."""
        return [goal for goal in self._goals.values() if goal.inherited_from == source]

    def completed(self, current: SchemaObject, target: SchemaObject) -> SchemaObject:
        """The current object when the heirs of the target object are attached to it, if it has any.

        See ``Kind.completed``.
        """
        completed = self.kind(target).completed(current, target)
        return completed if completed is current or self.heirs(target.address) else current

    def heir_left(self, address: Address, source: Address) -> SchemaObject | None:
        """The target object of an address if no change is about it, although its source is dropped.

        Args:
            address: An object that is inherited from the other one.
            source: The object that is dropped.
        """
        current, goal = self.state.objects.get(address), self._goals.get(address)
        is_heir = current is not None and current.inherited_from == source
        return goal if is_heir and address not in self._by_current else None

    def uses(self, address: Address, values: tuple[str, ...]) -> bool:
        """Whether a target object of a change contains a value of a type."""
        targets = (change.target for change in self._by_target.values())
        return any(
            address in set(self.needed_by(target)) and _contains(target, values)
            for target in targets
            if target is not None and target.address != address
        )

    def goal(self, address: Address) -> SchemaObject | None:
        """The object of this address in the target schema, or else in the current one."""
        return self._goals.get(address) or self.state.objects.get(address)

    def goal_parts(self, target: SchemaObject) -> list[SchemaObject]:
        """The parts of an object in the target schema, or in the current one without a target."""
        goals = [goal for goal in self._goals.values() if goal.part_of == target.address]
        return goals or [*self.state.parts(target.address)]

    def needed_by(self, target: SchemaObject) -> Iterator[Address]:
        """The objects that an object of the target schema depends on."""
        return dependencies_of(target, self.explicit(target))

    def defines(self, function: Address, type_: Address) -> bool:
        """Whether a function belongs to the definition of a type, so that each needs the other."""
        if not self.catalog.kind(type_.kind).is_defined_by_functions:
            return False
        return function in self._known(type_) and type_ in self._known(function)

    def _known(self, address: Address) -> tuple[Address, ...]:
        return (*self.state.explicit(address), *self._explicit.get(address, ()))

    def take(self, change: ObjectChange | None) -> ObjectChange | None:
        """Mark a change as made. Return it as it is now; ``None`` if it is made already.

        The current object has another address if an earlier plan renamed its parent object.
        """
        while id(change) in self._replaced:
            change = self._replaced[id(change)]
        if change is None or id(change) not in self._open:
            return None
        del self._open[id(change)]
        return change

    def open_change(self, address: Address) -> ObjectChange | None:
        """The change of a current object that is not made yet."""
        change = self._by_current.get(address)
        return change if id(change) in self._open else None

    def open_creation(self, address: Address) -> ObjectChange | None:
        """The change that leads to a target object and is not made yet."""
        change = self._by_target.get(address)
        return change if id(change) in self._open else None

    def renamed(self, address: Address | None) -> Address | None:
        """The name of a current object after all changes."""
        change = None if address is None else self._by_current.get(address)
        return address if change is None or change.target is None else change.target.address

    def inheriting(self, source: Address) -> list[ObjectChange]:
        """The creations of objects inherited from a target object that are not made yet."""
        return [change for change in self._open_heirs(source) if change.current is None]

    def becoming_heirs(self, source: Address) -> list[ObjectChange]:
        """The open changes of objects that exist, and are inherited from a target object then."""
        return [
            change
            for change in self._open_heirs(source)
            if change.current is not None and change.current.inherited_from != source
        ]

    def _open_heirs(self, source: Address) -> Iterator[ObjectChange]:
        changes = (self._by_target[heir] for heir in self._by_source.get(source, ()))
        return (change for change in changes if id(change) in self._open)

    def followers(self, leader: Address) -> list[ObjectChange]:
        """The changes that follow from the creation of an object, or from its new name."""
        return self._by_leader.get(leader, [])

    def missing_parts(self, parent: Address) -> list[ObjectChange]:
        """The creations of parts of an object that are not made yet."""
        return [c for c in self._by_parent.get(parent, ()) if id(c) in self._open]

    def apply(self, selection: Selection) -> None:
        """Change the state as the plan of a selection changes the schema."""
        for address in (*selection.drops, *selection.covered):
            self.names.release(self.state.objects.get(address))
            self.state.remove(address)
        for current, _ in selection.alters.values():
            self.names.release(self.state.objects.get(current.address))
        for _, target in selection.alters.values():
            self.names.hold(target)
            change = self.attachment(target.address)
            if change is not None and not self._is_attached_again(change):
                self._detached.add(target.address)
        for target in selection.creates.values():
            self.names.hold(target)
        for current, target in (*selection.alters.values(), *selection.carried):
            if current.address != target.address:
                self._rename(current, target)
                self.parents.made(current.address)
            self.state.put(target, self.explicit(target))
        for target in selection.creates.values():
            self.state.put(target, self.explicit(target))

    def _rename(self, current: SchemaObject, target: SchemaObject) -> None:
        renamed = {current.address: target.address}
        parts = list(self.state.parts(current.address))
        for part in parts:
            renamed[part.address] = within(part, current, target).address
        for dependent in self.state.dependents(current.address):
            address = dependent.after_rename(current.address, target.address)
            if address != dependent:
                renamed[dependent] = address
        affected = {*renamed, *(d for address in renamed for d in self.state.dependents(address))}
        for address in affected & self.state.objects.keys():
            obj, explicit = self.state.objects[address], self.state.explicit(address)
            self.state.remove(address)
            moved = self._moved(obj, renamed)
            self.state.put(moved, tuple(renamed.get(a, a) for a in explicit))
            self._readdress(address, moved, renamed)

    def _moved(self, obj: SchemaObject, renamed: Mapping[Address, Address]) -> SchemaObject:
        """An object after it, its parents or what it stands on got other names."""
        return replace(
            self.kind(obj).with_parents(obj, renamed),
            address=renamed.get(obj.address, obj.address),
            stands_on=tuple(renamed.get(a, a) for a in obj.stands_on),
            inherited_from=renamed.get(obj.inherited_from, obj.inherited_from)
            if obj.inherited_from is not None
            else None,
        )

    def _readdress(
        self, former: Address, moved: SchemaObject, renamed: Mapping[Address, Address]
    ) -> None:
        """Replace the change of an object that has other names now, if it is not made yet."""
        change = self._by_current.get(former)
        if change is None or change.current is None or id(change) not in self._open:
            return
        current = replace(self._moved(change.current, renamed), address=moved.address)
        if current == change.current:
            return
        self.names.release(change.current)
        self.names.hold(moved)
        replaced = replace(change, current=current)
        self._changes.append(replaced)
        self._replaced[id(change)] = replaced
        del self._by_current[former], self._open[id(change)]
        self._by_current[moved.address] = replaced
        self._open[id(replaced)] = None
        if change.target is not None:
            self._by_target[change.target.address] = replaced


def _renamed_parts(changes: Iterable[ObjectChange]) -> dict[Address, dict[str, str]]:
    """Return the new name of each column by its former one, for each target table."""
    renamed: dict[Address, dict[str, str]] = {}
    for change in changes:
        former, part = change.current, change.target
        if former is None or part is None or part.part_of is None or part.number is None:
            continue
        if former.address.name != part.address.name:
            renamed.setdefault(part.part_of, {})[former.address.name] = part.address.name
    return renamed


def within(part: SchemaObject, former: SchemaObject, parent: SchemaObject) -> SchemaObject:
    """A part with the address that it has after its parent object was renamed.

    A partition, with its own parts, keeps its name and its schema.

    Args:
        part: The part.
        former: The parent object, or a parent object of that, before the change.
        parent: The same object after the change.
    """
    if former.address == parent.address:
        return part
    address, own = part.address, former.address
    is_named_within = address.path[: len(own.path)] == own.path and len(address.path) > 1
    is_part = part.part_of == own and address.kind != own.kind
    if address.schema == own.schema and (is_part or is_named_within):
        address = address._replace(schema=parent.address.schema)
    if is_named_within:
        address = address._replace(path=(*parent.address.path, *address.path[len(own.path) :]))
    part_of = parent.address if part.part_of == own else part.part_of
    return replace(part, address=address, part_of=part_of)


def _contains(obj: SchemaObject, values: tuple[str, ...]) -> bool:
    texts = [text for text in obj.attributes.values() if isinstance(text, str)]
    return any(value in text for value in values for text in texts)
