"""The command group. It converts errors into messages and exit codes."""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn, cast

import click
from click.shell_completion import shell_complete

from driftcheck import __version__
from driftcheck.cli.console import report_error, report_internal_error, say
from driftcheck.errors import DriftcheckError, ExitCode, OutputError, UsageError
from driftcheck.process import streams
from driftcheck.process.interrupt import interruption
from driftcheck.project.containment import exit_process, own_process
from driftcheck.suggestions import did_you_mean

_PROGRAM = "driftcheck"
COMPLETION = "_DRIFTCHECK_COMPLETE"
"""The environment variable by which a shell asks for completions."""
_READER_GONE = 141  # 128 + SIGPIPE, as in shells

_COMMANDS = (
    "init",
    "doctor",
    "compare",
    "fleet",
    "simulate-colleague",
    "gate",
    "locate",
    "blame",
    "history",
    "repair",
    "adopt",
    "diff",
    "ignore",
    "guard",
    "snapshot",
    "watch",
    "selftest",
    "demo",
)


_INTERNAL = ("guard-answer", "library-answer", "pytest-answers", "running-code")
"""The commands that driftcheck runs itself. The help does not show them."""


class _Commands(click.Group):
    """The commands, in the order of the help. A command is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with a name: the function that has the name of its module."""
        del ctx
        if cmd_name not in (*_COMMANDS, *_INTERNAL):
            return None
        name = cmd_name.replace("-", "_")
        return cast("click.Command", getattr(import_module(f"driftcheck.cli.{name}"), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. A wrong name gets similar names as a hint."""
        name = args[0]
        is_option = name.startswith("-")
        if not is_option and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            ctx.fail(f"No such command {name!r}. {did_you_mean(name, _COMMANDS)}".rstrip())
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """Compare SQLAlchemy models, Alembic migrations and the live database.

    \b
    Examples:
      driftcheck doctor                  whether this project can be checked
      driftcheck compare                 what differs, and what to do about it
      driftcheck compare --help          the options of a command
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the working directory does not exist any more",
            hint="Change to a directory that exists, such as the project's: cd PROJECT",
        ) from error


def main(program: str | None = None) -> NoReturn:
    """Run the command line in this process, and end it with the command's code.

    Args:
        program: The name of the program in help and messages; ``None`` for that of the process.
    """
    streams.keep()
    interruption.install()
    own_process(report_error)
    code = int(ExitCode.CANNOT_CHECK)
    try:
        code = _run(program)
    finally:
        exit_process(code)


def _run(program: str | None) -> int:
    """Run the command, and report its errors.

    Args:
        program: See ``main``.

    Returns:
        The exit code.
    """
    debug = "--debug" in sys.argv
    if debug:
        faulthandler.enable(streams.err())
    try:
        completes = os.environ.get(COMPLETION)
        if completes:  # click itself would end the process, which no code may do here
            code: int = shell_complete(cli, {}, _PROGRAM, COMPLETION, completes)
        else:
            code = int(cli.main(prog_name=program, standalone_mode=False) or 0)
        streams.out().flush()
    except streams.ReaderGoneError:
        code = _READER_GONE
    except click.ClickException as error:
        with suppress(streams.ReaderGoneError, OutputError):
            error.show(streams.err())
        code = ExitCode.USAGE
    except BaseException as error:  # noqa: BLE001  (an unexpected exception must not exit with 1, "found")
        code = _code_of(error, debug=debug)
    if interruption.received is not None:
        return interruption.finish()
    return code


def _code_of(error: BaseException, *, debug: bool) -> int:
    """Report the error that ended the command.

    Returns:
        The exit code.
    """
    if isinstance(error, click.Abort) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, KeyboardInterrupt) or interruption.received is not None:
        return interruption.finish()
    if debug:
        say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, DriftcheckError):
        report_error(error)
        return error.exit_code
    report_internal_error(error)
    return ExitCode.CANNOT_CHECK
