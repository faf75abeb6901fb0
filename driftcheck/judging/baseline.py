"""Moves the findings of the baseline out of a report, and makes the baseline of a report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from driftcheck.config.baseline import Baseline, BaselineEntry
from driftcheck.judging.findings import Finding, IgnoredFinding, SourceLine, Verdict
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.judging.rules import FAULTS
from driftcheck.judging.templates import fill

_DIGITS = 16


def baseline_of(report: Report, earlier: Baseline, today: date) -> Baseline:
    """Return the baseline with the findings that fail a check now.

    Faults of the project are not part of it: they have no object, and what they prevent from
    being compared is not known.

    Args:
        report: The report of a check of the whole project, without ignored findings.
        earlier: The baseline that is replaced.
        today: The day on which the baseline is written.
    """
    several = len(report.databases) > 1  # the name of the only one differs between machines
    entries = (
        _entry(finding, database.name if several else "")
        for database in report.databases
        for finding in database.findings
        if finding.verdict is not None and report.fails(finding)
    )
    return replace(earlier, written=today, entries=frozenset(entries))


def without_baseline(report: Report, baseline: Baseline, *, whole: bool = True) -> Report:
    """Move the findings of the baseline to the ignored findings.

    Args:
        report: The report of a check.
        baseline: The baseline of the project.
        whole: Whether the whole project was checked. If not, entries of the baseline that match
            no finding are not reported.
    """
    if not baseline.entries or not report.databases:
        return report
    reason = f"The finding is in the baseline of {baseline.written}."
    left = set(baseline.entries)
    databases = []
    for database in report.databases:
        kept, ignored = [], [*database.ignored]
        for finding in database.findings:
            matching = baseline.entries & _possible_entries(finding, database)
            if matching:
                left -= matching
                ignored.append(IgnoredFinding(finding, reason, in_baseline=True))
            else:
                kept.append(finding)
        databases.append(replace(database, findings=tuple(kept), ignored=tuple(ignored)))
    gone = [entry for entry in left if _is_compared(entry, report)] if whole else []
    if gone:
        first = databases[0]
        databases[0] = replace(first, findings=(_outdated(baseline, len(gone)), *first.findings))
    return replace(report, databases=tuple(databases))


def _possible_entries(finding: Finding, database: DatabaseReport) -> set[BaselineEntry]:
    """The entries that match a finding: with and without the name of its database."""
    if finding.verdict is None:
        return set()
    entry = _entry(finding, "")
    return {entry, replace(entry, database=database.name)}


def _entry(finding: Finding, database: str) -> BaselineEntry:
    assert finding.address is not None  # noqa: S101  (every change has an object)
    digest = hashlib.sha256(json.dumps([*_content(finding)]).encode()).hexdigest()[:_DIGITS]
    return BaselineEntry(finding.rule, finding.address.sql, digest, database)


def _content(finding: Finding) -> Iterator[object]:
    """What two findings of the same rule and object have in common if they are the same."""
    yield finding.address
    yield finding.new_name
    yield [[d.attribute, d.wanted, d.actual] for d in finding.differences]
    yield [*finding.parts]
    yield [finding.definitions.get(side) for side in finding.sides or ()]


def _is_compared(entry: BaselineEntry, report: Report) -> bool:
    """Whether the check would have found the finding of an entry."""
    verdict = next((v for v in Verdict if entry.rule.startswith(f"{v}-")), None)
    if verdict is None:
        return True
    return all(set(verdict.gaps) <= set(database.gaps) for database in report.databases)


def _outdated(baseline: Baseline, count: int) -> Finding:
    rule = FAULTS["baseline-outdated"]
    return Finding(
        rule="baseline-outdated",
        severity=rule.severity,
        message=fill(rule.message, count=count),
        impact=rule.impact,
        declared=SourceLine(str(baseline.path)),
    )
