"""The command group, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import signal
import sys
import traceback
from types import FrameType
from typing import Any

import click

from driftcheck import __version__
from driftcheck.cli.blame import blame
from driftcheck.cli.compare import compare
from driftcheck.cli.console import tell_error
from driftcheck.cli.demo import demo
from driftcheck.cli.diff import diff
from driftcheck.cli.gate import gate
from driftcheck.cli.history import history
from driftcheck.cli.locate import locate
from driftcheck.cli.selftest import selftest
from driftcheck.cli.simulate_colleague import simulate_colleague
from driftcheck.cli.snapshot import snapshot
from driftcheck.errors import DriftcheckError, ExitCode
from driftcheck.usercode import leave

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Tell apart what the models, the migrations and the database each say of the schema."""


for command in (
    compare,
    simulate_colleague,
    gate,
    locate,
    blame,
    history,
    diff,
    snapshot,
    selftest,
    demo,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line, and exit with the command's code."""
    signal.signal(signal.SIGTERM, _interrupt)
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
