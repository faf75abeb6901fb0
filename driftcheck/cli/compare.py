"""``driftcheck compare``: the four schemas, the three gaps, the phantom operations."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.actions.compare.quick_check import quick_report
from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import (
    database_options,
    output_options,
    project_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode


@click.command()
@project_options
@database_options
@click.option(
    "--fail-on",
    metavar="WHAT",
    help="Which gaps and which rules fail the check, with commas between; or none.  "
    "[default: drift,pending]",
)
@click.option(
    "--only-gap",
    "gaps",
    multiple=True,
    metavar="GAP",
    help="Look at this gap only: pending, unapplied or drift; may be repeated.",
)
@scope_options
@click.option(
    "--settings",
    is_flag=True,
    default=None,
    help="Tell the settings of the database and of roles, as notes.",
)
@output_options
def compare(deliver: Delivery, **options: Any) -> ExitCode:
    """Compare models, migrations and the live database.

    Exits with 0 when nothing was found that fails the check, 1 when something was, 2 for wrong
    use or configuration, 3 when the check could not be made.
    """
    settings = settings_from(options)
    report = quick_report(settings)
    if report is None:
        # Not at the top: what it imports takes longer than the quick answer.
        from driftcheck.actions.compare.check import check  # noqa: PLC0415

        with progress() as tell:
            report = check(settings, tell)
    return deliver(report, settings)
