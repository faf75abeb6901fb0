"""``flask driftcheck``: the command line of driftcheck as a command of Flask.

Flask loads this module for each of its commands, so it imports the command line only when it is
used. The command runs in a process of its own: driftcheck redirects all connections of its process
before the app is imported, and no module of Flask's process may keep one that was opened earlier.
Flask does not load the app for this command, so the app is imported once.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

_PROGRAM = "flask driftcheck"
_OPTION = "--app"
_WITH_PROJECT_LATER = "watch"
"""The command that has no options of its own for the project: they belong to its check."""


class _FlaskCommand(click.Group):
    """Hands its arguments over to a process of driftcheck. Flask sees the commands to complete."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand the arguments over, unless a shell completes them."""
        if not extra.get("resilient_parsing"):
            _hand_over(self, args, parent)
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return _command_line().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with a name."""
        return _command_line().get_command(ctx, cmd_name)


flask_driftcheck = _FlaskCommand(
    "driftcheck",
    help="Compare models, migrations and the database.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _command_line() -> click.Group:
    from driftcheck.cli.commands import cli  # noqa: PLC0415  (not for other commands of Flask)

    return cli


def _hand_over(group: click.Group, arguments: list[str], parent: click.Context | None) -> NoReturn:
    """Replace this process by one of driftcheck, with the app that Flask would load."""
    own = _with_app(group, arguments, parent)
    command = [sys.executable, "-P", "-m", __name__, *own]
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if os.name == "nt":  # where execv does not wait for the new process
        import subprocess  # noqa: PLC0415  (only there)

        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)  # noqa: S606


def _with_app(group: click.Group, arguments: list[str], parent: click.Context | None) -> list[str]:
    """Return the arguments with ``--app``, if the command takes it and the project is not named."""
    name = next((each for each in arguments if not each.startswith("-")), "")
    app = _app_of(parent)
    if not app or not name or any(map(_names_project, arguments)):
        return arguments
    command = group.get_command(click.Context(group), name)
    options = {option for each in command.params for option in each.opts} if command else set()
    is_later = name == _WITH_PROJECT_LATER
    if _OPTION not in options and not is_later:
        return arguments
    end = arguments.index("--") if "--" in arguments and not is_later else len(arguments)
    return [*arguments[:end], _OPTION, app, *arguments[end:]]


def _names_project(argument: str) -> bool:
    """Whether an argument is ``--app`` or ``--config``, or begins with ``-c``."""
    is_short = argument.startswith("-c")
    return is_short or argument.partition("=")[0] in (_OPTION, "--config")


def _app_of(parent: click.Context | None) -> str:
    """Return the app of Flask's command as ``flask --app`` takes it; empty if none is named.

    Raises:
        UsageError: The app is made by a function without a name that could be imported.
    """
    from flask.cli import ScriptInfo  # noqa: PLC0415  (the group is of use with Flask only)

    info = None if parent is None else parent.find_object(ScriptInfo)
    if info is None:
        return ""
    if info.create_app is None:
        return info.app_import_path or ""
    module = sys.modules.get(info.create_app.__module__)
    name = getattr(info.create_app, "__qualname__", "<")
    file = getattr(module, "__file__", None)
    if module is None or "<" in name or (module.__name__ == "__main__" and file is None):
        raise click.UsageError(
            "the app is made by a function that has no name to import it by. Name the app: "
            f"{_PROGRAM} COMMAND --app MODULE:FUNCTION."
        )
    return f"{file if module.__name__ == '__main__' else module.__name__}:{name}"


if __name__ == "__main__":
    from driftcheck.cli import main

    main(_PROGRAM)
