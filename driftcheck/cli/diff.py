"""``driftcheck diff``: two live databases against each other."""

from __future__ import annotations

from dataclasses import replace

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import output_options, scope_options, settings_from, timeout_option
from driftcheck.config.settings import Settings
from driftcheck.databases.catalog import Scope
from driftcheck.errors import ExitCode


@click.command()
@click.argument("first", metavar="FIRST_URL")
@click.argument("second", metavar="SECOND_URL")
@timeout_option
@scope_options
@output_options
def diff(  # noqa: PLR0913  (one for each option)
    first: str,
    second: str,
    deliver: Delivery,
    timeout: str | None,
    schemas: tuple[str, ...],
    *,
    grants: bool | None,
    owners: bool | None,
    strict_coverage: bool | None,
) -> ExitCode:
    """Compare two live databases: staging with production.

    Both are only read. The first is taken for what should be. Exits with 0 when they are the
    same, 1 when they differ.
    """
    # Not at the top: --help does without SQLAlchemy.
    from driftcheck.actions.diff import difference  # noqa: PLC0415
    from driftcheck.databases.location import parse_url  # noqa: PLC0415

    # Of what a project says here, only what it ignores counts: the two need not be its own.
    said = Settings(schemas=schemas, grants=bool(grants), owners=bool(owners))
    settings = replace(said, ignore=settings_from({"timeout": timeout}).ignore)
    scope = Scope(schemas=schemas or None, grants=said.grants, owners=said.owners)
    wanted, actual = parse_url(first, named="FIRST_URL"), parse_url(second, named="SECOND_URL")
    with progress() as tell:
        report = difference(wanted, actual, scope, tell, strict_coverage=bool(strict_coverage))
    return deliver(report, settings)
