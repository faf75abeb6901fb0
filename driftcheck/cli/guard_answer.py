"""``driftcheck guard-answer``: the check of the guard, which only the guard itself runs."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.actions.guard.check import answer
from driftcheck.cli.options import project_options, settings_from
from driftcheck.errors import ExitCode
from driftcheck.process import streams


@click.command()
@project_options
def guard_answer(**options: Any) -> ExitCode:
    """Write what the guard needs to know as JSON.

    The database is named by DRIFTCHECK_DATABASE_URL.
    """
    streams.out().write(answer(settings_from(options)).as_json())
    return ExitCode.CLEAN
