"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import faulthandler
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, cast

import click

from driftcheck import __version__
from driftcheck.cli.console import say, tell_error, tell_fault
from driftcheck.errors import DriftcheckError, ExitCode, OutputError
from driftcheck.process import streams
from driftcheck.process.interrupt import interruption
from driftcheck.project.containment import leave, own_process

_NOBODY_READS = 141  # 128 + SIGPIPE, as shells have it

_COMMANDS = (
    "compare",
    "simulate-colleague",
    "gate",
    "locate",
    "blame",
    "history",
    "diff",
    "snapshot",
    "selftest",
    "demo",
)


class _Commands(click.Group):
    """The commands, in the order of the help; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name: what its module has under the module's name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        return cast("click.Command", getattr(import_module(f"driftcheck.cli.{name}"), name))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """Compare SQLAlchemy models, Alembic migrations and the live database."""


def main() -> NoReturn:
    """Run the command line in this process, and end it with the command's code."""
    streams.keep()
    interruption.install()
    own_process(tell_error)
    code = int(ExitCode.CANNOT_CHECK)
    try:
        code = _run()
    finally:
        leave(code)


def _run() -> int:
    """Run the command, and report its errors.

    Returns:
        The exit code.
    """
    debug = "--debug" in sys.argv
    if debug:
        faulthandler.enable(streams.err())
    try:
        code = int(cli.main(standalone_mode=False) or 0)
        streams.out().flush()
    except streams.ReaderGoneError:
        code = _NOBODY_READS
    except click.ClickException as error:
        with suppress(streams.ReaderGoneError, OutputError):
            error.show(streams.err())
        code = ExitCode.USAGE
    except BaseException as error:  # noqa: BLE001  (an exception that nobody caught is not "found")
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
        tell_error(error)
        return error.exit_code
    tell_fault(error)
    return ExitCode.CANNOT_CHECK
