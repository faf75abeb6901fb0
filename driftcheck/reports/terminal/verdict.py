"""Says in one last line how it came out, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable

from driftcheck.chain import CHAIN, Gap
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, Report, Severity, Verdict
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, GOOD, Lines, words, wrapped

_NEXT: dict[Verdict | None, str] = {
    None: "mend the project itself",
    Verdict.CONFLICT: "settle the conflict",
    Verdict.DRIFT: "repair or adopt the drift",
    Verdict.HAND_APPLIED: "write the migration for what was applied by hand",
    Verdict.PENDING: "write the migration that is pending",
    Verdict.UNAPPLIED: "upgrade",
    Verdict.DIFFERENCE: "bring the second database to the first",
}
"""What to do about each sort of finding, in the order in which to do it."""


def verdict(report: Report, page: Page) -> Lines:
    """The last line: how it came out."""
    mark, style = ("✓", GOOD) if report.exit_code is ExitCode.CLEAN else ("✗", BAD)
    text = words(page, outcome(report))
    return wrapped(page, text, 2, first=words(page, (mark, style), " "))


def outcome(report: Report) -> str:
    """The exit code in words, and the next step."""
    if report.exit_code is ExitCode.FOUND:
        return _stuck(report) or _found(report)
    if report.exit_code is ExitCode.CLEAN:
        return _clean(report)
    return _unknown(report)


def _found(report: Report) -> str:
    failing = [finding for finding in report.findings if report.fails(finding)]
    steps = _steps(failing)
    if any(finding.rule.startswith("locate-") for finding in failing):
        steps = steps.replace(_NEXT[None], "record where it is")
    if any(finding.phantom for finding in failing):
        steps += " before anyone runs `migrate`"
    many = "fail" if len(failing) > 1 else "fails"
    count = counted(len(failing), "finding")
    return (
        f"{count} {many} the check (exit code {int(report.exit_code)}). "
        f"Next: {steps}, then run `{report.command}` again."
    )


def _stuck(report: Report) -> str:
    """How it came out where a colleague was played who does not get through."""
    plays = [play for database in report.databases for play in database.plays]
    failing = [play for play in plays if not play.gets_through]
    if not failing:
        return ""
    of = f" in {len(failing)} of {len(plays)} plays" if len(plays) > 1 else ""
    ways = dict.fromkeys(r.name for f in report.findings if report.fails(f) for r in f.remedies)
    return (
        f"The upgrade does not get through{of} (exit code {int(report.exit_code)}). "
        f"Next: {' or '.join(ways)}, then run `{report.command}` again."
    )


def _clean(report: Report) -> str:
    plays = [play for database in report.databases for play in database.plays]
    if plays:
        return _through(report, len(plays))
    if report.findings:
        count = counted(len(report.findings), "finding")
        steps = _steps(f for f in report.findings if _asks_for_something(f))
        return f"Nothing fails the check; {count} to know of." + f" Next: {steps}." * bool(steps)
    if report.ignored:
        return f"Nothing fails the check; {counted(len(report.ignored), 'finding')} ignored."
    if all(database.whereabouts for database in report.databases):
        return "It is where its stamp says."
    return _in_step(report)


def _in_step(report: Report) -> str:
    looked_at = {gap for database in report.databases for gap in database.gaps}
    if looked_at == {Gap.DIFFERENCE}:
        return "The two databases say the same."
    if looked_at == set(CHAIN):
        return "In step: models, migrations and database say the same."
    sides = dict.fromkeys(side for gap in CHAIN if gap in looked_at for side in gap.between)
    return f"In step, as far as was looked: {', '.join(sides)}."


def next_step(finding: Finding) -> str:
    """What to do about a finding; empty where it is only to be known."""
    return _NEXT[finding.verdict] if _asks_for_something(finding) else ""


def _asks_for_something(finding: Finding) -> bool:
    """Whether there is a step to take: for a note, only that of running the migrations."""
    return finding.severity is not Severity.NOTE or finding.verdict is Verdict.UNAPPLIED


def _unknown(report: Report) -> str:
    """Why a check is none: an error, or nothing was compared, or not all that had to be."""
    if any(check.broken for check in report.checks):
        return "Not all could be checked, so the rest is not known (exit code 3)."
    if not any(sum(d.coverage.compared.values()) for d in report.databases):
        return "Nothing was compared, so nothing is known (exit code 3)."
    left = [each for d in report.databases for each in d.coverage.not_compared.items()]
    things = ", ".join(counted(count, kind) for kind, count in left)
    verb = "were" if sum(count for _, count in left) > 1 else "was"
    return (
        f"Nothing that was compared fails the check, but {things} {verb} not compared "
        "(exit code 3: strict coverage)."
    )


def _through(report: Report, count: int) -> str:
    """How it came out where everybody who was played gets through."""
    text = "The upgrade gets through" + f" in all {count} plays" * (count > 1)
    if any(finding.change for finding in report.findings):
        return f"{text}, and the database is then not what it is at the head."
    return f"{text}, and the database is then what it is at the head."


def _steps(findings: Iterable[Finding]) -> str:
    present = {finding.verdict for finding in findings}
    return ", ".join(step for sort, step in _NEXT.items() if sort in present)
