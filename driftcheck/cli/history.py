"""``driftcheck history``: shows the schema changes of each revision."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import write_output
from driftcheck.cli.options import (
    output_options_of,
    project_options,
    replay_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.reports.history import FORMATS


@click.command()
@click.argument("revisions", metavar="[REVISION]...", nargs=-1)
@click.option("--since", metavar="REVISION", help="Show only the revisions after this revision.")
@project_options
@replay_options
@scope_options
@output_options_of(FORMATS)
def history(  # noqa: PLR0913  (a parameter for each option)
    revisions: tuple[str, ...],
    since: str | None,
    format_name: str,
    output: Path | None,
    *,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Show the schema changes of each revision.

    Runs the migrations in a shadow database and reads the schema after each revision. The output
    lists the objects that each revision created, dropped, altered or renamed. With REVISION, only
    these revisions are shown. The live database is not read.

    \b
    Example:
      driftcheck history --since 3f2a8c

    Exit codes: 0 if the migrations run, 2 for a usage or configuration error, 3 if they fail.
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.timeline.history import history as schema_history  # noqa: PLC0415

    with progress(verbose=verbose) as show:
        timeline = schema_history(settings_from(options), revisions, since or "", show)
    write_output(partial(FORMATS[format_name], timeline), output, full=verbose)
    return timeline.exit_code
