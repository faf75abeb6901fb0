"""``driftcheck locate``: which revision a database is really at."""

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
    """Tell which revision a database is really at.

    The history is replayed, and the live database is held against what every revision leaves,
    whatever it is stamped with, also where it never was. Exits with 0 when it is where its stamp
    says, 1 when it is elsewhere, or like no revision: the nearest is told then, and what differs.
    """
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.locate import locate as find_place  # noqa: PLC0415

    settings = settings_from(options)
    with progress() as tell:
        report = find_place(settings, tell)
    return deliver(report, settings)
