"""``driftcheck pytest-answers``: what the pytest plugin asks, until pytest has ended."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

import click

from driftcheck.actions.testing.answers import DatabaseForTest
from driftcheck.cli.options import settings_from
from driftcheck.errors import DriftcheckError, ExitCode
from driftcheck.process.child import ErrorAnswer
from driftcheck.process.masked_values import masked_in


@click.command()
@click.argument("descriptor", type=int)
def pytest_answers(descriptor: int) -> ExitCode:
    """Answer calls until the connection ends, and drop all databases then."""
    from driftcheck.actions.testing.service import TestingService  # noqa: PLC0415

    with Connection(descriptor) as connection:
        try:
            service = TestingService(settings_from({}))
        except DriftcheckError as error:
            connection.recv()
            connection.send(ErrorAnswer.of(error))
            return ExitCode.CLEAN
        with service:
            while True:
                try:
                    call = connection.recv()
                except (EOFError, OSError):
                    return ExitCode.CLEAN
                answer: Any
                try:
                    answer = service.call(*call)
                except DriftcheckError as error:
                    answer = ErrorAnswer.of(error)
                # The URL of a database for a test is the only answer that needs its password.
                keeps_password = isinstance(answer, DatabaseForTest)
                connection.send(answer if keeps_password else masked_in(answer))
