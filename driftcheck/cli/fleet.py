"""``driftcheck fleet``: checks one project against many databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftcheck.chain import CHAIN, Gap
from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import (
    combined,
    database_options,
    judging_options,
    output_options_for,
    project_options,
    scope_options,
    settings_from,
)
from driftcheck.config.settings import Settings
from driftcheck.errors import ExitCode
from driftcheck.reports.fleet import FORMATS, render

if TYPE_CHECKING:  # --help does not need SQLAlchemy
    from driftcheck.actions.fleet.members import Member

_JOBS, _JOBS_PER_HOST = 8, 4
_FILE = click.Path(path_type=Path, dir_okay=False)

_member_options = combined(
    click.argument("file", required=False, type=_FILE),
    click.option(
        "--from-query",
        metavar="SQL",
        help="Take the databases from a query on the database of --control. Its rows are: name, "
        "URL or reference, and optionally a group.",
    ),
    click.option(
        "--control", metavar="URL", help="The control database: a URL, env:NAME or file:PATH#KEY."
    ),
    click.option(
        "--schemas",
        "pattern",
        metavar="PATTERN",
        help="Check each schema of --database-url whose name matches: 'tenant_*'. A -x argument "
        "with {schema} says how env.py learns the schema: -x 'tenant={schema}'.",
    ),
)
_run_options = combined(
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=_JOBS,
        show_default=True,
        metavar="N",
        help="Read at most N databases at the same time.",
    ),
    click.option(
        "--jobs-per-host",
        type=click.IntRange(min=1),
        default=_JOBS_PER_HOST,
        show_default=True,
        metavar="N",
        help="Read at most N databases of one server at the same time.",
    ),
    click.option(
        "--scheduler",
        metavar="URL",
        help="Read on the workers of a Dask scheduler: tcp://host:8786. Needs driftcheck[dask].",
    ),
    click.option(
        "--resume", is_flag=True, help="Do not read again what an unfinished run has read."
    ),
    click.option(
        "--state",
        type=_FILE,
        metavar="FILE",
        help="Where the run keeps what it has read.  [default: in the cache directory]",
    ),
)


@click.command()
@_member_options
@_run_options
@project_options
@database_options
@judging_options("unapplied, drift")
@scope_options
@output_options_for([*FORMATS])
def fleet(  # noqa: PLR0913  (a parameter for each option)
    *,
    deliver: Delivery,
    file: Path | None,
    from_query: str | None,
    control: str | None,
    pattern: str | None,
    jobs: int,
    jobs_per_host: int,
    scheduler: str | None,
    state: Path | None,
    resume: bool,
    **options: Any,
) -> ExitCode:
    """Check one project against many databases.

    The databases (stages, tenants, shards) are named in FILE (TOML, a table [databases.NAME] with
    url = "env:VARIABLE" for each), by a query on a control database, or as the schemas of one
    database. Databases with the same revisions and the same schema are compared once, and reported
    as a cluster. A database that cannot be read is reported, and the others are checked.

    \b
    Example:
      driftcheck fleet databases.toml --jobs 16

    Exit codes: 0 if no finding fails the check, 1 if a finding does, 2 for a usage or
    configuration error, 3 if a database could not be checked and no finding fails the check.
    """
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.fleet import FleetOptions, check_fleet  # noqa: PLC0415
    from driftcheck.actions.fleet.pool import Limits  # noqa: PLC0415

    if [file, from_query, pattern].count(None) != 2:  # noqa: PLR2004  (of three)
        raise click.UsageError("name the databases with one of FILE, --from-query and --schemas.")
    if (from_query is None) != (control is None):
        raise click.UsageError("--from-query and --control must be given together.")
    if options["database_url"] is not None and pattern is None:
        raise click.UsageError("--database-url can only be used with --schemas.")
    if pattern is not None and (resume or state or scheduler):
        raise click.UsageError(
            "--resume, --state and --scheduler cannot be used with --schemas: all schemas are read "
            "at once."
        )
    settings = settings_from(options)
    if not options["gaps"] and settings.gaps == CHAIN:
        settings = replace(settings, gaps=(Gap.UNAPPLIED, Gap.DRIFT))
    settings, members = _members(settings, file, (control, from_query), pattern)
    limits = Limits(jobs, jobs_per_host)
    with progress(verbose=deliver.full) as show:
        result = check_fleet(
            settings, members, FleetOptions(limits, state, resume=resume, scheduler=scheduler), show
        )
    deliver.write(partial(render, result), settings.root)
    return result.exit_code


def _members(
    settings: Settings,
    file: Path | None,
    query: tuple[str | None, str | None],
    pattern: str | None,
) -> tuple[Settings, Sequence[Member]]:
    """Return the members that the options name, and the settings that concern all of them."""
    from driftcheck.actions.fleet import members, url_references  # noqa: PLC0415

    if file is not None:
        return settings, members.members_of_file(file)
    control, sql = query
    if control is not None and sql is not None:
        reference = url_references.reference_of(control, named="--control", directory=Path.cwd())
        return settings, members.members_of_query(reference, sql)
    url, named = settings.database_url, settings.named("database_url")
    if url is None or pattern is None:
        raise click.UsageError("--schemas needs the database: --database-url URL.")
    reference = url_references.reference_of(url, named=named, directory=Path.cwd())
    found, x = members.members_of_schemas(reference, pattern, settings.x)
    return replace(settings, x=x), found
