"""Moves ignored findings out of a report, and reports ignore entries that are out of date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.judging.findings import Finding, IgnoredFinding, SourceLine, Verdict
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.judging.rules import FAULTS, NOT_OF_CHANGES
from driftcheck.judging.templates import fill

_FILE = SourceLine("pyproject.toml")


def without_ignored(
    report: Report, entries: Sequence[IgnoreEntry], today: date, *, whole: bool = True
) -> Report:
    """Move the findings that entries match out of the report, and add findings about the entries.

    Args:
        report: The report of a check.
        entries: The ignore entries of the project.
        today: The date with which the end dates of entries are compared.
        whole: Whether the whole project was checked. If not, for example because only some
            schemas were compared, entries that match no finding are not reported.
    """
    if not entries or not report.databases:
        return report
    valid = [entry for entry in entries if not entry.is_over(today)]
    databases = [_separated(database, valid) for database in report.databases]
    about_entries = [_expired(entry) for entry in entries if entry not in valid]
    if whole:
        about_entries += [_unmatched(entry) for entry in valid if _is_unmatched(entry, report)]
    first, *others = databases
    first = replace(first, findings=(*about_entries, *first.findings))
    return replace(report, databases=(first, *others))


def _separated(database: DatabaseReport, entries: Sequence[IgnoreEntry]) -> DatabaseReport:
    """Return the report with the findings that an entry matches moved to ``ignored``."""
    kept, ignored = [], [*database.ignored]
    for finding in database.findings:
        entry = next((entry for entry in entries if matches(entry, finding)), None)
        if entry is None:
            kept.append(finding)
        else:
            ignored.append(IgnoredFinding(finding, entry.reason, entry.until))
    return replace(database, findings=tuple(kept), ignored=tuple(ignored))


def matches(entry: IgnoreEntry, finding: Finding) -> bool:
    """Whether an entry matches a finding by its rule and its object, or the table of the object."""
    addresses = (finding.address, finding.part_of)
    return entry.matches(finding.rule, [address.sql for address in addresses if address])


def _is_unmatched(entry: IgnoreEntry, report: Report) -> bool:
    """Whether an entry matches no finding although the check covered all findings it can match.

    Which faults and remarks a check looks for depends on the command, on its options and on the
    cache. So an entry that can match such a rule is never called unmatched. An entry that can
    match no rule at all always is.
    """
    if any(matches(entry, finding) for finding in report.findings):
        return False
    if any(map(entry.names, NOT_OF_CHANGES)):
        return False
    gaps = {gap for verdict in _possible_verdicts(entry) for gap in verdict.gaps}
    return all(gaps <= set(database.gaps) for database in report.databases)


def matches_no_rule(entry: IgnoreEntry) -> bool:
    """Whether an entry can match no finding at all, because no rule has such a name."""
    beginnings = (f"{verdict}-" for verdict in Verdict)
    return not any(map(entry.names, NOT_OF_CHANGES)) and not any(map(entry.can_match, beginnings))


def _possible_verdicts(entry: IgnoreEntry) -> Iterator[Verdict]:
    """Yield the verdicts of the findings that an entry can match.

    The comparison of two live databases counts only if the entry can match nothing else.
    """
    chain = [verdict for verdict in Verdict if verdict is not Verdict.DIFFERENCE]
    possible = [verdict for verdict in chain if entry.can_match(f"{verdict}-")]
    if possible:
        yield from possible
    elif entry.can_match(f"{Verdict.DIFFERENCE}-"):
        yield Verdict.DIFFERENCE


def _expired(entry: IgnoreEntry) -> Finding:
    return _finding("ignore-expired", entry, until=entry.until)


def _unmatched(entry: IgnoreEntry) -> Finding:
    return _finding("ignore-unmatched", entry)


def _finding(identity: str, entry: IgnoreEntry, **values: object) -> Finding:
    rule = FAULTS[identity]
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=fill(rule.message, entry=entry, **values),
        impact=rule.impact,
        declared=_FILE,
        details=f"reason = {entry.reason}",
    )
