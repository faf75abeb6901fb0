"""``driftcheck fleet``: checks one project against many databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.actions.fleet.clusters import fleet_result
from driftcheck.actions.fleet.comparing import Comparing, Projects, settings_for, with_url
from driftcheck.actions.fleet.members import Member, by_name
from driftcheck.actions.fleet.pool import Limits
from driftcheck.actions.fleet.reading import MemberReading, ReadFailure, failure_of
from driftcheck.actions.fleet.run import FleetRun, Workers
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError, DriftcheckError
from driftcheck.judging.fleet_results import FleetResult
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.sources.live import reading


@dataclass(frozen=True)
class FleetOptions:
    """How a fleet is read.

    Attributes:
        limits: How many databases are read at the same time.
        state: The file of the run; ``None`` for one in the cache directory.
        resume: Whether to skip what an unfinished run has read.
        scheduler: The address of a Dask scheduler, whose workers read; ``None`` for threads.
    """

    limits: Limits
    state: Path | None = None
    resume: bool = False
    scheduler: str | None = None


def check_fleet(
    settings: Settings,
    members: Sequence[Member],
    options: FleetOptions,
    progress: Progress = lambda _: None,
) -> FleetResult:
    """Compare every database of a fleet with the history of one project.

    The project is loaded once. Members are read at the same time; members with the same schema and
    revisions are compared once.

    Args:
        settings: The settings. They select the gaps.
        members: The members.
        options: How the fleet is read.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The project cannot be loaded, or no member can be read.
    """
    if {Gap.DRIFT, Gap.UNAPPLIED}.isdisjoint(settings.gaps):
        raise ConfigurationError(
            "a fleet is compared for drift or for unapplied revisions",
            hint="To compare models and migrations, which are the same for every database, run "
            "driftcheck compare --only-gap pending.",
        )
    if options.scheduler is not None:
        _require_references(members)
    reachable, url = _first_reachable(members)
    first = with_url(url, settings_for(reachable, settings))
    first = replace(first, sources={**first.sources, "database_url": "each member of the fleet"})
    # The workers are connected before code of the project can run.
    live = _known_urls(members)
    with opened_workers(options) as workers, open_project(first, progress, known=live) as opened:
        projects = Projects(opened, first)
        run = FleetRun(projects, settings, workers, progress)
        named = by_name(members)
        outcomes = run.read(members, options.state, resume=options.resume)
        readings = [each for each in outcomes if isinstance(each, MemberReading)]
        comparing = Comparing(opened, projects, settings, run.schemas, progress)
        failures = (each for each in outcomes if isinstance(each, ReadFailure))
        results = [*failures, *comparing.compare(named, readings)]
        locations = {each.member: each.location for each in outcomes}
        name = opened.loaded.project.name
        result = fleet_result(name, named, results, settings, locations)
        noun = "database" if run.schemas is None else "schema"
        return replace(result, resumed=run.resumed, member_noun=noun)


def _require_references(members: Iterable[Member]) -> None:
    """Require that no password would be sent to the workers through the scheduler.

    Raises:
        ConfigurationError: The URL of a member was given with its password.
    """
    for member in members:
        if member.url.has_password:
            raise ConfigurationError(
                f"the URL of {member.name!r} contains a password, which would be sent through the "
                "Dask scheduler",
                hint="Name a variable or a file that each worker has: env:NAME or file:PATH#KEY.",
            )


def _first_reachable(members: Iterable[Member]) -> tuple[Member, URL]:
    """Return the first member that answers, and its URL. The project is imported for it.

    Raises:
        CannotCheckError: None answers.
    """
    failures = []
    for member in members:
        try:
            url = member.url.resolve()
            with reading(url):
                return member, url
        except DriftcheckError as error:
            failures.append(failure_of(member.name, error))
    raise CannotCheckError(
        "no database of the fleet can be reached",
        hint="Check the URLs, and that the servers run.",
        details="\n".join(f"{failure.member}: {failure.reason}" for failure in failures),
    )


def _known_urls(members: Iterable[Member]) -> list[URL]:
    """Return the databases of the fleet, as far as their URLs are known in this process."""
    urls = {}
    for member in members:
        if member.url.text not in urls:
            with suppress(ConfigurationError):
                urls[member.url.text] = member.url.resolve()
    return [*urls.values()]


@contextmanager
def opened_workers(options: FleetOptions) -> Iterator[Workers]:
    """Open the executor on which the members are read.

    Args:
        options: How the fleet is read.

    Raises:
        CannotCheckError: The Dask scheduler cannot be reached, or has no workers.
    """
    if options.scheduler is not None:
        # Imported here because Dask is an extra.
        from driftcheck.actions.fleet.dask_workers import dask_workers  # noqa: PLC0415

        with dask_workers(options.scheduler, options.limits) as workers:
            yield workers
        return
    executor = ThreadPoolExecutor(options.limits.in_all)
    try:
        yield Workers(executor, options.limits)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
