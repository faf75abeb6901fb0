"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import signal
import sys
import traceback
from importlib import import_module
from types import FrameType
from typing import Any, cast

import click

from driftcheck import __version__
from driftcheck.cli.console import tell_error
from driftcheck.errors import DriftcheckError, ExitCode
from driftcheck.project.containment import leave, own_process

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


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
    """Tell apart what the models, the migrations and the database each say of the schema."""


def main() -> None:
    """Run the command line, and exit with the command's code."""
    signal.signal(signal.SIGTERM, _interrupt)
    own_process(tell_error)
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except DriftcheckError as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        tell_error(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("driftcheck: interrupted; the shadow databases were dropped\n")
        code = _INTERRUPTED
    leave(int(code or 0))


def _interrupt(_signal: int, _frame: FrameType | None) -> Any:
    """End as on Ctrl-C, so that everything is dropped on the way out."""
    raise KeyboardInterrupt
