"""Puts members with the same result into clusters, and applies the project's ignore entries."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from shlex import quote

from driftcheck.actions.fleet.comparing import Compared
from driftcheck.actions.fleet.members import Member
from driftcheck.actions.fleet.reading import ReadFailure
from driftcheck.config.settings import Settings
from driftcheck.judging.baseline import without_baseline
from driftcheck.judging.findings import Finding
from driftcheck.judging.fleet_results import Cluster, FleetResult, MemberLabel, NotChecked
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import DatabaseReport, Report

COMMAND = "driftcheck fleet"


def fleet_result(
    project: str,
    members: Mapping[str, Member],
    outcomes: Iterable[Compared | ReadFailure],
    settings: Settings,
    locations: Mapping[str, str],
) -> FleetResult:
    """Return the result of a fleet.

    Args:
        project: The name of the project.
        members: The members, by name.
        outcomes: The result of every member.
        settings: The settings of the fleet.
        locations: The URL of each member that was read, without password.
    """

    def label(name: str) -> MemberLabel:
        member, location = members[name], locations.get(name, "")
        command = _command(member, location)
        return MemberLabel(name, member.group, location, member.url.text, command)

    outcomes = list(outcomes)
    not_checked = tuple(
        NotChecked(label(each.member), each.reason, each.hint)
        for each in outcomes
        if isinstance(each, ReadFailure)
    )
    compared = [each for each in outcomes if isinstance(each, Compared)]
    faults, reports = _without_ignored(project, [each.report for each in compared], settings)
    order = {name: number for number, name in enumerate(members)}
    by_result: dict[Hashable, tuple[DatabaseReport, list[str]]] = {}
    for each, report in zip(compared, reports, strict=True):
        _, names = by_result.setdefault(_result_of(report), (report, []))
        names += each.members
    clusters = [
        Cluster(
            tuple(map(label, sorted(names, key=order.__getitem__))),
            replace(report, name=names[0]),
        )
        for report, names in by_result.values()
    ]
    clusters.sort(key=lambda cluster: (-len(cluster.members), order[cluster.members[0].name]))
    whole = _report(project, [cluster.report for cluster in clusters], settings)
    heads = reports[0].heads if reports else ()
    return FleetResult(tuple(clusters), not_checked, whole, faults, heads)


def _command(member: Member, location: str) -> str:
    """Return the command that compares a member alone. The URL in it has no password."""
    variable = member.url.text.removeprefix("env:")
    is_variable = variable != member.url.text and variable.isidentifier()
    url = f'"${variable}"' if is_variable else quote(location or "URL")
    x = "".join(f" -x {quote(argument)}" for argument in member.x)
    return f"driftcheck compare --database-url {url}{x}"


def _without_ignored(
    project: str, reports: Sequence[DatabaseReport], settings: Settings
) -> tuple[tuple[Finding, ...], Sequence[DatabaseReport]]:
    """Return the findings about ignore entries, and the reports without ignored findings."""
    if not reports:
        return (), ()
    today = datetime.now().astimezone().date()
    of_entries = replace(reports[0], findings=(), ignored=())
    report = _report(project, [of_entries, *reports], settings)
    whole = settings.covers_project
    report = without_ignored(report, settings.ignore, today, whole=whole)
    first, *others = without_baseline(report, settings.baseline, whole=whole).databases
    return first.findings, others


def _report(project: str, reports: Sequence[DatabaseReport], settings: Settings) -> Report:
    return Report(
        project,
        tuple(reports),
        settings.fail_on,
        command=COMMAND,
        strict_coverage=settings.strict_coverage,
    )


def _result_of(report: DatabaseReport) -> Hashable:
    """Return what members of one cluster have in common."""
    findings = tuple(
        (f.rule, f.severity, f.address, f.new_name, f.message, f.differences, f.parts, f.details)
        for f in (*report.findings, *(ignored.finding for ignored in report.ignored))
    )
    not_compared = tuple(sorted(report.coverage.not_compared.items()))
    return report.stamped, report.gaps, findings, not_compared
