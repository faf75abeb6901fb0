"""``driftcheck gate``: checks a branch's migrations before they are merged."""

from __future__ import annotations

from typing import Any

import click

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
    help="What the branch will be merged into: a branch, a tag or a commit, as git names it.  "
    "[default: origin/HEAD, origin/main, main, origin/master or master]",
)
@click.option(
    "--with-data/--without-data",
    default=None,
    help="Put a few rows into the tables before the new revisions run. Without, by default.",
)
@click.option(
    "--fail-on",
    metavar="WHAT",
    help="What fails the check besides its errors, with commas between: gaps, hazards, rules; "
    "or none.  [default: drift,pending]",
)
@project_options
@database_options
@scope_options
@output_options
def gate(deliver: Delivery, **options: Any) -> ExitCode:
    """Check the migrations of a branch before they are merged.

    The revisions that the base lacks are run on shadow databases, taken back and run again; no
    live database is needed. If the working tree lacks or changes revisions of the base, the
    base's own files are run too, so name a base that you trust. With --database-url, the drift
    of that database is reported as well. Exits with 0 when
    nothing was found that fails the check, 1 when something was, 2 for wrong use or
    configuration, 3 when the check could not be made.
    """
    settings = settings_from(options)
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.gate import gate as check  # noqa: PLC0415

    with progress() as tell:
        report = check(settings, tell)
    return deliver(report, settings)
