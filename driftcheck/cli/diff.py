"""``driftcheck diff``: compares two live databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.delivery import Delivery
from driftcheck.cli.options import output_options, scope_options, settings_from, timeout_option
from driftcheck.config.settings import Settings
from driftcheck.databases.reading import Scope
from driftcheck.errors import ExitCode
from driftcheck.judging.report import Report
from driftcheck.pipeline.progress import Progress


@click.command()
@click.argument("first", metavar="FIRST_URL")
@click.argument("second", metavar="SECOND_URL")
@timeout_option
@scope_options
@output_options
def diff(  # noqa: PLR0913  (a parameter for each option)
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
    """Compare the schemas of two live databases.

    For example, compare staging with production. The first database is the reference. Both are
    opened read-only.

    \b
    Example:
      driftcheck diff postgresql://me@staging/shop postgresql://me@production/shop

    Exit codes: 0 if the schemas are equal, 1 if they differ, 2 for a usage or configuration
    error, 3 if the check could not be made.
    """
    options = {
        "timeout": timeout,
        "schemas": schemas,
        "grants": grants,
        "owners": owners,
        "strict_coverage": strict_coverage,
    }
    with progress(verbose=deliver.full) as show:
        report, settings = compared(first, second, options, show)
    return deliver(report, settings)


def compared(
    first: str, second: str, options: dict[str, Any], show: Progress = lambda _: None
) -> tuple[Report, Settings]:
    """Compare two live databases.

    Args:
        first: The URL of the reference database.
        second: The URL of the other database.
        options: The options, by the names of ``Settings``.
        show: Called with a short description of each step.

    Returns:
        The report, and the settings that say what of it is ignored.

    Raises:
        DriftcheckError: The check could not be made.
    """
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.diff import difference  # noqa: PLC0415
    from driftcheck.databases.location import parse_url  # noqa: PLC0415

    # Of the project's settings, only ignore applies: the databases may belong to another project.
    given = Settings(
        schemas=tuple(options["schemas"] or ()),
        grants=bool(options["grants"]),
        owners=bool(options["owners"]),
    )
    settings = replace(given, ignore=settings_from({"timeout": options["timeout"]}).ignore)
    scope = Scope(schemas=given.schemas or None, grants=given.grants, owners=given.owners)
    wanted, actual = parse_url(first, named="FIRST_URL"), parse_url(second, named="SECOND_URL")
    strict = bool(options["strict_coverage"])
    return difference(wanted, actual, scope, show, strict_coverage=strict), settings
