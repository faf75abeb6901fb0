"""The checks of the migrations as test items."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftcheck.actions.testing.answers import Outcome, RevisionPlace
from driftcheck.errors import DriftcheckError
from driftcheck.pytest_plugin.session import call, error_text

_NAME = "driftcheck"


class CheckFailed(Exception):  # noqa: N818  (a result, not an error)
    """A check of the migrations has failed. The text is the report."""


class Migrations(pytest.Collector):
    """The parent of the items."""

    def collect(self) -> Iterator[pytest.Item]:
        """Return the items. A project that cannot be loaded has a single one, which fails."""
        try:
            places: list[RevisionPlace] = call(self.config, "checks", "revisions")
        except DriftcheckError as error:
            yield UnloadableItem.from_parent(self, name="project-loads", error=error)
            return
        for name in ("one-head", "builds-from-nothing", "nothing-pending"):
            yield CheckItem.from_parent(self, name=name, check=name.replace("-", "_"))
        for place in places:
            name = f"down-and-up[{place.revision}]"
            yield CheckItem.from_parent(self, name=name, check="down_and_up", place=place)
        yield CheckItem.from_parent(self, name="both-ways-meet", check="both_ways_meet")


class DriftcheckItem(pytest.Item):
    """An item that is no Python function."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_marker(_NAME)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """Return the text of a failure: the report, without a traceback."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        if isinstance(excinfo.value, DriftcheckError):
            return error_text(excinfo.value)
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return where the item is, and its name for the heading of a failure."""
        return self.path, None, self.nodeid


class CheckItem(DriftcheckItem):
    """A check of the migrations.

    Args:
        check: The name of a method of ``HistoryChecks``.
        place: The revision that is checked, if it is a single one.
    """

    def __init__(self, *, check: str, place: RevisionPlace | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._check = check
        self._place = place

    def runtest(self) -> None:
        """Have the child process make the check."""
        arguments = () if self._place is None else (self._place.revision,)
        outcome: Outcome = call(self.config, "checks", self._check, *arguments)
        if outcome.failure:
            raise CheckFailed(outcome.failure)
        if outcome.skipped:
            pytest.skip(outcome.skipped)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the line of ``downgrade()`` of a revision."""
        if self._place is None:
            return super().reportinfo()
        return Path(self._place.file), self._place.line - 1, self.nodeid


class UnloadableItem(DriftcheckItem):
    """The only item of a project that cannot be loaded.

    Args:
        error: Why it cannot be loaded.
    """

    def __init__(self, *, error: DriftcheckError, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._error = error

    def runtest(self) -> None:
        """Fail."""
        raise self._error


def items_of(session: pytest.Session) -> list[pytest.Item]:
    """Return the items of the session's project."""
    parent = Migrations.from_parent(session, name=_NAME, nodeid=_NAME)
    hook = parent.ihook
    hook.pytest_collectstart(collector=parent)
    report: pytest.CollectReport = hook.pytest_make_collect_report(collector=parent)
    hook.pytest_collectreport(report=report)  # the terminal counts the items of reports
    return [each for each in report.result or () if isinstance(each, pytest.Item)]
