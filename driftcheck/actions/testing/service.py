"""Answers the calls of the pytest plugin about one project, which is opened by the first call."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from driftcheck.actions.testing.databases import DatabasesForTests
from driftcheck.actions.testing.history_checks import HistoryChecks, print_nothing
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import DriftcheckError
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.opening import open_project


class TestingService:
    """A project for the tests of one pytest session.

    Args:
        settings: The settings. The live database is not read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = replace(settings, gaps=(Gap.PENDING,))
        self._stack = ExitStack()
        self._objects: tuple[HistoryChecks, DatabasesForTests] | None = None
        self._error: DriftcheckError | None = None

    def __enter__(self) -> Self:
        """Return the service; all its databases are dropped at the end of the context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the project."""
        self._stack.close()

    def call(self, subject: str, name: str, *arguments: str) -> Any:
        """Answer a call.

        Args:
            subject: ``checks`` or ``databases``.
            name: The name of a method of ``HistoryChecks`` or of ``DatabasesForTests``.
            arguments: Its arguments.

        Raises:
            DriftcheckError: The project cannot be loaded, or the check could not be made.
        """
        if self._error is not None:
            raise self._error
        if self._objects is None:
            try:
                self._objects = self._opened()
            except DriftcheckError as error:  # a project cannot be loaded a second time
                self._error = error
                raise
        checks, databases = self._objects
        return getattr(checks if subject == "checks" else databases, name)(*arguments)

    def _opened(self) -> tuple[HistoryChecks, DatabasesForTests]:
        settings = self._settings
        opened = self._stack.enter_context(open_project(settings, print_nothing))
        replays = Replays(opened)
        checks = HistoryChecks(opened, replays)
        return checks, DatabasesForTests(opened, replays, lambda: checks.history)
