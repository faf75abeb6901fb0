"""``driftcheck diff``: two live databases against each other."""

from __future__ import annotations

from pathlib import Path

import click

from driftcheck.catalog.base import Scope
from driftcheck.cli.console import progress, write_report
from driftcheck.cli.options import output_options, scope_options
from driftcheck.errors import ExitCode


@click.command()
@click.argument("first", metavar="FIRST_URL")
@click.argument("second", metavar="SECOND_URL")
@scope_options
@output_options
def diff(  # noqa: PLR0913  (one for each option)
    first: str,
    second: str,
    form: str,
    output: Path | None,
    schemas: tuple[str, ...],
    *,
    grants: bool | None,
    owners: bool | None,
    strict_coverage: bool | None,
    verbose: bool,
    debug: bool,
) -> ExitCode:
    """Compare two live databases: staging with production.

    Both are only read. The first is taken for what should be. Exits with 0 when they are the
    same, 1 when they differ.
    """
    del debug  # main() looks for it, also where options cannot be parsed
    # Not at the top: a quick compare does without SQLAlchemy.
    from driftcheck.actions.difference import difference  # noqa: PLC0415
    from driftcheck.location import parse_url  # noqa: PLC0415

    scope = Scope(schemas=schemas or None, grants=bool(grants), owners=bool(owners))
    wanted, actual = parse_url(first, named="FIRST_URL"), parse_url(second, named="SECOND_URL")
    with progress() as tell:
        report = difference(wanted, actual, scope, tell, strict_coverage=bool(strict_coverage))
    write_report(report, form, output, full=verbose)
    return report.exit_code
