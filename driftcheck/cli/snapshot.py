"""``driftcheck snapshot``: writes a base snapshot of the live database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress, say
from driftcheck.cli.delivery import OutputFile
from driftcheck.cli.files import write_file
from driftcheck.cli.options import database_options, project_options, settings_from
from driftcheck.reports.visible import visible
from driftcheck.storage.snapshot_file import dump


@click.command()
@project_options
@database_options
@click.option("--write", "path", type=OutputFile(), required=True, help="The file to write.")
@click.option(
    "--verbose", is_flag=True, help="If stderr is not a terminal, write progress to it as lines."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def snapshot(path: Path, *, verbose: bool, debug: bool, **options: Any) -> None:
    """Write the live schema and its revisions to a file.

    Use the file if the migrations do not run on an empty database: commit it, and set
    base-snapshot in [tool.driftcheck] to its path. driftcheck then starts from this schema and
    runs only the later revisions. Drift that is already in the snapshot is not found.

    \b
    Example:
      driftcheck snapshot --write base.json
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.snapshot import base_snapshot  # noqa: PLC0415

    with progress(verbose=verbose) as show:
        file = base_snapshot(settings_from(options), show)
    write_file(path, dump(file))
    revisions = ", ".join(file.revisions)
    say(f"{visible(str(path))}: {len(file.snapshot.objects)} objects at {revisions}")
