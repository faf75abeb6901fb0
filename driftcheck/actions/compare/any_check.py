"""Checks a project: by a quick check if this is possible, otherwise by a full check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from driftcheck.actions.compare.quick_check import quick_report
from driftcheck.config.settings import Settings
from driftcheck.judging.report import Report
from driftcheck.pipeline.progress import Progress


def _without_progress() -> AbstractContextManager[Progress]:
    return nullcontext(lambda _: None)


def checked(
    settings: Settings,
    progress: Callable[[], AbstractContextManager[Progress]] = _without_progress,
) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: The settings.
        progress: Returns the context in which a full check shows its steps.

    Raises:
        DriftcheckError: The check could not be made. Nothing was left behind.
    """
    report = quick_report(settings)
    if report is not None:
        return report
    # Imported here because the import takes longer than a quick check.
    from driftcheck.actions.compare.check import check  # noqa: PLC0415

    with progress() as show:
        return check(settings, show)
