"""Describes clusters of a fleet in words, for every format that people read."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.fleet_results import Cluster, FleetResult, MemberLabel
from driftcheck.judging.report import Report
from driftcheck.reports.order import ordered
from driftcheck.reports.terminal.conclusion import first_step
from driftcheck.reports.terminal.counting import counted

IN_STEP = "in step"
_NAMED, _LONGEST = 2, 50
"""So many findings are named in the heading of a cluster, in so many characters. Otherwise the
findings are counted."""


def summary(cluster: Cluster) -> str:
    """Return what a cluster is, in one clause: ``at head, missing index public.ix_orders_day``."""
    return f"{_stamp(cluster)}, {state(cluster)}"


def _stamp(cluster: Cluster) -> str:
    if cluster.is_at_head:
        return "at head"
    stamped = ", ".join(cluster.report.stamped)
    return f"at {stamped}" if stamped else "without a revision"


def state(cluster: Cluster) -> str:
    """Return how a cluster differs from its revisions: ``in step``."""
    findings = cluster.report.findings
    counting = [finding for finding in findings if finding.severity is not Severity.NOTE]
    others = [f for f in counting if f.verdict is not Verdict.UNAPPLIED]
    if not others:
        has_unapplied = any(finding.verdict is Verdict.UNAPPLIED for finding in findings)
        is_behind = not cluster.is_at_head and (has_unapplied or cluster.report.stamped)
        return "to be upgraded" if is_behind else IN_STEP
    named = ", ".join(map(_brief, others[:_NAMED]))
    is_short = len(others) <= _NAMED and len(named) <= _LONGEST
    return named if is_short else counted(len(others), "finding")


def _brief(finding: Finding) -> str:
    """Return a finding in a few words: ``missing index public.ix_orders_day``."""
    if finding.address is None or finding.change is None:
        return finding.rule
    return f"{finding.change} {finding.address}"


def listed(cluster: Cluster, report: Report) -> list[Finding]:
    """Return the findings of a cluster that are listed, the most important first.

    Notes are left out, and objects of revisions that have not run, unless they fail the check.
    """
    found = (
        finding
        for finding in cluster.report.findings
        if report.fails(finding)
        or (finding.severity is not Severity.NOTE and finding.verdict is not Verdict.UNAPPLIED)
    )
    return ordered(found, report)


def names(members: Sequence[MemberLabel], limit: int) -> str:
    """Return the names of members; of many, only the first ones."""
    shown = [member.name for member in members[:limit]]
    rest = len(members) - len(shown)
    return ", ".join(shown) + f" and {rest} more" * bool(rest)


def conclusion(fleet: FleetResult) -> str:
    """Return the result, the exit code, and what to do first."""
    code = f"(exit code {int(fleet.exit_code)})"
    not_checked = ""
    if fleet.not_checked:
        not_checked = (
            f", and {counted(len(fleet.not_checked), fleet.member_noun)} could not be checked"
        )
    if fleet.exit_code is ExitCode.FOUND:
        failing = [*fleet.failing]
        count = sum(len(cluster.members) for cluster in failing)
        verb = "has" if count == 1 else "have"
        size = counted(fleet.size, fleet.member_noun)
        text = f"{count} of {size} {verb} findings that fail the check"
        return f"{text}{not_checked} {code}. First: {_first(fleet, failing)}"
    if fleet.exit_code is ExitCode.CANNOT_CHECK:
        if not fleet.not_checked:
            return f"The comparison is incomplete {code}: see what was not compared."
        text = f"No finding fails the check{not_checked} {code}."
        hint = f" First: {fleet.not_checked[0].hint}" if fleet.not_checked[0].hint else ""
        return f"{text}{hint} Then run the command again with --resume."
    return f"No finding of {counted(fleet.size, fleet.member_noun)} fails the check."


def _first(fleet: FleetResult, failing: Sequence[Cluster]) -> str:
    if any(map(fleet.report.fails, fleet.faults)) or not failing:
        return first_step(fleet.faults, fleet.report)
    cluster = failing[0]
    member = cluster.members[0]
    step = first_step(cluster.report.findings, fleet.report).rstrip(".")
    return f"{step} in {names(cluster.members, 1)}. For the details, run `{member.command}`."
