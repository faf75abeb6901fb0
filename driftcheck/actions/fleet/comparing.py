"""Compares one member of each group of equal members, as ``driftcheck compare`` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import URL

from driftcheck.actions.fleet.members import Member
from driftcheck.actions.fleet.reading import (
    MemberReading,
    ReadFailure,
    failure_of,
    reading_of,
)
from driftcheck.actions.fleet.schema_reading import SchemaReadings
from driftcheck.config.settings import Settings
from driftcheck.errors import (
    CatalogError,
    ConfigurationError,
    ConnectionFailedError,
    ReplayError,
    ShadowError,
)
from driftcheck.judging.report import DatabaseReport
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.check import Checked, ProjectCheck
from driftcheck.pipeline.database_state import ReadLive
from driftcheck.pipeline.opening import loaded_again
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.pipeline.tenants import Tenants
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.live import read_live

_OF_ONE_MEMBER = (ConnectionFailedError, CatalogError, ConfigurationError)
"""The errors that another member with the same state may not have: it is tried next."""
_OF_THE_STATE = (ShadowError, ReplayError)
"""The errors that every member with the same state has. Others concern the whole project."""


@dataclass(frozen=True)
class Compared:
    """The result for members with the same state.

    Attributes:
        members: The names of the members.
        report: The report of the first one.
    """

    members: tuple[str, ...]
    report: DatabaseReport


class Projects:
    """The project, as env.py configures it for each member.

    Args:
        opened: The project, opened for one member.
        settings: The settings of this member.
    """

    def __init__(self, opened: OpenedProject, settings: Settings) -> None:
        self._opened = opened
        self._by_x: dict[tuple[str, ...], LoadedProject] = {settings.x: opened.loaded}

    def loaded(self, settings: Settings) -> LoadedProject:
        """Return the project with the ``-x`` arguments of a member.

        Args:
            settings: The settings of the member.

        Raises:
            ProjectError: env.py fails.
        """
        if settings.x not in self._by_x:
            self._by_x[settings.x] = loaded_again(self._opened, settings)
        return self._by_x[settings.x]


class Comparing:
    """Compares members.

    Args:
        opened: The project.
        projects: The project, as env.py configures it for each member.
        settings: The settings of the fleet.
        schemas: What was read, if the members are the schemas of one database.
        progress: Called with a short description of each step.
    """

    def __init__(
        self,
        opened: OpenedProject,
        projects: Projects,
        settings: Settings,
        schemas: SchemaReadings | None,
        progress: Progress,
    ) -> None:
        self._opened = opened
        self._projects = projects
        self._settings = settings
        self._schemas = schemas
        self._progress = progress

    def compare(
        self, members: Mapping[str, Member], readings: Iterable[MemberReading]
    ) -> Iterator[Compared | ReadFailure]:
        """Compare one member of each group of members with the same state.

        Args:
            members: The members, by name.
            readings: What was read of each of them.
        """
        groups: dict[object, list[MemberReading]] = {}
        for reading in readings:
            member = members[reading.member]
            # The schemas of one database have the same history under other names.
            key = reading.state, () if member.schema else member.x
            groups.setdefault(key, []).append(reading)
        # Members of one server one after another: for another server, other shadows are made.
        for number, (_, group) in enumerate(sorted(groups.items(), key=_environment), start=1):
            self._progress(Step("comparing the states", "state", number, len(groups)))
            yield from self._compare_group(members, group)

    def _compare_group(
        self, members: Mapping[str, Member], group: Sequence[MemberReading]
    ) -> Iterator[Compared | ReadFailure]:
        """Compare the first member that can be compared and that has not changed since it was read.

        A member that has changed has a result of its own.
        """
        for number, reading in enumerate(group):
            rest = group[number:]
            try:
                checked, is_same = self._check(members[reading.member], reading)
            except _OF_ONE_MEMBER as error:
                yield failure_of(reading.member, error, reading.location)
                continue
            except _OF_THE_STATE as error:
                yield from (failure_of(each.member, error, each.location) for each in rest)
                return
            (report,) = checked.reports
            yield Compared(tuple(each.member for each in (rest if is_same else rest[:1])), report)
            if is_same:
                return

    def _check(self, member: Member, reading: MemberReading) -> tuple[Checked, bool]:
        """Check a member, and return whether it has not changed since it was read.

        Raises:
            CatalogError: env.py does not work in the schema that is the member.
        """
        url = member.url.resolve()
        settings = with_url(url, settings_for(member, self._settings))
        self._opened.shadows.follow(url)
        loaded = self._projects.loaded(settings)
        require_schema(loaded, settings, member)
        opened = replace(self._opened, loaded=loaded, settings=settings, progress=self._progress)
        replays = Replays(opened)
        try:
            check = ProjectCheck(opened, replays, read=self._reader(member, reading))
            checked = check.run()
        finally:
            replays.main.begin_again()  # the next member has shadows of its own
        live = checked.state.databases[0].live
        if self._schemas is not None or live is None:
            return checked, self._schemas is not None
        return checked, reading_of(member.name, url, live).state == reading.state

    def _reader(self, member: Member, reading: MemberReading) -> ReadLive:
        """Return the function that reads a member; a schema has been read with the others."""
        if self._schemas is None:
            return read_live
        live = self._schemas.live(reading, member.schema)
        return lambda *_: live


def settings_for(member: Member, settings: Settings) -> Settings:
    """Return the settings of a fleet with the ``-x`` arguments of a member."""
    return replace(settings, x=(*settings.x, *member.x))


def with_url(url: URL, settings: Settings) -> Settings:
    """Return settings with another live database."""
    return replace(settings, database_url=url.render_as_string(hide_password=False))


def require_schema(loaded: LoadedProject, settings: Settings, member: Member) -> None:
    """Require that env.py works in the schema of a member, and has its version table there.

    Args:
        loaded: The project, as env.py configures it for the member.
        settings: The settings of the member.
        member: The member. If it is a whole database, nothing is required.

    Raises:
        CatalogError: env.py works elsewhere, so that another schema would be compared.
    """
    for configured in loaded.environment.databases.values() if member.schema else ():
        schemas = {context.version_schema for context in configured}
        if Tenants(configured, settings.x).schemas != {member.schema} or schemas != {member.schema}:
            raise CatalogError(
                f"with {' '.join(f'-x {x}' for x in member.x)}, env.py does not work in the schema "
                f"{member.schema!r}, or has its version table elsewhere",
                hint="Set search_path, or schema_translate_map and version_table_schema, to the "
                "schema that the -x argument names.",
            )


def _environment(group: tuple[object, list[MemberReading]]) -> str:
    return group[1][0].environment
