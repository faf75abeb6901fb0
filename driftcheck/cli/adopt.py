"""``driftcheck adopt``: writes the migration that makes the drift official."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import progress, say
from driftcheck.cli.delivery import write_output
from driftcheck.cli.options import (
    database_options,
    output_options_of,
    project_options,
    settings_from,
)
from driftcheck.cli.question import Terminal
from driftcheck.errors import ExitCode, OutputError
from driftcheck.judging.adoption import Adoption
from driftcheck.reports.adoption import FORMATS
from driftcheck.reports.visible import visible


@click.command()
@project_options
@database_options
@click.option(
    "--only",
    multiple=True,
    metavar="ADDRESS",
    help="Adopt only this object, or the objects of this table. May be repeated.",
)
@click.option(
    "-m",
    "--message",
    default="",
    help="The message of the revision.  [default: names what is adopted]",
)
@click.option(
    "--head",
    default="",
    metavar="REV",
    help="The head that the revision follows, if the history has several.",
)
@click.option(
    "--fix",
    "fixed",
    metavar="REV",
    help="Change a revision instead that fails on a database without drift: its failing operations "
    "look first afterwards.",
)
@click.option("--yes", is_flag=True, help="Write the file without asking.")
@click.option(
    "--allow-unproved",
    is_flag=True,
    help="Write the file also if its upgrade or its downgrade could not be proved.",
)
@output_options_of(FORMATS)
def adopt(  # noqa: PLR0913  (a parameter for each option)
    format_name: str,
    output: Path | None,
    only: tuple[str, ...],
    message: str,
    *,
    head: str,
    fixed: str | None,
    yes: bool,
    allow_unproved: bool,
    verbose: bool,
    debug: bool,
    **options: Any,
) -> ExitCode:
    """Write the migration that makes the drift official.

    Finds drift as compare does, and writes a revision that follows the head, with the project's
    own template. Its upgrade runs on databases that have the drift and on those that do not: each
    operation looks first. The migration is shown, and written after a question or with --yes.

    Before, it is tried on shadow databases of both kinds: both end with the same schema, the
    downgrade leads back to the head, and rows are kept. Nothing is changed in the live database.

    \b
    Examples:
      driftcheck adopt --only public.students.last_name -m "drop last_name"
      driftcheck adopt --fix 3f2a8c

    Exit codes: 0 if there is no drift or the file was written, 1 if there is drift and no file was
    written, 2 for a usage or configuration error, 3 if the check could not be made.
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.adopt import AdoptOptions  # noqa: PLC0415
    from driftcheck.actions.adopt import adopt as find  # noqa: PLC0415
    from driftcheck.actions.adopt.fix import fix  # noqa: PLC0415

    if fixed and (only or message or head):
        raise click.UsageError("--fix cannot be used together with --only, --message and --head.")
    terminal, settings = Terminal(), settings_from(options)
    with progress(verbose=verbose) as show:
        if fixed:
            adoption = fix(settings, fixed, show)
        else:
            adoption = find(settings, AdoptOptions(only, message, head), show)
    write_output(partial(FORMATS[format_name], adoption), output, full=verbose)
    written = _is_wanted(adoption, terminal, yes=yes, allow_unproved=allow_unproved)
    if written:
        _write(adoption)
    return adoption.exit_code(written=written)


def _is_wanted(adoption: Adoption, terminal: Terminal, *, yes: bool, allow_unproved: bool) -> bool:
    """Return whether the migration is to be written; otherwise say why not."""
    if not adoption.text:
        return False
    if not adoption.is_proved and not allow_unproved:
        say("driftcheck: nothing was written: the migration is not proved (--allow-unproved)")
        return False
    if yes:
        return True
    if not terminal.is_interactive:
        say("driftcheck: nothing was written. Write the migration with --yes.")
        return False
    return terminal.confirms(f"Write {visible(adoption.file)}?")


def _write(adoption: Adoption) -> None:
    """Write the file, which is new unless it is fixed, and say what to do next.

    Raises:
        OutputError: The file cannot be written.
    """
    path = Path(adoption.destination)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if adoption.diff else "x", encoding="utf-8", newline="") as file:
            file.write(adoption.text)
    except OSError as error:
        raise OutputError(
            f"the migration cannot be written to {path}: {error.strerror}",
            hint="Check the directory and its permissions.",
        ) from None
    say(f"driftcheck: wrote {visible(adoption.file)}")
    for command in adoption.next_steps:
        say(f"Next: {visible(command)}")
