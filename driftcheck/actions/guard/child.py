"""Runs the check of the guard in a child process, so that it cannot disturb the running env.py.

The check redirects all connections of its process, and loads the project a second time. The URL of
the database is in the environment of the child: its arguments could be read by other users.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from driftcheck.config.settings import ENVIRONMENT
from driftcheck.judging.guard_answer import Answer
from driftcheck.process.child import error_of, program

_PATIENCE = 3.0
"""In seconds. After this time without an answer, a message says what the time is spent on."""
_SLOW = "driftcheck: comparing the database with its migrations\n"


def ask(options: Sequence[str], url: str | None) -> Answer:
    """Run the check in a child process.

    Args:
        options: The options that name the project.
        url: The database; ``None`` for the databases of the project.

    Raises:
        CannotCheckError: The check could not be made.
    """
    answer = _ask(options, url)
    return _ask(options, None) if answer.has_several else answer


def _ask(options: Sequence[str], url: str | None) -> Answer:
    variable = ENVIRONMENT["database_url"]
    environment = {name: value for name, value in os.environ.items() if name != variable}
    if url is not None:
        environment[variable] = url
    status, output, errors = _run(["guard-answer", *options], environment)
    if status != 0:
        raise error_of(errors, status)
    return Answer.from_json(output)


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command of driftcheck, and return its exit code and what it wrote to each stream."""
    with subprocess.Popen(
        [sys.executable, *program(), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            output, errors = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            sys.stderr.write(_SLOW)
            sys.stderr.flush()
            output, errors = process.communicate()
    return process.returncode, output, errors
