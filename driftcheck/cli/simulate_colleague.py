"""``driftcheck simulate-colleague``: plays a colleague's upgrade before she runs it."""

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
@click.option("--at", metavar="REV", help="Where her database stands, if not where live does.")
@click.option("--all", "every", is_flag=True, help="Play her once from every revision.")
@click.option("--since", metavar="REV", help="With --all: from this revision on.")
@click.option(
    "--after-downgrade",
    metavar="N",
    type=click.IntRange(min=1),
    help="Play yourself instead: upgrade a database like live, take N revisions back, upgrade.",
)
@click.option("--with-data", is_flag=True, help="Put a few rows into every table first.")
@output_options
def simulate_colleague(  # noqa: PLR0913  (one for each option)
    deliver: Delivery,
    at: str | None,
    since: str | None,
    after_downgrade: int | None,
    *,
    every: bool,
    with_data: bool,
    **options: Any,
) -> ExitCode:
    """Play the upgrade of a colleague whose database nobody touched.

    On shadow databases: hers stands where the live one is stamped, as the migrations alone make
    it. She upgrades with the migrations in your working tree, and then with the one that migrate
    would write now. Exits with 0 when she gets through, 1 when she does not, 2 for wrong use or
    configuration, 3 when it could not be played.
    """
    if sum((at is not None, every, after_downgrade is not None)) > 1:
        raise click.UsageError("--at, --all and --after-downgrade exclude each other.")
    if since is not None and not every:
        raise click.UsageError("--since goes with --all.")
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.simulate import Colleague, simulate  # noqa: PLC0415

    settings = settings_from(options)
    whom = Colleague(at, every, since, after_downgrade or 0, with_data)
    with progress() as tell:
        report = simulate(settings, whom, tell)
    return deliver(report, settings)
