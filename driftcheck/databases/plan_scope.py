"""Decides which objects a plan drops, creates and alters, including those that depend on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.databases.catalog import Catalog, Kind
from driftcheck.databases.plan_state import SchemaState, dependencies_of
from driftcheck.databases.row_facts import NO_ROWS, RowFacts
from driftcheck.schema import Address, SchemaObject, Snapshot

_PRIVILEGES = ("owner", "grants", "column_grants", "identity_grants")


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
        default_privileges: The default privileges before and after all changes.
        created_kinds: The kinds of the objects that all changes create.
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
        self.state = state
        self.catalog = catalog
        self._explicit = target.dependencies if target is not None else {}
        self._open = dict.fromkeys(map(id, changes))
        self._changes = list(changes)
        self._by_current = {c.current.address: c for c in changes if c.current is not None}
        self._by_target = {c.target.address: c for c in changes if c.target is not None}
        self._by_parent: dict[Address, list[ObjectChange]] = {}
        for change in changes:
            if change.current is None and change.target is not None and change.target.part_of:
                self._by_parent.setdefault(change.target.part_of, []).append(change)
            if change.current is not None and change.current.address not in state.objects:
                state.put(change.current)
        self._holders: dict[tuple[str, ...], Address] = {}
        for obj in state.objects.values():
            self._hold(obj)
        targets = [change.target for change in changes if change.target is not None]
        self.default_privileges = [
            obj
            for obj in (*state.objects.values(), *targets)
            if obj.address.kind == "default privileges"
        ]
        self.created_kinds = {
            c.target.address.kind for c in changes if c.target is not None and c.current is None
        }

    def kind(self, obj: SchemaObject) -> Kind:
        """The kind of an object."""
        return self.catalog.kind(obj.address.kind)

    def explicit(self, target: SchemaObject) -> tuple[Address, ...]:
        """The recorded dependencies of an object in the target schema."""
        return self._explicit.get(target.address, self.state.explicit(target.address))

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

    def select(self, wanted: Sequence[ObjectChange]) -> Selection:
        """Decide what a plan for some changes does, and mark the changes as made."""
        selection = Selection()
        selector = _Selector(self, selection)
        for change in wanted:
            selector.take(change)
        return selection

    def take(self, change: ObjectChange | None) -> bool:
        """Mark a change as made. Return false if it is made already."""
        if change is None or id(change) not in self._open:
            return False
        del self._open[id(change)]
        return True

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
        return [
            c
            for c in self._by_target.values()
            if id(c) in self._open
            and c.current is None
            and c.target is not None
            and c.target.inherited_from == source
        ]

    def missing_parts(self, parent: Address) -> list[ObjectChange]:
        """The creations of parts of an object that are not made yet."""
        return [c for c in self._by_parent.get(parent, ()) if id(c) in self._open]

    def holder(self, key: tuple[str, ...]) -> Address | None:
        """The current object that has a name which only one object can have."""
        return self._holders.get(key)

    def _hold(self, obj: SchemaObject) -> None:
        for key in names_held(obj):
            self._holders[key] = obj.address

    def _release_names(self, obj: SchemaObject | None) -> None:
        for key in names_held(obj) if obj is not None else ():
            if obj is not None and self._holders.get(key) == obj.address:
                del self._holders[key]

    def apply(self, selection: Selection) -> None:
        """Change the state as the plan of a selection changes the schema."""
        for address in (*selection.drops, *selection.covered):
            self._release_names(self.state.objects.get(address))
            self.state.remove(address)
        for current, _ in selection.alters.values():
            self._release_names(self.state.objects.get(current.address))
        for _, target in selection.alters.values():
            self._hold(target)
        for target in selection.creates.values():
            self._hold(target)
        for current, target in (*selection.alters.values(), *selection.carried):
            if current.address != target.address:
                self._rename(current, target)
            self.state.put(target, self.explicit(target))
        for target in selection.creates.values():
            self.state.put(target, self.explicit(target))

    def _rename(self, current: SchemaObject, target: SchemaObject) -> None:
        renamed = {current.address: target.address}
        parts = list(self.state.parts(current.address))
        for part in parts:
            renamed[part.address] = within(part, current, target).address
        affected = {*renamed, *(d for address in renamed for d in self.state.dependents(address))}
        for address in affected & self.state.objects.keys():
            obj, explicit = self.state.objects[address], self.state.explicit(address)
            self.state.remove(address)
            moved = replace(
                obj,
                address=renamed.get(address, address),
                part_of=renamed.get(obj.part_of, obj.part_of) if obj.part_of else None,
                stands_on=tuple(renamed.get(a, a) for a in obj.stands_on),
            )
            self.state.put(moved, tuple(renamed.get(a, a) for a in explicit))


class _Selector:
    """Extends a selection by changes, by what they require and by what depends on them."""

    def __init__(self, scope: PlanScope, selection: Selection) -> None:
        self._scope = scope
        self._state = scope.state
        self._selection = selection
        self._finding: int | None = None

    def take(self, change: ObjectChange | None) -> None:
        """Select a change, unless it is made already."""
        if change is None or not self._scope.take(change):
            return
        outer, self._finding = self._finding, change.finding
        self._selection.changes.append(change)
        current, target = change.current, change.target
        if current is not None and target is not None and change.leader is not None:
            self._selection.carried.append((current, target))
        elif target is None:
            self._drop(current, change.leader)
        elif current is None:
            self._create(target, follows=change.leader is not None)
        elif self._selection.is_gone(current.address):
            self._create(target)
        else:
            self._alter(current, target)
        self._finding = outer

    def _drop(self, current: SchemaObject | None, leader: Address | None = None) -> None:
        assert current is not None  # noqa: S101  (a change has at least one side)
        selection, address = self._selection, current.address
        if selection.is_gone(address):
            return
        self._move_parts(current)
        if leader is None or not selection.is_gone(leader):
            leader = self._dropped_with(current)
        if leader is not None:
            selection.covered[address] = leader
        else:
            selection.drops[address] = current
            selection.finding_of.setdefault(address, self._finding)
        self._leave(current)

    def _dropped_with(self, current: SchemaObject) -> Address | None:
        """Find the object with which the server drops another one, and select its change.

        It is what the object is inherited from, or the type that a function defines.
        """
        functions_of = (
            address
            for address in self._state.dependents(current.address)
            if self._scope.defines(current.address, address)
        )
        sources = [current.inherited_from] if current.inherited_from is not None else []
        for address in (*sources, *functions_of):
            if self._selection.is_gone(address):
                return address
            change = self._scope.open_change(address)
            if change is not None and self._is_dropped_by(change):
                self._selection.covered[current.address] = address
                self.take(change)
                return address
        return None

    def _is_dropped_by(self, change: ObjectChange) -> bool:
        """Whether a change drops its current object, perhaps to create it again."""
        current, target = change.current, change.target
        if current is None or target is None:
            return current is not None
        same = replace(current, address=target.address)
        return self._scope.kind(target).is_recreated(same, target)

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
        selection.creates[target.address] = target
        selection.finding_of.setdefault(target.address, self._finding)
        if follows:
            selection.follows.add(target.address)
        self._require(target)

    def _create_inherited(self, source: SchemaObject) -> None:
        """Select what the server creates together with an object, such as indexes of partitions."""
        if source.attributes.get("only"):
            return
        for change in self._scope.inheriting(source.address):
            if change.target is not None and self._scope.take(change):
                self._selection.changes.append(change)
                self._create(change.target, follows=True)
                self._create_inherited(change.target)

    def _require(self, target: SchemaObject) -> None:
        """Select what has to exist, to be changed or to be gone before an object is created."""
        for address in self._scope.needed_by(target):
            creation = self._scope.open_creation(address)
            if creation is not None and (creation.current is None or self._matters(creation)):
                self.take(creation)
        for key in names_held(target):
            holder = self._scope.holder(key)
            if holder is not None and not self._selection.is_gone(holder):
                self.take(self._scope.open_change(holder))

    def _matters(self, change: ObjectChange) -> bool:
        """Whether objects that depend on an object can require its change."""
        current, target = change.current, change.target
        if current is None or target is None or current.address != target.address:
            return True
        kind = self._scope.kind(target)
        return (
            kind.is_type
            or kind.is_recreated(current, target)
            or bool(kind.blocked_by(current, target))
        )

    def _alter(self, current: SchemaObject, target: SchemaObject) -> None:
        kind = self._scope.kind(target)
        same = replace(current, address=target.address)
        moved = self._scope.renamed(current.part_of) != target.part_of
        if kind.is_recreated(same, target) or (moved and not kind.can_move):
            self._recreate(current, target)
            return
        self._selection.alters[current.address] = (current, target)
        self._selection.finding_of.setdefault(target.address, self._finding)
        self._require(target)
        blocked = kind.blocked_by(same, target)
        if blocked:
            self._make_way(current, blocked)

    def _make_way(self, current: SchemaObject, blocked: frozenset[str]) -> None:
        """Take down what the server refuses to keep while an object is altered."""
        for address in self._state.dependents(current.address):
            obj = self._state.objects.get(address)
            if obj is None or self._selection.is_gone(address):
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
        target = _with_privileges(target, self._state.objects.get(current.address, current))
        kind = self._scope.kind(current)
        if kind.is_type and self._has_columns(current):
            selection.rename_away[current.address] = current
        selection.drops[current.address] = current
        selection.finding_of.setdefault(current.address, self._finding)
        self._create(target)
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

    def _disturb(self, address: Address, cause: Address) -> None:
        """Take down an object that depends on an object which is dropped or blocked."""
        selection, obj = self._selection, self._state.objects.get(address)
        if obj is None or selection.is_gone(address):
            return
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
        if obj.part_of == cause or (obj.inherited_from is not None and cause == obj.inherited_from):
            return
        if cause in selection.rename_away and obj.address.kind == "column":
            if obj.address not in selection.retyped:
                selection.retyped.add(obj.address)
                selection.alters[obj.address] = (kind.of_replaced_type(obj), target)
                self._make_way(obj, kind.blocked_by(kind.of_replaced_type(obj), target))
            return
        if kind.holds_data and not obj.attributes.get("generated"):
            self._release(obj, target)
            return
        selection.alters.pop(obj.address, None)
        self._recreate(obj, target)

    def _release(self, obj: SchemaObject, target: SchemaObject) -> None:
        released = self._scope.kind(obj).release(obj)
        if released is not None and obj.address not in self._selection.released:
            self._selection.released[obj.address], remaining = released
            self._selection.alters[obj.address] = (remaining, target)


def _with_privileges(target: SchemaObject, current: SchemaObject) -> SchemaObject:
    """The target with the owner and the privileges of the current object, if it has none."""
    kept = {
        name: current.attributes[name]
        for name in _PRIVILEGES
        if name in current.attributes and name not in target.attributes
    }
    return replace(target, attributes={**target.attributes, **kept}) if kept else target


def within(part: SchemaObject, former: SchemaObject, parent: SchemaObject) -> SchemaObject:
    """A part with the address that it has after its parent object was renamed.

    Args:
        part: The part.
        former: The parent object, or a parent object of that, before the change.
        parent: The same object after the change.
    """
    if former.address == parent.address:
        return part
    address = part.address
    if address.schema == former.address.schema:
        address = address._replace(schema=parent.address.schema)
    if address.path[: len(former.address.path)] == former.address.path and len(address.path) > 1:
        rest = address.path[len(former.address.path) :]
        address = address._replace(path=(*parent.address.path, *rest))
    part_of = parent.address if part.part_of == former.address else part.part_of
    return replace(part, address=address, part_of=part_of)


_RELATIONS = frozenset(
    (
        "table",
        "view",
        "materialized view",
        "foreign table",
        "sequence",
        "index",
        "composite type",
        "primary key",
        "unique constraint",
        "exclusion constraint",
    )
)
_TYPES = frozenset(
    (
        "table",
        "view",
        "materialized view",
        "foreign table",
        "composite type",
        "base type",
        "enum",
        "domain",
        "range type",
    )
)
_CONSTRAINTS = frozenset(
    (
        "primary key",
        "unique constraint",
        "exclusion constraint",
        "check constraint",
        "foreign key",
    )
)


def names_held(obj: SchemaObject) -> Iterator[tuple[str, ...]]:
    """The names of an object that no other object can have at the same time."""
    kind, schema, path = obj.address.kind, obj.address.schema, obj.address.path
    yield ("object", kind, schema, *path, obj.address.arguments or "")
    if kind in _RELATIONS:
        yield "relation", schema, path[-1]
    if kind in _TYPES:
        yield "type", schema, path[-1]
    if kind in _CONSTRAINTS:
        yield ("constraint", schema, *path)
    if kind in ("primary key", "unique constraint", "exclusion constraint"):
        yield "relation", schema, path[-1]
    if kind == "column" and obj.attributes.get("identity"):
        yield "relation", schema, f"{path[0]}_{path[-1]}_seq"
    if kind == "primary key":
        yield ("the primary key", schema, *path[:-1])
