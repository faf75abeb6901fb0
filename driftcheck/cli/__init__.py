"""The command line: parses options, runs a command, writes its report and sets the exit code."""

from __future__ import annotations

from typing import NoReturn

from driftcheck.process.streams import require_open
from driftcheck.process.supervisor import supervise

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line, and exit with the command's code."""
    require_open()
    supervise(_command)


def _command() -> NoReturn:
    """Run the command in this process. The supervisor does not need this import."""
    from driftcheck.cli.main import main as command  # noqa: PLC0415

    command()
