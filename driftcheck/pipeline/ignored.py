"""Removes from a report what the project ignores: by its ignore entries, and by its baseline."""

from __future__ import annotations

from datetime import datetime

from driftcheck.config.settings import Settings
from driftcheck.judging.baseline import without_baseline
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import Report


def without_what_is_ignored(report: Report, settings: Settings) -> Report:
    """Move the findings that the project ignores to the ignored findings of a report.

    Args:
        report: The report of a check.
        settings: The settings of the check.
    """
    # If options restrict the check, an ignore entry without a finding may still be needed.
    whole = settings.covers_project
    today = datetime.now().astimezone().date()
    report = without_ignored(report, settings.ignore, today, whole=whole)
    return without_baseline(report, settings.baseline, whole=whole)
