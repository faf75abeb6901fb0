"""The command line: parses options, runs a command, writes its report and sets the exit code."""

from driftcheck.cli.main import main

__all__ = ["main"]
