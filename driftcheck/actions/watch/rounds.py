"""Runs one round of a watch: the check, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import driftcheck
from driftcheck.actions.watch.findings import DatabaseRound, databases_of
from driftcheck.actions.watch.stopping import Stop
from driftcheck.actions.watch.webhook import SECRET
from driftcheck.errors import ExitCode, UsageError
from driftcheck.process.masking import masked

_PREFIX = "driftcheck: "


@dataclass(frozen=True)
class Round:
    """The result of a round.

    Attributes:
        databases: What it says about each database, by name.
        failure: The error if the check could not be made; empty if it was.
    """

    databases: Mapping[str, DatabaseRound] = field(default_factory=dict)
    failure: str = ""


class RoundRunner:
    """Runs the check of each round in a new process.

    So a round sees the files of the project as they are then, memory that the project's code uses
    does not grow from round to round, and a crash ends one round only.

    Args:
        check: The command and its arguments: ``["compare", "--only-gap", "drift"]``.
        stop: Ends the check.
    """

    def __init__(self, check: Sequence[str], stop: Stop) -> None:
        self._command = [sys.executable, *_program(), *check, "--format", "json"]
        self._stop = stop

    def run(self) -> Round | None:
        """Run the check.

        Returns:
            ``None`` if a stop was requested meanwhile.

        Raises:
            UsageError: The check cannot be run with these arguments or settings.
        """
        environment = {name: value for name, value in os.environ.items() if name != SECRET}
        # In a session of its own, the check does not get the signals of the terminal a second time.
        with subprocess.Popen(
            self._command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            self._stop.ends(process)
            output, errors = process.communicate()
        if self._stop.requested():
            return None
        return _round(process.returncode, output, errors.decode(errors="replace"))


def _program() -> list[str]:
    """Return the arguments of Python that run driftcheck, as this process was started.

    ``python -m driftcheck`` has the working directory on its path, and the script has not.
    """
    program = sys.argv[0]
    is_module = Path(program).resolve().is_relative_to(Path(driftcheck.__file__).parent)
    return ["-m", "driftcheck"] if is_module else [program]


def _round(status: int, output: bytes, errors: str) -> Round:
    if status == ExitCode.USAGE:
        message, *hint = errors.removeprefix(_PREFIX).splitlines() or [""]
        raise UsageError(message, hint="\n".join(hint))
    try:
        return Round(databases_of(json.loads(output)))
    except ValueError:  # there is no report
        return Round(failure=_first_line(errors, status))


def _first_line(errors: str, status: int) -> str:
    """Return the message of an error, without its details and its hint."""
    lines = [line.removeprefix(_PREFIX) for line in errors.splitlines() if line.startswith(_PREFIX)]
    return masked(lines[-1]) if lines else f"the check ended with exit code {status}"
