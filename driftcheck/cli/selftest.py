"""``driftcheck selftest``: the proof that drift of this project's schema would be found."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import write_page
from driftcheck.cli.options import (
    database_options,
    output_options_of,
    project_options,
    reading_options,
    settings_from,
)
from driftcheck.errors import ExitCode
from driftcheck.reports.proof import FORMS

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
    help="Try no more than N changes; what there is of each sort is tried first.",
)
@click.option("--all", "everything", is_flag=True, help="Try all, however many there are.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="S",
    help="What a sample is drawn by: another number, other changes.",
)
@output_options_of(FORMS)
def selftest(  # noqa: PLR0913  (one for each option that is not a setting)
    form: str,
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

    On a shadow database at the history's head, all is changed by hand that the schema has, one
    change at a time: dropped, renamed, added, altered in each attribute that counts. Each change
    must be found, and what is none, such as ANALYZE or making the same again, must not be told.

    Every change is taken back, and the live database is not read. Exits with 0 when all was found
    and nothing else, 1 when a change was missed or wrongly told, 2 for wrong use or configuration,
    3 when nothing could be tried. PostgreSQL only.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.selftest import selftest as prove  # noqa: PLC0415

    with progress() as tell:
        proof = prove(settings_from(options), None if everything else sample, seed, tell)
    write_page(partial(FORMS[form], proof), output, full=verbose)
    return proof.exit_code
