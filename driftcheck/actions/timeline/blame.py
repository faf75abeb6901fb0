"""Reports which revisions created and changed an object."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from driftcheck.actions.timeline.revision_events import break_of, revision_events
from driftcheck.config.settings import Settings
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import UsageError
from driftcheck.judging.timeline import (
    Blame,
    Event,
    HistoryEntry,
    ObjectHistory,
    RevisionEvents,
    SchemaOperation,
)
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.walks import HistoryWalker
from driftcheck.pipeline.object_lookup import NoSuchObjectError, find_objects
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.selection import within
from driftcheck.schema import Address
from driftcheck.sources.walk import Walk


def blame(settings: Settings, name: str, progress: Progress = lambda _: None) -> Blame:
    """Replay the history, and report its changes of one object.

    Args:
        settings: The settings.
        name: The name of the object, optionally with its schema and its kind.
        progress: Called with a short description of each step.

    Raises:
        UsageError: No object has this name and the history runs, or several objects have it.
        DriftcheckError: The history could not be replayed. Nothing was left behind.
    """
    settings = replace(settings, gaps=())
    with open_project(settings, progress) as opened:
        project, environment = opened.loaded.project, opened.loaded.environment
        walked = HistoryWalker(opened, Replays(opened)).walk({})
        databases = [
            DatabaseHistory(environment.database_name(database_key), walk, settings.schemas)
            for database_key, walk in walked.walks.items()
        ]
        broken = break_of(walked.history.fault)
        try:
            address = resolve_object(name, databases)
        except NoSuchObjectError:
            if broken is None:
                raise
            return Blame(project.name, (), broken, name)
        found = (each.of_object(address) for each in databases if address in each.known)
        return Blame(project.name, tuple(found), broken)


class DatabaseHistory:
    """The history of all objects of one database.

    Args:
        name: The name of the bind, or of the database.
        walk: The walk.
        schemas: The names of the schemas to read; empty for all.

    Attributes:
        known: The addresses of all objects that exist or existed.
        final: The objects after the last revision.
        kinds: The names of the kinds of objects of the database.
    """

    def __init__(self, name: str, walk: Walk, schemas: Collection[str]) -> None:
        self._name = name
        self._catalog = catalog_for(walk.frame.dialect)
        self._revisions = revision_events(walk, self._catalog, schemas)
        self.known = within(walk.all_objects(), schemas).objects.keys()
        self.final = walk.snapshot(walk.now).objects
        self.kinds = [kind.name for kind in self._catalog.kinds]

    def of_object(self, address: Address) -> ObjectHistory:
        """The history of one object."""
        final = self.final.get(address)
        return ObjectHistory(
            self._name,
            address,
            None if final is None else self._catalog.describe(final),
            tuple(reversed([*_entries_backwards(address, self._revisions)])),
        )


def resolve_object(name: str, databases: Sequence[DatabaseHistory]) -> Address:
    """The object with a name. Objects that still exist take precedence over dropped ones.

    Raises:
        NoSuchObjectError: No object has this name.
        UsageError: Several objects have this name.
    """
    known = {address for database in databases for address in database.known}
    kinds = {kind for database in databases for kind in database.kinds}
    matches = find_objects(name, known, kinds)
    existing = [
        address for address in matches if any(address in database.final for database in databases)
    ]
    candidates = sorted(existing or matches)
    if len(candidates) > 1:
        names = ", ".join(f"'{candidate}'" for candidate in candidates)
        raise UsageError(
            f"{name!r} matches {len(candidates)} objects", hint=f"Name one of them: {names}."
        )
    return candidates[0]


def _entries_backwards(
    address: Address, revisions: Sequence[RevisionEvents]
) -> Iterator[HistoryEntry]:
    """The events of an object, the latest first. Its former names are followed."""
    for revision in reversed(revisions):
        before = address
        for event in reversed(revision.events):
            if _concerns(event, address):
                yield HistoryEntry(revision, event, address)
            before = _name_before(event, address, before)
        address = before


def _concerns(event: Event, address: Address) -> bool:
    own = (event.address, event.old_address, event.part_of)
    if address in own or address in event.parts:
        return True
    return event.operation is SchemaOperation.RENAMED and _is_within(address, event.address)


def _name_before(event: Event, address: Address, otherwise: Address) -> Address:
    """The address of the object before the event."""
    old = event.old_address
    if event.operation is not SchemaOperation.RENAMED or old is None:
        return otherwise
    if address == event.address:
        return old
    if _is_within(address, event.address):
        return address._replace(schema=old.schema, path=(*old.path, address.name))
    return otherwise


def _is_within(address: Address, parent: Address) -> bool:
    """Whether the path of an object starts with its parent's path, as for a column."""
    return (address.schema, address.path[:-1]) == (parent.schema, parent.path)
