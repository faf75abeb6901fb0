"""The command line: parses options, runs a command, writes its report and sets the exit code."""

from __future__ import annotations

import gc
from functools import partial
from typing import NoReturn

from driftcheck.process.streams import require_open
from driftcheck.process.supervisor import supervise

__all__ = ["main"]

_COLLECTION = 50_000, 20, 50
"""When garbage is collected. Models and schemas live until the end of a run, and with Python's own
values, looking through them again and again takes a quarter of the time of a large project."""


def main(program: str | None = None) -> NoReturn:
    """Run the command line, and exit with the command's code.

    Args:
        program: The name of the program in help and messages; ``None`` for that of the process.
    """
    require_open()
    supervise(partial(_command, program))


def _command(program: str | None) -> NoReturn:
    """Run the command in this process. The supervisor does not need this import."""
    gc.set_threshold(*_COLLECTION)
    from driftcheck.cli.commands import main as command  # noqa: PLC0415

    command(program)
