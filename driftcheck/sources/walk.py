"""A walk through a history: what one database's schema is after each revision, in one replay.

The schema is read within the replay, on the connection on which a revision has just run. What a
revision does not touch is kept once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import is_
from typing import TypeAlias

from driftcheck.databases.catalog import Reading
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.journal import Entry

Applied: TypeAlias = frozenset[str]
"""Revisions that have run, each with all that it comes after."""

Turn: TypeAlias = "tuple[SchemaObject | None, SchemaObject | None]"
"""An object as it was and as it is now; ``None`` where it was not, or is not."""


Parents: TypeAlias = Mapping[str, Collection[str]]
"""What each revision of a history comes after."""


def ancestry(revisions: Iterable[str], parents: Parents) -> Applied:
    """Revisions, with all that they come after."""
    found: set[str] = set()
    left = list(revisions)
    while left:
        revision = left.pop()
        if revision not in found:
            found.add(revision)
            left += parents.get(revision, ())
    return frozenset(found)


@dataclass(frozen=True)
class State:
    """A schema that a history builds, and the revisions that build it.

    Attributes:
        applied: Those revisions.
        reading: The schema, version tables and all.
        composed: Whether it was put together from what its revisions did elsewhere on the walk,
            because no walk along one line passes it: one branch without the other.
    """

    applied: Applied
    reading: Reading
    composed: bool = False


@dataclass(frozen=True)
class Revision:
    """A revision, as its file says it.

    Attributes:
        identifier: Its identifier.
        title: The first line of its docstring.
        file: Its path, relative to the project where it lies within.
    """

    identifier: str
    title: str
    file: str


@dataclass(frozen=True)
class Step:
    """One revision of a walk.

    Attributes:
        revision: The revision.
        entries: The statements that it ran, without those that only read or write rows.
        before: The state that it was run on.
        after: The state that it left.
    """

    revision: Revision
    entries: tuple[Entry, ...]
    before: State
    after: State

    @cached_property
    def turns(self) -> Mapping[str, Mapping[Address, Turn]]:
        """What it turned into what, by kind: an object as it was and as it is now."""
        before, after = self.before.reading.by_kind, self.after.reading.by_kind
        return {
            kind: _turns(before[kind], things)
            for kind, things in after.items()
            if things is not before[kind]
        }


def _turns(before: Iterable[SchemaObject], after: Iterable[SchemaObject]) -> dict[Address, Turn]:
    old, new = ({thing.address: thing for thing in things} for things in (before, after))
    return {
        address: (old.get(address), new.get(address))
        for address in {**old, **new}
        if old.get(address) is not new.get(address)
    }


@dataclass
class Walk:
    """One database's way through a history.

    Attributes:
        beginning: What is there before the first revision that is replayed.
        frame: A snapshot of the beginning: what else there is to say of the database.
        hidden: The version tables.
        parents: What each revision of the history comes after.
        word: Says of what was read how it is to be told.
        steps: The revisions, in the order in which they ran.
    """

    beginning: State
    frame: Snapshot
    hidden: tuple[Address, ...]
    parents: Parents
    word: Callable[[SchemaObject], SchemaObject] = lambda thing: thing
    steps: list[Step] = field(default_factory=list)
    _known: dict[Address, SchemaObject] = field(default_factory=dict)

    @property
    def now(self) -> State:
        """The state that the walk has got to."""
        return self.steps[-1].after if self.steps else self.beginning

    def go(self, revision: Revision, entries: Iterable[Entry], reading: Reading) -> None:
        """Take a step: a revision has run and left what was read."""
        before = self.now
        things = {
            kind: self._shared(several, before.reading.by_kind[kind])
            for kind, several in reading.by_kind.items()
        }
        after = State(before.applied | {revision.identifier}, replace(reading, by_kind=things))
        self.steps.append(Step(revision, tuple(entries), before, after))

    def _shared(
        self, things: tuple[SchemaObject, ...], before: tuple[SchemaObject, ...]
    ) -> tuple[SchemaObject, ...]:
        """The same things; those that have not changed are the very objects that they were."""
        if things is before:
            return before
        if not self._known:
            self._known = self.beginning.reading.objects
        shared = tuple(self._known_or_new(self.word(thing)) for thing in things)
        return before if len(shared) == len(before) and all(map(is_, shared, before)) else shared

    def _known_or_new(self, thing: SchemaObject) -> SchemaObject:
        known = self._known.get(thing.address)
        if known is not thing and known != thing:
            self._known[thing.address] = thing
            return thing
        return known

    def everything(self) -> Snapshot:
        """Everything that there ever was on the walk, as it was last."""
        objects = self.beginning.reading.objects
        for step in self.steps:
            for turns in step.turns.values():
                objects |= {address: new for address, (_, new) in turns.items() if new is not None}
        return replace(self.frame, objects=objects).without(self.hidden)

    def states(self) -> Iterator[State]:
        """The beginning, the state after each step, and that of each branch without the others."""
        walked = (self.beginning, *(step.after for step in self.steps))
        known = {state.applied: state for state in walked}
        yield from walked
        for step in self.steps:
            applied = self.beginning.applied | self.ancestry([step.revision.identifier])
            if applied not in known and (state := self._composed(applied, known)) is not None:
                known[applied] = state
                yield state

    def ancestry(self, revisions: Iterable[str]) -> Applied:
        """Revisions, with all that they come after."""
        return ancestry(revisions, self.parents)

    @property
    def has_branches(self) -> bool:
        """Whether branches run side by side, so that the order of the replay is one of several."""
        first = self.beginning.applied
        return any(
            step.after.applied != first | self.ancestry([step.revision.identifier])
            for step in self.steps
        )

    def latest(self, applied: Applied) -> tuple[str, ...]:
        """The revisions, of those that have run, that no other of them comes after."""
        before = {parent for revision in applied for parent in self.parents.get(revision, ())}
        return tuple(sorted(applied - before))

    def _composed(self, applied: Applied, known: Mapping[Applied, State]) -> State | None:
        """Put a state together: do to one that is known what the other revisions did elsewhere.

        Returns:
            ``None`` where one of them would have found something else than it did on the walk.
        """
        steps = [step for step in self.steps if step.revision.identifier in applied]
        ahead: list[Step] = []
        rest = applied
        while rest not in known:
            ahead.append(steps.pop())
            rest -= {ahead[-1].revision.identifier}
        things = dict(known[rest].reading.by_kind)
        for step in reversed(ahead):
            for kind, turns in step.turns.items():
                objects = {thing.address: thing for thing in things[kind]}
                if any(objects.get(address) != old for address, (old, _) in turns.items()):
                    return None
                turned = objects | {address: new for address, (_, new) in turns.items()}
                things[kind] = tuple(thing for thing in turned.values() if thing is not None)
        return State(applied, Reading(things), composed=True)

    def snapshot(self, state: State) -> Snapshot:
        """A state as a snapshot, without the version tables."""
        return replace(self.frame, objects=state.reading.objects).without(self.hidden)
