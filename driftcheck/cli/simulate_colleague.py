"""``driftcheck simulate-colleague``: simulates the upgrade of a colleague's database."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import (
    database_options,
    output_options,
    project_options,
    settings_from,
)
from driftcheck.errors import ExitCode


@click.command("simulate-colleague")
@project_options
@database_options
@click.option(
    "--at",
    metavar="REV",
    help="The revision of the colleague's database.  [default: the revision of the live database]",
)
@click.option("--all", "every", is_flag=True, help="Simulate an upgrade from every revision.")
@click.option("--since", metavar="REV", help="With --all: the revision to start at.")
@click.option(
    "--after-downgrade",
    metavar="N",
    type=click.IntRange(min=1),
    help="Simulate your own database instead: a copy of the live schema, upgraded, downgraded by "
    "N revisions, and upgraded again.",
)
@click.option(
    "--with-data", is_flag=True, help="Insert a few rows into each table before the upgrade."
)
@output_options
def simulate_colleague(  # noqa: PLR0913  (a parameter for each option)
    deliver: Delivery,
    at: str | None,
    since: str | None,
    after_downgrade: int | None,
    *,
    every: bool,
    with_data: bool,
    **options: Any,
) -> ExitCode:
    """Simulate the upgrade of a colleague's database.

    The colleague's database is a shadow database that only the migrations have built, up to the
    revision of the live database. It is upgraded with the migrations of your working tree, then
    with the migration that autogenerate would write now.

    \b
    Examples:
      driftcheck simulate-colleague
      driftcheck simulate-colleague --all --with-data

    Exit codes: 0 if the upgrade succeeds, 1 if it fails, 2 for a usage or configuration error, 3
    if the simulation could not be run.
    """
    if sum((at is not None, every, after_downgrade is not None)) > 1:
        raise click.UsageError("--at, --all and --after-downgrade cannot be used together.")
    if since is not None and not every:
        raise click.UsageError("--since requires --all.")
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.simulate import SimulationOptions, simulate  # noqa: PLC0415

    settings = settings_from(options)
    simulation = SimulationOptions(at, every, since, after_downgrade or 0, with_data)
    with progress(verbose=deliver.full) as show:
        report = simulate(settings, simulation, show)
    return deliver(report, settings)
