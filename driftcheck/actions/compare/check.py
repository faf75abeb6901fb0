"""Checks a project: from settings to a report. This is the public interface of driftcheck."""

from __future__ import annotations

from driftcheck.actions.compare.quick_check_cache import save_in_step, save_quick_check
from driftcheck.config.settings import Settings
from driftcheck.judging.report import Report
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.check import ProjectCheck
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress


def check(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Compare the four schemas of every database that a project migrates.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The check could not be made. Nothing was left behind.
    """
    with open_project(settings, progress) as opened:
        checked = ProjectCheck(opened, Replays(opened)).run()
        saved = save_quick_check(opened, checked.state)
        save_in_step(opened, checked, saved)
        return Report(
            opened.loaded.project.name,
            checked.reports,
            settings.fail_on,
            strict_coverage=settings.strict_coverage,
            names_database=settings.names_database,
        )
