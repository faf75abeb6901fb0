"""Reads the members of a fleet, and keeps what was read in the file of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from driftcheck import __version__
from driftcheck.actions.compare.quick_check import history_digest
from driftcheck.actions.fleet.comparing import Projects, require_schema, settings_for
from driftcheck.actions.fleet.members import Member
from driftcheck.actions.fleet.pool import Limits, read_members
from driftcheck.actions.fleet.reading import Outcome, ReadJob
from driftcheck.actions.fleet.schema_reading import SchemaReadings, read_schemas
from driftcheck.actions.fleet.state_file import StateFile
from driftcheck.config.settings import Settings
from driftcheck.databases.location import shown
from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.files import source_directories
from driftcheck.sources.history import version_tables
from driftcheck.storage.cache_directory import cache_directory
from driftcheck.storage.snapshot_file import FORMAT


@dataclass(frozen=True)
class Workers:
    """Where members are read.

    Attributes:
        executor: Runs the readings.
        limits: How many members are read at the same time.
        require: Raises an error if the executor cannot work any more.
    """

    executor: Executor
    limits: Limits
    require: Callable[[], None] = lambda: None


class FleetRun:
    """Reads the members of a fleet, and keeps the readings in a file.

    Args:
        projects: The project, as env.py configures it for each member.
        settings: The settings of the fleet.
        workers: Where members are read.
        progress: Called with a short description of each step.

    Attributes:
        resumed: The number of members whose reading was taken from an unfinished run.
        schemas: What was read, if the members are the schemas of one database.
    """

    def __init__(
        self, projects: Projects, settings: Settings, workers: Workers, progress: Progress
    ) -> None:
        self.resumed = 0
        self.schemas: SchemaReadings | None = None
        self._projects = projects
        self._settings = settings
        self._workers = workers
        self._progress = progress

    def read(self, members: Sequence[Member], file: Path | None, *, resume: bool) -> list[Outcome]:
        """Read the members. The schemas of one database are read at once, and not kept.

        Args:
            members: The members.
            file: The file of the run; ``None`` for one in the cache directory.
            resume: Whether to skip the members that an unfinished run has read.

        Raises:
            DriftcheckError: The file cannot be written, env.py fails, or the database that contains
                the schemas cannot be read.
        """
        if members[0].schema:
            self.schemas = self._read_schemas(members)
            return [*self.schemas.outcomes]
        loaded = self._loaded(members[0])
        state = StateFile(file or _state_path(loaded, members), self._key(loaded))
        with state.writing(resume=resume) as keep:
            known = (state.readings.get(member.name) for member in members)
            outcomes: list[Outcome] = [
                reading
                for member, reading in zip(members, known, strict=True)
                if reading is not None and _location(member) in (reading.location, "")
            ]
            self.resumed = len(outcomes)
            self._show(len(outcomes), len(members))
            read = {outcome.member for outcome in outcomes}
            for outcome in self._read([member for member in members if member.name not in read]):
                keep(outcome)
                outcomes.append(outcome)
                self._show(len(outcomes), len(members))
        return outcomes

    def _show(self, done: int, total: int) -> None:
        number = min(done + 1, total)
        self._progress(Step("reading the databases", "database", number, total))

    def _read(self, members: Sequence[Member]) -> Iterable[Outcome]:
        jobs = [self._job(member) for member in members]
        return read_members(
            jobs, self._workers.executor, self._workers.limits, self._workers.require
        )

    def _read_schemas(self, members: Sequence[Member]) -> SchemaReadings:
        first = members[0]
        require_schema(self._loaded(first), settings_for(first, self._settings), first)
        self._progress("reading the schemas of the database")
        return read_schemas(self._job(first), {each.name: each.schema for each in members})

    def _job(self, member: Member) -> ReadJob:
        settings = self._settings
        ((_, tables),) = version_tables(self._loaded(member).environment).items()
        return ReadJob(
            member.name,
            member.url,
            tuple((table.schema, table.name, table.later_schemas) for table in tables),
            grants=settings.grants,
            owners=settings.owners,
            settings=settings.settings,
            timeout=settings.timeout,
        )

    def _loaded(self, member: Member) -> LoadedProject:
        return self._projects.loaded(settings_for(member, self._settings))

    def _key(self, loaded: LoadedProject) -> str:
        """Return a digest of everything that a reading depends on besides the member."""
        settings = self._settings
        history = history_digest([*map(str, source_directories(loaded.script))], loaded.root)
        scope = settings.grants, settings.owners, settings.settings
        parts = history, scope, settings.x, FORMAT, __version__
        return sha256(repr(parts).encode()).hexdigest()


def _state_path(loaded: LoadedProject, members: Sequence[Member]) -> Path:
    """Return the file of the runs of a project with these members."""
    identity = loaded.root, [(member.name, member.url.text) for member in members]
    name = sha256(repr(identity).encode()).hexdigest()[:16]
    return cache_directory() / "fleet" / f"{name}.jsonl"


def _location(member: Member) -> str:
    """Return the URL of a member without password, as it is now; empty if it is not known here."""
    try:
        return shown(member.url.resolve())
    except ConfigurationError:
        return ""
