"""``driftcheck locate``: which revision a database is really at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress, write_report
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
def locate(
    form: str, output: Path | None, *, verbose: bool, debug: bool, **options: Any
) -> ExitCode:
    """Tell which revision a database is really at.

    The history is replayed, and the live database is held against what every revision leaves,
    whatever it is stamped with, also where it never was. Exits with 0 when it is where its stamp
    says, 1 when it is elsewhere, or like no revision: the nearest is told then, and what differs.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: a quick compare does without SQLAlchemy.
    from driftcheck.actions.locate import locate as find_place  # noqa: PLC0415

    with progress() as tell:
        report = find_place(settings_from(options), tell)
    write_report(report, form, output, full=verbose)
    return report.exit_code
