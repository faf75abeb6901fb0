"""``driftcheck repair``: plans how a live database gets back the schema of its migrations."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.applying import Applying, apply_options
from driftcheck.cli.console import progress
from driftcheck.cli.delivery import OutputFile, output_style_for, write_output
from driftcheck.cli.files import write_file
from driftcheck.cli.options import (
    database_options,
    project_options,
    scope_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.judging.repair_result import RepairResult
from driftcheck.reports.repair import FORMATS
from driftcheck.reports.repair.script import script

_NOT_IN_NAMES = re.compile(r"[^\w-]")


@click.command()
@project_options
@database_options
@scope_options
@click.option(
    "--only",
    multiple=True,
    metavar="ADDRESS",
    help="Repair only this object, or the objects of this table. May be repeated.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    help="Write the plan to a file, as a script for psql or the client of the database.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    default="terminal",
    show_default=True,
    help="The format of the report.",
)
@apply_options
@click.option(
    "--verbose",
    is_flag=True,
    help="Show all details. If stderr is not a terminal, write progress to it as lines.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def repair(  # noqa: PLR0913  (a parameter for each option)
    only: tuple[str, ...],
    output: Path | None,
    format_name: str,
    applying: Applying | None,
    *,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Plan the repair of drift in a live database.

    Finds drift as compare does, and prints one plan for all of it: SQL in an order that runs, and
    what each step does to a database in use. The plan is tried on a copy of the schema with
    generated rows. Nothing is changed in the live database without --apply.

    With --apply, the plan is run after a question. It must be proved. The statements run in one
    transaction, which is committed only if the schema is then as planned and nothing else has
    changed. Those that cannot run in a transaction follow one by one. If the command is ended at
    any point, run it again: it plans from what the database has then.

    \b
    Examples:
      driftcheck repair --only public.students --output repair.sql
      psql --file repair.sql
      driftcheck repair --only public.students --apply

    Exit codes: 0 if there is nothing to repair, or if --apply has repaired everything; 1 if there
    is something to repair; 2 for a usage or configuration error, also if --apply lacks an
    agreement; 3 if the check could not be made, or the plan could not be run to its end.
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.repair import planned  # noqa: PLC0415
    from driftcheck.actions.repair.running import read_for_repair  # noqa: PLC0415
    from driftcheck.sources.live import read_live  # noqa: PLC0415

    settings = settings_from(options)
    with ExitStack() as stack:
        with progress(verbose=verbose) as show:
            read = read_live if applying is None else read_for_repair
            plans = stack.enter_context(planned(settings, only, show, read=read))
        result = replace(plans.result, is_applied=applying is not None)
        if output is not None:
            _write_scripts(result, output)
        write_output(partial(FORMATS[format_name], result), None, full=verbose)
        if applying is None:
            return result.exit_code
        return applying.run(plans, settings, verbose=verbose)


def _write_scripts(result: RepairResult, path: Path) -> None:
    """Write the script of each database: to the file or, with several, to one file for each."""
    needed = [repair for repair in result.databases if repair.is_needed]
    for repair in needed:
        name = _NOT_IN_NAMES.sub("_", repair.name)
        file = path if len(needed) == 1 else path.with_stem(f"{path.stem}.{name}")
        write_file(file, script(repair, output_style_for(file, full=True)))
