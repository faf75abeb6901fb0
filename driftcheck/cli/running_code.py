"""``driftcheck running-code``: runs the statements of the base's models; only the gate runs it."""

from __future__ import annotations

import os

import click

from driftcheck.actions.gate.running_code.answering import answer_questions
from driftcheck.errors import ExitCode
from driftcheck.process import streams


@click.command()
def running_code() -> ExitCode:
    """Answer the questions that the gate writes to stdin, one a line, as lines on stdout."""
    with os.fdopen(os.dup(0), encoding="utf-8") as source:  # the project's code gets another stdin
        answer_questions(source, streams.out())
    return ExitCode.CLEAN
