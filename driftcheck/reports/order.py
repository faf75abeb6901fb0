"""Orders findings by importance, and groups them by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.report import Report
from driftcheck.schema import Address

VERDICTS: tuple[Verdict | None, ...] = (
    None,
    Verdict.CONFLICT,
    Verdict.DRIFT,
    Verdict.HAND_APPLIED,
    Verdict.PENDING,
    Verdict.UNAPPLIED,
    Verdict.DIFFERENCE,
)
"""The verdicts in the order in which to act on them. First the faults of the project itself: the
findings about new revisions come before pending changes, which may be old."""

_MEANINGS: Mapping[Verdict | None, str] = MappingProxyType(
    {
        None: "the project itself, its migrations or the stamp of the database",
        Verdict.CONFLICT: "models and database were changed differently; decide which is correct",
        Verdict.DRIFT: "the database was changed outside the migrations",
        Verdict.HAND_APPLIED: "the database already has a change of the models; "
        "only the migration is missing",
        Verdict.PENDING: "the models were changed, and no migration contains the change",
        Verdict.UNAPPLIED: "migrations that have not run on this database",
        Verdict.DIFFERENCE: "the two databases have different schemas",
    }
)
"""What each verdict says."""

_MEANINGS_OF_NOTES: Mapping[Verdict | None, str] = MappingProxyType(
    {
        **_MEANINGS,
        Verdict.CONFLICT: "the models, the migrations and the database differ",
        Verdict.DRIFT: "the database and the migrations differ",
        Verdict.HAND_APPLIED: "the models and the database differ from the migrations",
        Verdict.PENDING: "the models and the migrations differ",
    }
)
"""The same for notes. They do not say that anybody has changed anything: a default that only a
migration sets, for example, is no change of the models."""

_SEVERITIES = list(Severity)


def meaning(findings: Sequence[Finding]) -> str:
    """Return what the verdict of some findings says. All of them have the same verdict."""
    are_notes = all(finding.severity is Severity.NOTE for finding in findings)
    return (_MEANINGS_OF_NOTES if are_notes else _MEANINGS)[findings[0].verdict]


def ordered(findings: Iterable[Finding], report: Report) -> list[Finding]:
    """Return findings by importance: first those that fail the check.

    Among equals, those that autogenerate does not detect come first.
    """

    def rank(finding: Finding) -> tuple[bool, int, int, bool]:
        return (
            not report.fails(finding),
            VERDICTS.index(finding.verdict),
            _SEVERITIES.index(finding.severity),
            not finding.blind_spot,
        )

    return sorted(findings, key=rank)


def by_parent(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with those of the same parent object together, in the order of the first."""
    groups: dict[Address | None, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(parent_of(finding), []).append(finding)
    return [finding for group in groups.values() for finding in group]


def parent_of(finding: Finding) -> Address | None:
    """Return the object under which a finding is listed; ``None`` for the project itself."""
    return finding.part_of or finding.address
