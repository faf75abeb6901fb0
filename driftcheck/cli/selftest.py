"""``driftcheck selftest``: mutation testing of driftcheck on the project's schema."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import write_output
from driftcheck.cli.options import (
    database_options,
    output_options_of,
    project_options,
    reading_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.reports.selftest import FORMATS

_SAMPLE = 10_000


@click.command()
@project_options
@database_options
@reading_options
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=_SAMPLE,
    show_default=True,
    metavar="N",
    help="Run at most N mutations: first one of each type, then others at random.",
)
@click.option("--all", "everything", is_flag=True, help="Run all mutations.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="S",
    help="The seed of the sample.",
)
@output_options_of(FORMATS)
def selftest(  # noqa: PLR0913  (a parameter for each option)
    format_name: str,
    output: Path | None,
    sample: int,
    seed: int,
    *,
    everything: bool,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Test whether driftcheck detects drift of this schema.

    Builds the schema of the migrations in a shadow database and runs mutations on it: objects are
    dropped, renamed, added and altered, attribute by attribute. driftcheck must detect every
    mutation. It must report nothing for operations that do not change the schema, such as ANALYZE.

    Every mutation is undone. The live database is not read. Exit codes: 0 if every mutation is
    detected without a false alarm, 1 if a mutation is missed or there is a false alarm, 2 for a
    usage or configuration error, 3 if no mutation could be applied.

    \b
    Example:
      driftcheck selftest --sample 500
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.selftest import selftest as run_selftest  # noqa: PLC0415

    with progress(verbose=verbose) as show:
        result = run_selftest(settings_from(options), None if everything else sample, seed, show)
    write_output(partial(FORMATS[format_name], result), output, full=verbose)
    return result.exit_code
