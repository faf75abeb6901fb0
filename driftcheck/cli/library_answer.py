"""``driftcheck library-answer``: makes the check that a program asks ``driftcheck.api`` for."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

import click

from driftcheck.cli.options import settings_from
from driftcheck.config.settings import Settings
from driftcheck.errors import DriftcheckError, ExitCode
from driftcheck.judging.report import Report
from driftcheck.pipeline.ignored import without_what_is_ignored
from driftcheck.process.child import ErrorAnswer
from driftcheck.process.masked_values import masked_in


@click.command()
@click.argument("descriptor", type=int)
def library_answer(descriptor: int) -> ExitCode:
    """Receive the name of a check and its options, make it, and send its report."""
    with Connection(descriptor) as connection:
        name, options = connection.recv()
        try:
            report, settings = _CHECKS[name](options)
            connection.send(masked_in(without_what_is_ignored(report, settings)))
        except DriftcheckError as error:
            connection.send(ErrorAnswer.of(error))
    return ExitCode.CLEAN


# The imports are here because a check does not need those of another one.


def _check(options: dict[str, Any]) -> tuple[Report, Settings]:
    from driftcheck.actions.compare.any_check import checked  # noqa: PLC0415

    settings = settings_from(options)
    return checked(settings), settings


def _gate(options: dict[str, Any]) -> tuple[Report, Settings]:
    from driftcheck.actions.gate import gate  # noqa: PLC0415

    settings = settings_from(options)
    return gate(settings), settings


def _diff(options: dict[str, Any]) -> tuple[Report, Settings]:
    from driftcheck.cli.diff import compared  # noqa: PLC0415

    return compared(options.pop("first"), options.pop("second"), options)


_CHECKS = {"check": _check, "gate": _gate, "diff": _diff}
