"""Checks a project: from settings to a report. This is the public interface of driftcheck."""

from __future__ import annotations

from driftcheck.actions.compare.quick_check_cache import save_quick_check
from driftcheck.config.settings import Settings
from driftcheck.judging.report import Report
from driftcheck.pipeline.check import check_in
from driftcheck.pipeline.session import Progress, open_session


def check(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The check could not be made. Nothing was left behind.
    """
    with open_session(settings, progress) as session:
        checked = check_in(session)
        save_quick_check(session, checked.databases, checked.replayed)
        return Report(
            session.project.name,
            checked.reports,
            settings.fail_on,
            strict_coverage=settings.strict_coverage,
        )
