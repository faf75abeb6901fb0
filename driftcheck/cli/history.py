"""``driftcheck history``: what each revision does to the schema, as seen in the database."""

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
from driftcheck.reports.history import FORMS


@click.command()
@click.argument("revisions", metavar="[REVISION]...", nargs=-1)
@click.option("--since", metavar="REVISION", help="Tell only what comes after this revision.")
@project_options
@replay_options
@scope_options
@output_options_of(FORMS)
def history(  # noqa: PLR0913  (one for each option)
    revisions: tuple[str, ...],
    since: str | None,
    form: str,
    output: Path | None,
    *,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Tell what each revision does to the schema.

    The history is replayed in a shadow database, and what every revision makes, drops, alters and
    renames is seen there: what it does, not what its file says. With REVISION, only what those
    do. The live database is not read.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.timeline.history import history as tell_history  # noqa: PLC0415

    with progress() as tell:
        timeline = tell_history(settings_from(options), revisions, since or "", tell)
    write_page(partial(FORMS[form], timeline), output, full=verbose)
    return timeline.exit_code
