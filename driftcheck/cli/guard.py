"""``driftcheck guard``: says whether migrations are guarded, and adds the line that guards them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftcheck.cli.console import progress
from driftcheck.cli.files import write_project_file
from driftcheck.cli.options import project_options, settings_from
from driftcheck.errors import ConfigurationError, ExitCode
from driftcheck.process import streams
from driftcheck.reports.file_diff import file_diff
from driftcheck.reports.visible import visible

if TYPE_CHECKING:
    from driftcheck.actions.guard.installation import GuardState


@click.command()
@project_options
@click.option("--install", is_flag=True, help="Show the line that guards this project, as a diff.")
@click.option("--yes", is_flag=True, help="With --install: write the line.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def guard(install: bool, yes: bool, debug: bool, **options: Any) -> ExitCode:
    """Say whether migrations are guarded against drift.

    A guarded migrate (flask db migrate, alembic revision --autogenerate) writes no operations that
    exist because of drift. The guard is a plugin of Alembic, or a hook before Alembic 1.18.

    \b
    Examples:
      driftcheck guard
      driftcheck guard --install --yes

    Exit codes: 0 if this project is guarded, 1 if it is not, 2 for a usage or configuration error,
    3 if this could not be found out.
    """
    del debug  # read by main()
    # Imported here because --help does not need it.
    from driftcheck.actions.guard.installation import installation  # noqa: PLC0415

    if yes and not install:
        raise click.UsageError("--yes is of use with --install only.")
    with progress() as show:
        found = installation(settings_from(options), show)
    if not install or found.state.is_guarded:
        _say(_state_text(found.state))
        return ExitCode.CLEAN if found.state.is_guarded else ExitCode.FOUND
    if found.by_hand:
        raise ConfigurationError(
            "the place for the guard was not found in the project's code", hint=found.by_hand
        )
    for change in found.changes:
        name = os.path.relpath(change.path, Path.cwd())
        streams.out().write(file_diff(name, change.before, change.after))
        if yes:
            write_project_file(change.path, change.after)
    _say("Written." if yes else "Nothing was written. Add --yes to write it.")
    return ExitCode.CLEAN if yes else ExitCode.FOUND


def _state_text(state: GuardState) -> str:
    environment = visible(state.environment)
    if state.is_guarded:
        return f"Guarded by the {' and the '.join(dict.fromkeys(state.ways))} driftcheck.guard."
    if any(state.ways):
        each = ", ".join(way or "not guarded" for way in state.ways)
        return f"Not every database is guarded. In the order of {environment}: {each}."
    return f"Not guarded: {environment} enables neither the plugin nor the hook driftcheck.guard."


def _say(text: str) -> None:
    streams.out().write(f"{text}\n")
