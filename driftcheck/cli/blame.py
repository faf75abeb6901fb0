"""``driftcheck blame``: shows which revisions created and changed an object."""

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
from driftcheck.reports.blame import FORMATS


@click.command()
@click.argument("address")
@project_options
@replay_options
@scope_options
@output_options_of(FORMATS)
def blame(
    address: str,
    format_name: str,
    output: Path | None,
    *,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Show which revisions created and changed an object.

    ADDRESS is the name of the object as reports print it, for example public.students.last_name.
    The schema is optional. If several objects have this name, put the kind before it:
    'index ix_students_name'.

    The output lists all changes with file and line, including changes under former names and
    changes of the table that the object belongs to. The live database is not read.

    \b
    Example:
      driftcheck blame public.students.last_name

    Exit codes: 0 if the object is found, 2 for a usage or configuration error, 3 if the migrations
    fail.
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.timeline.blame import blame as object_blame  # noqa: PLC0415

    with progress(verbose=verbose) as show:
        result = object_blame(settings_from(options), address, show)
    write_output(partial(FORMATS[format_name], result), output, full=verbose)
    return result.exit_code
