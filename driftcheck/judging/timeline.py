"""The schema changes of revisions, for all objects or for one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import Difference
from driftcheck.judging.findings import Origin
from driftcheck.schema import Address


class SchemaOperation(StrEnum):
    """What a revision did to an object."""

    MADE = "made"
    DROPPED = "dropped"
    ALTERED = "altered"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Event:
    """One object that a revision made, dropped, altered or renamed.

    Attributes:
        operation: What the revision did to the object.
        address: The address of the object after the revision; before it, if it was dropped.
        old_address: The address before a rename; ``None`` for other operations.
        part_of: The parent object, such as the table of a column.
        definition: The definition after the revision; before it, if the object was dropped.
        differences: The attributes that changed.
        parts: The objects that were made or dropped with it, such as the columns of a table.
        line: The line of the operation; ``None`` if it is not known.
    """

    operation: SchemaOperation
    address: Address
    old_address: Address | None = None
    part_of: Address | None = None
    definition: str = ""
    differences: tuple[Difference, ...] = ()
    parts: tuple[Address, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RevisionEvents:
    """The schema changes of one revision in one database.

    Attributes:
        revision: The identifier of the revision.
        title: The first line of its docstring.
        file: Its path, relative to the project's root if the file is below it.
        events: The changes, in the order of the file; empty if it does not change the schema.
    """

    revision: str
    title: str
    file: str
    events: tuple[Event, ...]

    def origin(self, event: Event) -> Origin:
        """The revision, file and line of an event."""
        return Origin(self.revision, self.file, event.line)


@dataclass(frozen=True)
class DatabaseTimeline:
    """The schema changes of a history in one database.

    Attributes:
        name: The name of the bind, or of the database.
        dialect: The name of SQLAlchemy's dialect.
        server_version: The version of the shadow's server.
        revisions: The selected revisions, in the order in which they run.
        shadows: Where the shadow databases were created, and why there.
        notes: Notes for the report.
    """

    name: str
    dialect: str
    server_version: str
    revisions: tuple[RevisionEvents, ...]
    shadows: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Break:
    """A revision that fails. The revisions after it are not known.

    Attributes:
        origin: The revision, its file and line.
        message: The error message.
    """

    origin: Origin
    message: str


@dataclass(frozen=True)
class Timeline:
    """The schema changes of a history in the databases of a project.

    Attributes:
        project: The name of the project.
        databases: A timeline for each database that the project migrates.
        broken: The revision at which the history breaks, if it does.
    """

    project: str
    databases: tuple[DatabaseTimeline, ...]
    broken: Break | None = None

    @property
    def exit_code(self) -> ExitCode:
        """``CLEAN``, or ``CANNOT_CHECK`` if the history breaks."""
        return ExitCode.CLEAN if self.broken is None else ExitCode.CANNOT_CHECK


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event in the history of an object.

    Attributes:
        revision: The revision of the event.
        event: The event. It concerns the object, its parent object, or a part of the object.
        address: The address of the object after the event.
    """

    revision: RevisionEvents
    event: Event
    address: Address


@dataclass(frozen=True)
class ObjectHistory:
    """The history of one object in one database.

    Attributes:
        database: The name of the bind, or of the database.
        address: The last address of the object.
        definition: The definition after the last revision; ``None`` if the object was dropped.
        entries: The events, the earliest first.
    """

    database: str
    address: Address
    definition: str | None
    entries: tuple[HistoryEntry, ...]

    @property
    def creation(self) -> HistoryEntry | None:
        """The last creation of the object; ``None`` if it existed before the first revision."""
        for entry in reversed(self.entries):
            is_made = entry.event.operation is SchemaOperation.MADE
            if is_made and entry.event.part_of != entry.address:
                return entry
        return None

    @property
    def last_change(self) -> HistoryEntry | None:
        """The last event after the creation; ``None`` if there is none."""
        last = self.entries[-1] if self.entries else None
        return None if last is None or last is self.creation else last


@dataclass(frozen=True)
class Blame:
    """The histories of the objects with one name in the databases of a project.

    Attributes:
        project: The name of the project.
        histories: A history for each database that has or had an object of this name.
        broken: The revision at which the history breaks, if it does.
        unknown: The name that no revision before the break creates an object for, if so.
        notes: Notes for the report, by database.
    """

    project: str
    histories: tuple[ObjectHistory, ...]
    broken: Break | None = None
    unknown: str = ""
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """``CLEAN``, or ``CANNOT_CHECK`` if the history breaks."""
        return ExitCode.CLEAN if self.broken is None else ExitCode.CANNOT_CHECK
