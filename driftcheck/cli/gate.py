"""``driftcheck gate``: checks a branch's migrations before they are merged."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.cli.completion import gaps_and_rules
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
@click.option(
    "--base",
    metavar="REF",
    help="The branch, tag or commit that the migrations will be merged into.  "
    "[default: origin/HEAD, origin/main, main, origin/master or master]",
)
@click.option(
    "--with-data/--without-data",
    default=None,
    help="Insert a few rows into each table before the new revisions run. Off by default.",
)
@click.option(
    "--fail-on",
    metavar="WHAT",
    shell_complete=gaps_and_rules,
    help="The gaps, hazards and rules that fail the check in addition to its errors, separated by "
    "commas; or none.  [default: drift,pending]",
)
@project_options
@database_options
@scope_options
@output_options
def gate(deliver: Delivery, **options: Any) -> ExitCode:
    """Check a branch's migrations before they are merged.

    Runs the revisions that the base lacks on shadow databases: upgrade, downgrade, and upgrade
    again. No live database is needed. If one is given with -d, its drift is reported too.

    If the working tree lacks or changes revisions of the base, the base's own revision files are
    run too. Name only a base that you trust.

    \b
    Example:
      driftcheck gate --base origin/main --format github

    Exit codes: 0 if no finding fails the check, 1 if a finding does, 2 for a usage or
    configuration error, 3 if the check could not be made.
    """
    settings = settings_from(options)
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.gate import gate as check_branch  # noqa: PLC0415

    with progress(verbose=deliver.full) as show:
        report = check_branch(settings, show)
    return deliver(report, settings)
