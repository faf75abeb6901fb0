"""Writes the last line of a report: the result, the exit code and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driftcheck.chain import CHAIN, Gap
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.report import Report
from driftcheck.reports.order import ordered
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, GOOD, Lines, words, wrapped

_NEXT: dict[Verdict, str] = {
    Verdict.CONFLICT: "resolve the conflict",
    Verdict.DRIFT: "repair the drift (`driftcheck repair`) or adopt it (`driftcheck adopt`)",
    Verdict.HAND_APPLIED: "write the migration for the change that this database already has",
    Verdict.PENDING: "write the pending migration",
    Verdict.UNAPPLIED: "upgrade",
    Verdict.DIFFERENCE: "change the second database to match the first",
}
"""The next step for findings of each verdict, in the order in which to take the steps."""


def conclusion(report: Report, output: OutputStyle) -> Lines:
    """Return the last line of the report."""
    mark, style = ("✓", GOOD) if report.exit_code is ExitCode.CLEAN else ("✗", BAD)
    text = words(output, outcome(report))
    return wrapped(output, text, 2, first=words(output, (mark, style), " "))


def outcome(report: Report) -> str:
    """Return the result in words, with the exit code and the next step."""
    text, steps = result_and_steps(report)
    return text + f" Next: {steps}." * bool(steps)


def result_and_steps(report: Report) -> tuple[str, str]:
    """Return the result in sentences, with the exit code, and the next steps without a full stop.

    The steps are empty if nothing has to be done.
    """
    if report.exit_code is ExitCode.FOUND:
        return _simulation_failed(report) or _found(report)
    if report.exit_code is ExitCode.CLEAN:
        return _clean(report)
    return _incomplete(report), ""


def _found(report: Report) -> tuple[str, str]:
    failing = [finding for finding in report.findings if report.fails(finding)]
    verb = "fail" if len(failing) > 1 else "fails"
    count = counted(len(failing), "finding")
    text = f"{count} {verb} the check (exit code {int(report.exit_code)})."
    return text, f"{_steps(failing)}, then {_run_again(report)}"


def _run_again(report: Report) -> str:
    options = ", always with the same --database-url" * report.names_database
    return f"run `{report.command}` again{options}"


def _simulation_failed(report: Report) -> tuple[str, str] | None:
    """Return the result if a simulated upgrade failed."""
    simulations = [s for database in report.databases for s in database.simulations]
    failing = [simulation for simulation in simulations if not simulation.succeeds]
    if not failing:
        return None
    count = f" in {len(failing)} of {len(simulations)} simulations" if len(simulations) > 1 else ""
    remedies = dict.fromkeys(r.name for f in report.findings if report.fails(f) for r in f.remedies)
    text = f"The upgrade fails{count} (exit code {int(report.exit_code)})."
    return text, f"{' or '.join(remedies)}, then {_run_again(report)}"


def _clean(report: Report) -> tuple[str, str]:
    simulations = [s for database in report.databases for s in database.simulations]
    if simulations:
        return _simulation_succeeded(report, len(simulations)), ""
    if report.findings:
        count = counted(len(report.findings), "informational finding")
        # A hazard that does not fail the check has to be known, and not to be fixed.
        others = [f for f in report.findings if not f.rule.startswith("hazard-")]
        steps = _steps(f for f in others if _needs_action(f))
        return f"No finding fails the check; {count}.", steps
    if report.ignored:
        return f"No finding fails the check; {counted(len(report.ignored), 'finding')} ignored.", ""
    if all(database.revision_match for database in report.databases):
        return "The schema is that of the stamped revision.", ""
    return _in_step(report), ""


def _in_step(report: Report) -> str:
    compared = {gap for database in report.databases for gap in database.gaps}
    if compared == {Gap.DIFFERENCE}:
        return "The two databases have the same schema."
    if compared == set(CHAIN):
        return "In step: models, migrations and database have the same schema."
    sides = dict.fromkeys(side for gap in CHAIN if gap in compared for side in gap.between)
    return f"In step, as far as compared: {', '.join(sides)}."


def first_step(findings: Sequence[Finding], report: Report) -> str:
    """Return what to do first about findings; empty if nothing fails the check."""
    failing = [finding for finding in ordered(findings, report) if report.fails(finding)]
    first = next((f for f in failing if not _is_only_located(f)), None)
    if first is None:
        return ""
    if first.verdict is None:
        names = [remedy.name for remedy in first.remedies] or ["fix the fault"]
        return f"{names[0]}: {first.message}." if len(findings) > 1 else f"{' or '.join(names)}."
    same = sum(report.fails(f) and _step(f) == _step(first) for f in findings)
    step = _step(first) + f" ({counted(same, 'finding')})" * (len(findings) > 1)
    return f"{step}{_deadline(_step(first), findings)}."


def _is_only_located(finding: Finding) -> bool:
    """Whether a finding says how near the right stamp is: the differences are its only fault."""
    return finding.rule.startswith("locate-") and not finding.remedies


def next_step(finding: Finding) -> str:
    """Return the next step for a finding; empty if no action is needed."""
    return _step(finding) if _needs_action(finding) else ""


def _needs_action(finding: Finding) -> bool:
    """Whether there is a next step. A note needs one only if migrations have to be run."""
    return finding.severity is not Severity.NOTE or finding.verdict is Verdict.UNAPPLIED


def _incomplete(report: Report) -> str:
    """Return why the check is incomplete."""
    if any(check.broken for check in report.checks):
        return "Not every check could be made, so the result is incomplete (exit code 3)."
    if not any(sum(d.coverage.compared.values()) for d in report.databases):
        return "Nothing was compared, so there is no result (exit code 3)."
    left = [item for d in report.databases for item in d.coverage.not_compared.items()]
    counts = ", ".join(counted(count, kind) for kind, count in left)
    verb = "were" if sum(count for _, count in left) > 1 else "was"
    return (
        f"No finding fails the check, but {counts} {verb} not compared "
        "(exit code 3: strict coverage)."
    )


def _simulation_succeeded(report: Report, count: int) -> str:
    """Return the result if every simulated upgrade succeeded."""
    text = "The upgrade succeeds" + f" in all {count} simulations" * (count > 1)
    if any(finding.change for finding in report.findings):
        return f"{text}, but the resulting schema differs from head."
    return f"{text}, and the resulting schema is that of head."


def _steps(findings: Iterable[Finding]) -> str:
    every = list(findings)
    findings = [finding for finding in every if not _is_only_located(finding)] or every
    fixes = [_step(finding) for finding in findings if finding.verdict is None]
    steps = [
        _step(finding) for verdict in _NEXT for finding in findings if finding.verdict is verdict
    ]
    return ", ".join(s + _deadline(s, findings) for s in dict.fromkeys([*fixes, *steps]))


def _deadline(step: str, findings: Iterable[Finding]) -> str:
    """Return by when to take a step: a phantom operation of its findings is written by migrate."""
    has_phantom = any(finding.phantom for finding in findings if _step(finding) == step)
    return " before anyone runs `migrate`" * has_phantom


def _step(finding: Finding) -> str:
    """Return the step that fixes a finding."""
    if finding.rule == "pending-operation":  # not every operation belongs into a migration
        name = finding.remedies[0].name
        return _NEXT[Verdict.PENDING] if name == "write the migration" else name
    if finding.verdict is not None:
        return _NEXT[finding.verdict]
    first = finding.remedies[0].name if finding.remedies else ""
    if first == "stamp" or finding.rule.startswith("locate-"):
        return "stamp the right revision"
    if first and finding.rule.startswith(("stamp-", "history-broken")):
        return first
    if finding.origin is not None and finding.origin.is_written:
        return "fix the migration"
    return "fix the project itself"
