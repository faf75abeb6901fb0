"""``driftcheck snapshot``: keeps the schema of a database that is known to be good."""

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
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def snapshot(path: Path, *, debug: bool, **options: Any) -> None:
    """Write the live database's schema and revisions to a file.

    For a history that does not build from nothing: commit the file, name it with base-snapshot
    in [tool.driftcheck], and driftcheck replays from there. Drift is then what came after it.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.snapshot import base_snapshot  # noqa: PLC0415

    with progress() as tell:
        file = base_snapshot(settings_from(options), tell)
    write_file(path, dump(file))
    revisions = ", ".join(file.revisions)
    say(f"{visible(str(path))}: {len(file.snapshot.objects)} objects at {revisions}")
