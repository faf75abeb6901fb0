"""The result of ``driftcheck fleet`` as a frozen value: clusters of databases, and what failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report


@dataclass(frozen=True, slots=True)
class MemberLabel:
    """What a report shows of a member of the fleet.

    Attributes:
        name: The name of the member.
        group: The group of the member; empty for none.
        location: The URL without password; empty if it is not known.
        reference: Where the URL is read from, or the URL without password.
        command: The command that compares this member alone.
    """

    name: str
    group: str = ""
    location: str = ""
    reference: str = ""
    command: str = ""


@dataclass(frozen=True)
class Cluster:
    """Members with the same revisions and the same findings.

    Attributes:
        members: The members, in the order of the fleet.
        report: The report of the first member. The findings are those of every member; evidence
            and SQL are those of the first one.
    """

    members: tuple[MemberLabel, ...]
    report: DatabaseReport

    @property
    def is_at_head(self) -> bool:
        """Whether the members are stamped with the heads of the history."""
        return set(self.report.stamped) == set(self.report.heads) != set()


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A member that could not be read or compared.

    Attributes:
        member: The member.
        reason: What happened.
        hint: What to do next.
    """

    member: MemberLabel
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class FleetResult:
    """The result of checking a fleet.

    Attributes:
        clusters: The clusters; the largest first among those of the same state.
        not_checked: The members that could not be read or compared.
        report: The reports of all clusters, in the same order, with what fails the check.
        faults: Findings about the project, which belong to no cluster.
        heads: The heads of the history.
        resumed: The number of members whose reading was taken from an unfinished run.
        member_noun: What a member is: ``database`` or ``schema``.
    """

    clusters: tuple[Cluster, ...]
    not_checked: tuple[NotChecked, ...]
    report: Report
    faults: tuple[Finding, ...] = ()
    heads: tuple[str, ...] = ()
    resumed: int = 0
    member_noun: str = "database"

    @property
    def size(self) -> int:
        """The number of members."""
        return sum(len(cluster.members) for cluster in self.clusters) + len(self.not_checked)

    def fails(self, cluster: Cluster) -> bool:
        """Whether a finding of a cluster fails the check."""
        return any(map(self.report.fails, cluster.report.findings))

    @property
    def failing(self) -> Iterator[Cluster]:
        """The clusters with a finding that fails the check."""
        return filter(self.fails, self.clusters)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code.

        FOUND if a finding fails the check. Otherwise CANNOT_CHECK if a member could not be
        checked, or as the report of a check says.
        """
        if any(map(self.report.fails, self.faults)):
            return ExitCode.FOUND
        code = self.report.exit_code
        return ExitCode.CANNOT_CHECK if code is ExitCode.CLEAN and self.not_checked else code
