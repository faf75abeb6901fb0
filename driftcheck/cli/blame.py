"""``driftcheck blame``: which revision made an object, and which changed it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import write_page
from driftcheck.cli.options import (
    output_options_of,
    project_options,
    replay_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.reports.blame import FORMS


@click.command()
@click.argument("address")
@project_options
@replay_options
@scope_options
@output_options_of(FORMS)
def blame(
    address: str, form: str, output: Path | None, *, verbose: bool, debug: bool, **options: Any
) -> ExitCode:
    """Tell which revision made an object, and which changed it.

    ADDRESS is what reports call it, such as public.students.last_name, with or without its schema;
    where it may mean several things, with the kind before it: 'index ix_students_name'. Told are
    all changes with file and line, under other names and in its table, too. The live database is
    not read.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.timeline.blame import blame as find_blame  # noqa: PLC0415

    with progress() as tell:
        found = find_blame(settings_from(options), address, tell)
    write_page(partial(FORMS[form], found), output, full=verbose)
    return found.exit_code
