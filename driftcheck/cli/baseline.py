"""Writes the baseline of ``driftcheck compare --write-baseline``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from driftcheck.cli.console import say
from driftcheck.cli.files import write_file
from driftcheck.config.baseline import Baseline, baseline_text
from driftcheck.config.settings import Settings, load_settings
from driftcheck.errors import ConfigurationError
from driftcheck.judging.baseline import baseline_of
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import Report
from driftcheck.reports.terminal.counting import counted


def require_whole_check(settings: Settings) -> None:
    """Refuse options with which the check would not find all findings of the project.

    Raises:
        ConfigurationError: An option restricts the check.
    """
    if not settings.covers_project or settings.gaps != load_settings(settings.root, {}).gaps:
        raise ConfigurationError(
            "--write-baseline needs a check of the whole project, and an option restricts it",
            hint="Leave out --only-gap, --schema, --grants and --owners. Their keys in "
            "[tool.driftcheck] apply to every check.",
        )


def with_new_baseline(report: Report, settings: Settings) -> Settings:
    """Write the baseline with the findings of a report that fail the check.

    If not everything could be compared, the file is not written, and stderr says so.

    Args:
        report: The report of a check of the whole project.
        settings: The settings of the check.

    Returns:
        The settings with the new baseline.

    Raises:
        OutputError: The file cannot be written.
    """
    path = settings.baseline.path
    gaps = set(settings.gaps)
    if not report.databases or any(gaps - set(each.gaps) for each in report.databases):
        say(f"driftcheck: {path} was not written, because not everything could be compared.")
        return settings
    today = datetime.now().astimezone().date()
    counted_findings = without_ignored(report, settings.ignore, today)
    baseline: Baseline = baseline_of(counted_findings, settings.baseline, today)
    write_file(path, baseline_text(baseline))
    say(f"driftcheck: {counted(len(baseline.entries), 'finding')} recorded in {path}.")
    return replace(settings, baseline=baseline)
