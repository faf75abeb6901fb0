"""What revisions do to a schema, as frozen values: one by one, or gathered for one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import Difference
from driftcheck.judging.findings import Origin
from driftcheck.schema import Address


class Deed(StrEnum):
    """What a revision did to an object."""

    MADE = "made"
    DROPPED = "dropped"
    ALTERED = "altered"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Event:
    """One object that a revision made, dropped, altered or renamed.

    Attributes:
        deed: What was done to it.
        address: What it is called afterwards or, where it was dropped, what it was called.
        was: What it was called before, where it was renamed.
        part_of: The whole that it belongs to.
        definition: What it is, or was where it was dropped.
        differences: What differs inside, where it is not the same any more.
        parts: What came or went with it: the columns of a table.
        line: The line of the operation; ``None`` where it is not known.
    """

    deed: Deed
    address: Address
    was: Address | None = None
    part_of: Address | None = None
    definition: str = ""
    differences: tuple[Difference, ...] = ()
    parts: tuple[Address, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RevisionEvents:
    """What one revision did to the schema of one database.

    Attributes:
        revision: Its identifier.
        title: The first line of its docstring.
        file: Its path, relative to the project where it lies within.
        events: What it did, in the order of its file; nothing, where it left the schema alone.
    """

    revision: str
    title: str
    file: str
    events: tuple[Event, ...]

    def origin(self, event: Event) -> Origin:
        """Where in the history an event has its place."""
        return Origin(self.revision, self.file, event.line)


@dataclass(frozen=True)
class DatabaseTimeline:
    """What the revisions of a history do to one database, in the order in which they run.

    Attributes:
        name: The bind it is, or the database's own name.
        dialect: SQLAlchemy's name of its sort.
        server_version: That of the shadow's server, as it gives it.
        revisions: The revisions that were asked for.
        shadows: Where the shadow databases were made, and why there.
        notes: What a reader should know besides.
    """

    name: str
    dialect: str
    server_version: str
    revisions: tuple[RevisionEvents, ...]
    shadows: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Break:
    """A revision that does not run, so that nothing after it is known.

    Attributes:
        origin: The revision, its file and line.
        message: What the database or the revision said.
    """

    origin: Origin
    message: str


@dataclass(frozen=True)
class Timeline:
    """What a history does to the databases of a project.

    Attributes:
        project: The project's name, as people know it.
        databases: One for each database that the project migrates.
        broken: Where the history breaks, if it does.
    """

    project: str
    databases: tuple[DatabaseTimeline, ...]
    broken: Break | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Clean, unless the history could not be seen to its end."""
        return ExitCode.CLEAN if self.broken is None else ExitCode.CANNOT_CHECK


@dataclass(frozen=True, slots=True)
class Moment:
    """One event in the life of an object.

    Attributes:
        revision: The revision that it happened in.
        event: What happened, to the object itself or to what it is a part of, or to a part of it.
        address: What the object was called afterwards.
    """

    revision: RevisionEvents
    event: Event
    address: Address


@dataclass(frozen=True)
class Biography:
    """All that the revisions of a history did to one object of one database.

    Attributes:
        database: The bind it is in, or the database's own name.
        address: What it is called, the last time that there is one.
        definition: What it is at the history's end; ``None`` where it is not there any more.
        moments: What was done to it, the first thing first. Where it was there before the history
            began, it was not made.
    """

    database: str
    address: Address
    definition: str | None
    moments: tuple[Moment, ...]

    @property
    def made(self) -> Moment | None:
        """The moment in which it was made: the last, where it was made more than once."""
        made = (one for one in reversed(self.moments) if one.event.deed is Deed.MADE)
        return next((one for one in made if one.event.part_of != one.address), None)

    @property
    def changed(self) -> Moment | None:
        """The moment in which it was last changed, if it was since it was made."""
        last = self.moments[-1] if self.moments else None
        return None if last is None or last is self.made else last


@dataclass(frozen=True)
class Blame:
    """Who did what to an object: the same name in several databases is several objects.

    Attributes:
        project: The project's name, as people know it.
        biographies: One for each database that has, or had, an object of that name.
        broken: Where the history breaks, if it does.
        notes: What a reader should know besides, by database.
    """

    project: str
    biographies: tuple[Biography, ...]
    broken: Break | None = None
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """Clean, unless the history could not be seen to its end."""
        return ExitCode.CLEAN if self.broken is None else ExitCode.CANNOT_CHECK
