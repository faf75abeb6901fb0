"""``driftcheck locate``: finds the revision that a database matches."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import (
    output_options,
    project_options,
    replay_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode


@click.command()
@project_options
@replay_options
@scope_options
@output_options
def locate(deliver: Delivery, **options: Any) -> ExitCode:
    """Find the revision that a database matches.

    Compares the live database with the schema after every revision, whatever revision it is
    stamped with. If no revision matches, the nearest one is shown with the differences.

    \b
    Example:
      driftcheck locate -d postgresql://reader@db/shop

    Exit codes: 0 if the schema matches the stamped revision, 1 if it matches another revision or
    none, 2 for a usage or configuration error, 3 if the check could not be made.
    """
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.locate import locate as locate_databases  # noqa: PLC0415

    settings = settings_from(options)
    with progress(verbose=deliver.full) as show:
        report = locate_databases(settings, show)
    return deliver(report, settings)
