"""``driftcheck init``: sets up driftcheck in a project, and shows each change first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftcheck.cli.files import write_project_file
from driftcheck.cli.options import project_options, settings_from
from driftcheck.cli.question import Terminal
from driftcheck.errors import ConfigurationError, ExitCode, OutputError
from driftcheck.process import streams
from driftcheck.reports.file_diff import file_diff
from driftcheck.reports.visible import visible

if TYPE_CHECKING:
    from driftcheck.actions.guard.installation import FileChange
    from driftcheck.actions.init.repository import Hosting

_CI = ("github", "gitlab", "none")


@click.command()
@project_options
@click.option(
    "--ci",
    type=click.Choice(_CI),
    help="The continuous integration that a file is written for.  [default: as the repository "
    "shows]",
)
@click.option(
    "--guard/--no-guard", default=True, help="Add the line of driftcheck guard. On by default."
)
@click.option("--yes", is_flag=True, help="Write the files without asking.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def init(*, ci: str | None, guard: bool, yes: bool, debug: bool, **options: Any) -> ExitCode:
    """Set up driftcheck in this project.

    Shows, as diffs: in pyproject.toml the settings that cannot be detected; a CI file that runs
    driftcheck gate; and the line that guards migrations against drift. They are written after a
    question, or with --yes. What is there already stays as it is.

    \b
    Examples:
      driftcheck init
      driftcheck init --app shop --ci github --yes

    Exit codes: 0 if the files were written or there is nothing to do, 1 if nothing was written, 2
    for a usage or configuration error, 3 if the project could not be loaded or a file not written.
    """
    del debug  # read by main()
    # Imported here because --help does not need SQLAlchemy.
    from driftcheck.actions.init import setup  # noqa: PLC0415
    from driftcheck.actions.init.repository import Hosting  # noqa: PLC0415

    terminal = Terminal()

    def choose() -> Hosting | None:
        if yes or not terminal.is_interactive:
            return None
        return Hosting(terminal.choice("Which continuous integration does the project use?", _CI))

    # No progress is shown: a question may be asked.
    settings = settings_from(options)
    found = setup(settings, Hosting(ci) if ci else None, choose, guard=guard)
    for change in found.changes:
        streams.out().write(file_diff(_shown(change.path), change.before, change.after))
    for note in found.notes:
        _say(visible(note, keep="\n"))
    if not found.changes:
        _say("Nothing to do." if not found.notes else "Nothing else to do.")
        return ExitCode.CLEAN
    if not yes and not terminal.is_interactive:
        _say("Nothing was written. Add --yes to write it.")
        return ExitCode.FOUND
    streams.out().flush()
    if not yes and not terminal.confirms(f"Write {_names(found.changes)}?"):
        _say("Nothing was written.")
        return ExitCode.FOUND
    _write_all(found.changes)
    _say(f"Wrote {_names(found.changes)}. Next: driftcheck doctor")
    return ExitCode.CLEAN


def _write_all(changes: Sequence[FileChange]) -> None:
    """Write files. If one cannot be written, those written before get their old texts again.

    Raises:
        ConfigurationError: A file was changed since it was read. Nothing is written.
        OutputError: A file cannot be written. All files are as before.
    """
    for change in changes:
        if _text_of(change.path) != change.before:
            raise ConfigurationError(
                f"{change.path} was changed in the meantime, so nothing was written",
                hint="Run driftcheck init again.",
            )
    written: list[FileChange] = []
    try:
        for change in changes:
            _make_parent(change.path)
            write_project_file(change.path, change.after)
            written.append(change)
    except OutputError:
        for change in written:
            _undo(change)
        raise


def _make_parent(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the directory {path.parent} cannot be created: {error.strerror}",
            hint="Check the permissions of the directory above it.",
        ) from None


def _undo(change: FileChange) -> None:
    with suppress(OSError, OutputError):
        if change.before:
            write_project_file(change.path, change.before)
        else:
            change.path.unlink()


def _text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace") if path.is_file() else ""


def _names(changes: Sequence[FileChange]) -> str:
    return ", ".join(visible(_shown(change.path)) for change in changes)


def _shown(path: Path) -> str:
    return os.path.relpath(path, Path.cwd())


def _say(text: str) -> None:
    streams.out().write(f"{text}\n")
