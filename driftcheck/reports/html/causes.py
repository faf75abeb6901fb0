"""Groups findings by cause: first the verdict, then the revision, reason or object they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftcheck.judging.findings import Finding, Remedy, Verdict
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.level import Level, level
from driftcheck.reports.order import meaning, parent_of
from driftcheck.reports.terminal.counting import counted, kinds
from driftcheck.reports.terminal.sections import Section, sections_of


@dataclass(frozen=True)
class Group:
    """Findings that share a revision, a reason or an object.

    Attributes:
        title: What they share.
        findings: The findings.
    """

    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Cause:
    """A verdict, and its findings in groups.

    Attributes:
        name: The verdict; ``project`` for the faults of the project itself.
        meaning: What the verdict says.
        level: The most severe level of the findings.
        counts: The number of objects of each kind.
        remedies: The remedies that at least half of the findings share, with their numbers.
        groups: The findings.
        findings: The findings, without the groups.
    """

    name: str
    meaning: str
    level: Level
    counts: str
    remedies: Mapping[Remedy, int]
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]


def causes(database: DatabaseReport, report: Report) -> list[Cause]:
    """Return the causes of a database's findings, the most important first."""
    titles = {revision.revision: revision.title for revision in database.history}
    return [_cause(section, report, titles) for section in sections_of(database.findings, report)]


def _cause(section: Section, report: Report, titles: Mapping[str, str]) -> Cause:
    verdict, findings = section
    addresses = [finding.address for finding in findings if finding.address]
    has_objects = len(addresses) == len(findings)
    return Cause(
        name=str(verdict or "project"),
        meaning=meaning(findings),
        level=min((level(f, report) for f in findings), key=("error", "warning", "note").index),
        counts=kinds(addresses) if has_objects else counted(len(findings), "finding"),
        remedies=_shared(findings),
        groups=tuple(_groups(findings, titles)),
        findings=tuple(findings),
    )


def _shared(findings: Sequence[Finding]) -> Mapping[Remedy, int]:
    counts = Counter(remedy for finding in findings for remedy in finding.remedies)
    return {r: n for r, n in counts.items() if n > 1 and 2 * n >= len(findings)}


def _groups(findings: Sequence[Finding], titles: Mapping[str, str]) -> Iterator[Group]:
    reasons = Counter(finding.why for finding in findings if finding.why)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_title(finding, titles, reasons), []).append(finding)
    return (Group(title, tuple(group)) for title, group in groups.items())


def _title(finding: Finding, titles: Mapping[str, str], reasons: Mapping[str, int]) -> str:
    """Return what a finding shares with others."""
    if finding.verdict is Verdict.UNAPPLIED and finding.origin is not None:
        revision = finding.origin.revision
        title = titles.get(revision, "")
        return f"revision {revision}" + f": {title}" * bool(title)
    if reasons.get(finding.why, 0) > 1:
        return finding.why
    return str(parent_of(finding) or "the project itself")
