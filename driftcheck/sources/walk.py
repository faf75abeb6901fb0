"""A walk through a history: the schema of one database after each revision, read in one replay.

The schema is read during the replay, on the connection on which a revision has just run. Objects
that a revision does not change are shared between the states.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import is_
from typing import TypeAlias

from driftcheck.databases.reading import Reading
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.statement_log import ExecutedStatement

Applied: TypeAlias = frozenset[str]
"""The revisions that have run, each with all its ancestors."""

ObjectChange: TypeAlias = "tuple[SchemaObject | None, SchemaObject | None]"
"""An object before and after a revision; ``None`` if it did not exist then."""

Parents: TypeAlias = Mapping[str, Collection[str]]
"""The parents and dependencies of each revision."""


def ancestry(revisions: Iterable[str], parents: Parents) -> Applied:
    """Revisions with all their ancestors."""
    ancestors: set[str] = set()
    queue = list(revisions)
    while queue:
        revision = queue.pop()
        if revision not in ancestors:
            ancestors.add(revision)
            queue += parents.get(revision, ())
    return frozenset(ancestors)


@dataclass(frozen=True)
class State:
    """A set of revisions, and the schema that they build.

    Attributes:
        applied: The revisions.
        reading: The schema, including version tables.
        composed: Whether the schema was computed and not read. The replay runs branches one after
            another, so it never has a later branch without the earlier one.
    """

    applied: Applied
    reading: Reading
    composed: bool = False


@dataclass(frozen=True)
class Revision:
    """The description of a revision.

    Attributes:
        identifier: Its identifier.
        title: The first line of its docstring.
        file: Its path, relative to the project's root if the file is below it.
    """

    identifier: str
    title: str
    file: str


@dataclass(frozen=True)
class Step:
    """One revision of a walk.

    Attributes:
        revision: The revision.
        statements: The statements that it ran, except those that only read or write rows.
        before: The state before the revision.
        after: The state after the revision.
    """

    revision: Revision
    statements: tuple[ExecutedStatement, ...]
    before: State
    after: State

    @cached_property
    def changes(self) -> Mapping[str, Mapping[Address, ObjectChange]]:
        """The objects that the revision changed, by kind and address."""
        before, after = self.before.reading.by_kind, self.after.reading.by_kind
        return {
            kind: _changes(before[kind], objects)
            for kind, objects in after.items()
            if objects is not before[kind]
        }


def _changes(
    before: Iterable[SchemaObject], after: Iterable[SchemaObject]
) -> dict[Address, ObjectChange]:
    old, new = ({item.address: item for item in objects} for objects in (before, after))
    return {
        address: (old.get(address), new.get(address))
        for address in {**old, **new}
        if old.get(address) is not new.get(address)
    }


@dataclass
class Walk:
    """The states of one database during a replay.

    Attributes:
        beginning: The state before the first revision that is replayed.
        frame: A snapshot of the beginning. Snapshots of other states take from it everything but
            the objects: the dialect, the server version and so on.
        hidden: The addresses of the version tables.
        parents: The parents and dependencies of each revision.
        reword: Converts an object that was read into the words of the base snapshot.
        steps: The revisions, in the order in which they ran.
    """

    beginning: State
    frame: Snapshot
    hidden: tuple[Address, ...]
    parents: Parents
    reword: Callable[[SchemaObject], SchemaObject] = lambda item: item
    steps: list[Step] = field(default_factory=list)
    _known: dict[Address, SchemaObject] = field(default_factory=dict)

    @property
    def now(self) -> State:
        """The latest state."""
        return self.steps[-1].after if self.steps else self.beginning

    def add_step(
        self, revision: Revision, statements: Iterable[ExecutedStatement], reading: Reading
    ) -> None:
        """Add a revision that has run, and the schema that was read after it."""
        before = self.now
        objects = {
            kind: self._shared(of_kind, before.reading.by_kind[kind])
            for kind, of_kind in reading.by_kind.items()
        }
        after = State(before.applied | {revision.identifier}, replace(reading, by_kind=objects))
        self.steps.append(Step(revision, tuple(statements), before, after))

    def _shared(
        self, objects: tuple[SchemaObject, ...], before: tuple[SchemaObject, ...]
    ) -> tuple[SchemaObject, ...]:
        """Equal objects, identical to those of the state before where they have not changed.

        Later comparisons test identity first, so states that share objects are compared fast.
        """
        if objects is before:
            return before
        if not self._known:
            self._known = self.beginning.reading.objects
        shared = tuple(self._known_or_new(self.reword(item)) for item in objects)
        return before if len(shared) == len(before) and all(map(is_, shared, before)) else shared

    def _known_or_new(self, item: SchemaObject) -> SchemaObject:
        known = self._known.get(item.address)
        if known is not item and known != item:
            self._known[item.address] = item
            return item
        return known

    def all_objects(self) -> Snapshot:
        """Every object that exists in any state, as it was last."""
        objects = self.beginning.reading.objects
        for step in self.steps:
            for changes in step.changes.values():
                objects |= {
                    address: new for address, (_, new) in changes.items() if new is not None
                }
        return replace(self.frame, objects=objects).without(self.hidden)

    def states(self) -> Iterator[State]:
        """The beginning, the state after each revision, and each branch without the others."""
        walked = (self.beginning, *(step.after for step in self.steps))
        known = {state.applied: state for state in walked}
        yield from walked
        for step in self.steps:
            applied = self.beginning.applied | self.ancestry([step.revision.identifier])
            if applied not in known and (state := self._composed(applied, known)) is not None:
                known[applied] = state
                yield state

    def ancestry(self, revisions: Iterable[str]) -> Applied:
        """Revisions with all their ancestors."""
        return ancestry(revisions, self.parents)

    @property
    def has_branches(self) -> bool:
        """Whether the history has parallel branches, which can run in several orders."""
        first = self.beginning.applied
        return any(
            step.after.applied != first | self.ancestry([step.revision.identifier])
            for step in self.steps
        )

    def heads_of(self, applied: Applied) -> tuple[str, ...]:
        """The heads of a set of revisions."""
        parents = {parent for revision in applied for parent in self.parents.get(revision, ())}
        return tuple(sorted(applied - parents))

    def _composed(self, applied: Applied, known: Mapping[Applied, State]) -> State | None:
        """Compute a state: apply to a known state what the remaining revisions did on the walk.

        Example: the walk is ``1, left, right``, where ``left`` and ``right`` are branches after
        ``1``. The state ``{1, right}`` is the state ``{1}`` with the changes of ``right``.

        Returns:
            ``None`` if an object that a remaining revision changed is not the same in the known
            state as it was on the walk.
        """
        steps = [step for step in self.steps if step.revision.identifier in applied]
        remaining: list[Step] = []
        start = applied
        while start not in known:
            remaining.append(steps.pop())
            start -= {remaining[-1].revision.identifier}
        objects = dict(known[start].reading.by_kind)
        for step in reversed(remaining):
            for kind, changes in step.changes.items():
                before = {item.address: item for item in objects[kind]}
                if any(before.get(address) != old for address, (old, _) in changes.items()):
                    return None
                after = before | {address: new for address, (_, new) in changes.items()}
                objects[kind] = tuple(item for item in after.values() if item is not None)
        return State(applied, Reading(objects), composed=True)

    def snapshot(self, state: State) -> Snapshot:
        """The snapshot of a state, without the version tables."""
        return replace(self.frame, objects=state.reading.objects).without(self.hidden)
