"""Takes out of a report what the project says does not count, and tells what it says in vain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.judging.findings import (
    DatabaseReport,
    Finding,
    Ignored,
    Report,
    SourceLine,
    Verdict,
)
from driftcheck.judging.rules import FAULTS, NOT_OF_CHANGES

_FILE = SourceLine("pyproject.toml")


def without_ignored(
    report: Report, entries: Sequence[IgnoreEntry], today: date, *, whole: bool = True
) -> Report:
    """Move what the entries ignore out of the findings, and add what is wrong with the entries.

    Args:
        report: What a check found.
        entries: What the project says does not count.
        today: The day that the ends of entries are held against.
        whole: Whether all of the project was looked at, or only some of its schemas, say; then
            an entry that ignores nothing need not be there in vain.
    """
    if not entries or not report.databases:
        return report
    valid = [entry for entry in entries if not entry.is_over(today)]
    databases = [_sorted_out(database, valid) for database in report.databases]
    told = [_expired(entry) for entry in entries if entry not in valid]
    if whole:
        told += [_unmatched(e) for e in valid if _is_in_vain(e, report)]
    first, *others = databases
    first = replace(first, findings=(*told, *first.findings))
    return replace(report, databases=(first, *others))


def _sorted_out(database: DatabaseReport, entries: Sequence[IgnoreEntry]) -> DatabaseReport:
    kept, ignored = [], [*database.ignored]
    for finding in database.findings:
        entry = next((entry for entry in entries if _is_about(entry, finding)), None)
        if entry is None:
            kept.append(finding)
        else:
            ignored.append(Ignored(finding, entry.reason, entry.until))
    return replace(database, findings=tuple(kept), ignored=tuple(ignored))


def _is_about(entry: IgnoreEntry, finding: Finding) -> bool:
    addresses = (finding.address, finding.part_of)
    return entry.matches(finding.rule, [address.sql for address in addresses if address])


def _is_in_vain(entry: IgnoreEntry, report: Report) -> bool:
    """Whether an entry matches nothing, although all was looked at that it can be about.

    Which faults of the project are looked for, and what else is worth a note, depends on the
    command, its options, and whether the history came from the cache: of an entry that can be
    about these, nothing is said. One whose rule is none at all is in vain.
    """
    if any(_is_about(entry, finding) for finding in report.findings):
        return False
    if any(map(entry.names, NOT_OF_CHANGES)):
        return False
    wanted = {gap for verdict in _verdicts(entry) for gap in verdict.gaps}
    return all(wanted <= set(database.gaps) for database in report.databases)


def _verdicts(entry: IgnoreEntry) -> Iterator[Verdict]:
    """What an entry can be about; two live databases only where it is about nothing else."""
    chain = [verdict for verdict in Verdict if verdict is not Verdict.DIFFERENCE]
    possible = [verdict for verdict in chain if entry.can_match(f"{verdict}-")]
    if possible:
        yield from possible
    elif entry.can_match(f"{Verdict.DIFFERENCE}-"):
        yield Verdict.DIFFERENCE


def _expired(entry: IgnoreEntry) -> Finding:
    return _told("ignore-expired", entry, until=entry.until)


def _unmatched(entry: IgnoreEntry) -> Finding:
    return _told("ignore-unmatched", entry)


def _told(identity: str, entry: IgnoreEntry, **words: object) -> Finding:
    rule = FAULTS[identity]
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=rule.message.format(entry=entry, **words),
        leads_to=rule.leads_to,
        declared=_FILE,
        details=f"reason = {entry.reason}",
    )
