"""``driftcheck guard-answer``: the check of the guard, which only the guard itself runs."""

from __future__ import annotations

from typing import Any

import click

from driftcheck.actions.guard.check import Question, answer
from driftcheck.cli.options import project_options, settings_from
from driftcheck.errors import ExitCode
from driftcheck.process import streams


@click.command()
@project_options
@click.option("--operations", default="", help="A digest of the operations of autogenerate.")
@click.option("--remedies", is_flag=True, help="Find the remedies too.")
def guard_answer(operations: str, remedies: bool, **options: Any) -> ExitCode:
    """Write what the guard needs to know as JSON.

    The database is named by DRIFTCHECK_DATABASE_URL.
    """
    settings, question = settings_from(options), Question(operations, remedies)
    streams.out().write(answer(settings, question).as_json())
    return ExitCode.CLEAN
