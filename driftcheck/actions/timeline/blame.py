"""Tells which revision made an object and which changed it last, and every change between."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from driftcheck.actions.timeline.object_names import meant
from driftcheck.actions.timeline.revisions import break_of, revisions_of
from driftcheck.config.settings import Settings
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import UsageError
from driftcheck.judging.timeline import Biography, Blame, Deed, Event, Moment, RevisionEvents
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Progress, open_session
from driftcheck.pipeline.walks import walk_history
from driftcheck.schema import Address
from driftcheck.sources.walk import Walk


def blame(settings: Settings, name: str, progress: Progress = lambda _: None) -> Blame:
    """Replay the history, and see what it does to one object.

    Args:
        settings: The project, and how it is replayed.
        name: The object as reports print it, with its kind before it where that is needed.
        progress: Told what is being done.

    Raises:
        UsageError: There is and was no such object, or the name means several.
        DriftcheckError: The history could not be replayed; nothing was left behind.
    """
    with open_session(replace(settings, gaps=()), progress) as session:
        walked = walk_history(session, {})
        records = [
            Records(
                session.environment.databases[place][0].bind or place.database,
                walk,
                settings.schemas,
            )
            for place, walk in walked.walks.items()
        ]
        address = one_meant(name, records)
        return Blame(
            session.project.name,
            tuple(one.biography(address) for one in records if address in one.known),
            break_of(walked.fault),
        )


class Records:
    """All that is known of the objects of one database, from a walk through its history.

    Args:
        name: The bind it is, or the database's own name.
        walk: The walk.
        schemas: The schemas to look at; none for all.

    Attributes:
        known: Every object that there is, or ever was.
        end: What there is at the history's end.
        kinds: The names of the kinds of objects that it may have.
    """

    def __init__(self, name: str, walk: Walk, schemas: Collection[str]) -> None:
        self._name = name
        self._catalog = catalog_for(walk.frame.dialect)
        self._revisions = revisions_of(walk, self._catalog, schemas)
        self.known = within(walk.everything(), schemas).objects.keys()
        self.end = walk.snapshot(walk.now).objects
        self.kinds = [kind.name for kind in self._catalog.kinds]

    def biography(self, address: Address) -> Biography:
        """All that was done to an object."""
        thing = self.end.get(address)
        return Biography(
            self._name,
            address,
            None if thing is None else self._catalog.describe(thing),
            tuple(reversed([*_backwards(address, self._revisions)])),
        )


def one_meant(name: str, records: Sequence[Records]) -> Address:
    """The one object that a name means: what is still there goes before what was dropped.

    Raises:
        UsageError: It means none, or several.
    """
    known = {address for one in records for address in one.known}
    found = meant(name, known, {kind for one in records for kind in one.kinds})
    there = [address for address in found if any(address in one.end for one in records)]
    candidates = sorted(there or found)
    if len(candidates) > 1:
        raise UsageError(
            f"{name!r} may mean {len(candidates)} objects",
            hint="Name one of them: " + ", ".join(f"'{one}'" for one in candidates) + ".",
        )
    return candidates[0]


def _backwards(address: Address, revisions: Sequence[RevisionEvents]) -> Iterator[Moment]:
    """What happened to an object, the last thing first; under the names that it had before, too."""
    for revision in reversed(revisions):
        before = address
        for event in reversed(revision.events):
            if _concerns(event, address):
                yield Moment(revision, event, address)
            before = _name_before(event, address, before)
        address = before


def _concerns(event: Event, address: Address) -> bool:
    own = (event.address, event.was, event.part_of)
    if address in own or address in event.parts:
        return True
    return event.deed is Deed.RENAMED and _is_within(address, event.address)


def _name_before(event: Event, address: Address, otherwise: Address) -> Address:
    """What the object was called before the event."""
    old = event.was
    if event.deed is not Deed.RENAMED or old is None:
        return otherwise
    if address == event.address:
        return old
    if _is_within(address, event.address):
        return address._replace(schema=old.schema, path=(*old.path, address.name))
    return otherwise


def _is_within(address: Address, whole: Address) -> bool:
    """Whether an object is named within another: a column, within its table."""
    return (address.schema, address.path[:-1]) == (whole.schema, whole.path)
