"""The command line: each command parses, calls, renders and exits."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

from driftcheck.streams import require_open
from driftcheck.supervisor import supervise

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line, and exit with the command's code."""
    require_open()
    supervise(_command)


def _command() -> NoReturn:
    """Run it in this process. What it imports is imported here, so that the supervisor is small."""
    command: Callable[[], NoReturn] = import_module("driftcheck.cli.main").main
    command()
