"""``driftcheck compare``: compares models, head, stamped and live."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from driftcheck.actions.compare.any_check import checked
from driftcheck.cli.baseline import require_whole_check, with_new_baseline
from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import (
    database_options,
    judging_options,
    output_options,
    project_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode


@click.command()
@project_options
@database_options
@judging_options()
@scope_options
@click.option(
    "--settings",
    is_flag=True,
    default=None,
    help="Report the settings of the database and of roles as notes.",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Record the findings that fail the check in the baseline. From then on, only other "
    "findings fail it.",
)
@output_options
def compare(deliver: Delivery, *, write_baseline: bool, **options: Any) -> ExitCode:
    """Compare models, migrations and the live database.

    \b
    Examples:
      driftcheck compare
      driftcheck compare -d postgresql://reader@db/shop --format json

    Exit codes: 0 if no finding fails the check, 1 if a finding does, 2 for a usage or
    configuration error, 3 if the check could not be made.
    """
    settings = settings_from(options)
    if write_baseline:
        require_whole_check(settings)
    report = checked(settings, partial(progress, verbose=deliver.full))
    if write_baseline:
        settings = with_new_baseline(report, settings)
    return deliver(report, settings)
