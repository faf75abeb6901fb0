"""Checks a project: from settings to a report. The public interface of driftcheck."""

from __future__ import annotations

from driftcheck.actions.compare.quick_check_cache import leave_answers
from driftcheck.config.settings import Settings
from driftcheck.judging.report import Report
from driftcheck.pipeline.check import check_in
from driftcheck.pipeline.session import Progress, open_session


def check(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: What to check, and how.
        progress: Told what is being done.

    Raises:
        DriftcheckError: The check could not be made; nothing was left behind.
    """
    with open_session(settings, progress) as session:
        checked = check_in(session)
        leave_answers(session, checked.databases, checked.replayed)
        return Report(
            session.project.name,
            checked.reports,
            settings.fail_on,
            strict_coverage=settings.strict_coverage,
        )
