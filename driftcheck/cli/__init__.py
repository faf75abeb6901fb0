"""The command line: each command parses, calls, renders and exits."""

from driftcheck.cli.main import main

__all__ = ["main"]
