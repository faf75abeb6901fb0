"""``driftcheck doctor``: says whether a project can be checked, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import output_style_for, write_output
from driftcheck.cli.options import (
    database_options,
    output_options_of,
    project_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.judging.diagnosis import Check, exit_code_of
from driftcheck.process import streams
from driftcheck.reports.doctor import FORMATS, check_text, conclusion_text


@click.command()
@project_options
@database_options
@output_options_of(FORMATS)
def doctor(
    format_name: str, output: Path | None, *, verbose: bool, debug: bool, **options: Any
) -> ExitCode:
    """Say what this project lacks to be checked.

    Examines the configuration, the app, env.py and the migrations, the server of the live
    database and what its user can read, and where shadow databases are made. Each check is a line:
    ok, warning, failed or skipped, with what to do about it. Nothing is changed in the live
    database.

    \b
    Examples:
      driftcheck doctor
      driftcheck doctor --app shop -d postgresql://reader@db/shop

    Exit codes: 0 if no check has failed, 1 if one has, 2 for an error in the use of the command.
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.doctor import examine  # noqa: PLC0415

    with progress(verbose=verbose) as show:
        checks = examine(partial(settings_from, options), options, show)
        if format_name == "terminal" and output is None:
            found = [*_shown(checks, full=verbose)]
        else:
            found = [*checks]
    if format_name == "terminal" and output is None:
        streams.out().write(conclusion_text(found, output_style_for(None, full=verbose)))
    else:
        write_output(partial(FORMATS[format_name], found), output, full=verbose)
    return exit_code_of(found)


def _shown(checks: Iterable[Check], *, full: bool) -> Iterator[Check]:
    """Show each check as soon as it is made: the project's code may end the process."""
    for check in checks:
        streams.out().write(check_text(check, output_style_for(None, full=full)))
        streams.out().flush()
        yield check
