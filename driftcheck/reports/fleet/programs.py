"""The JSON report of a fleet, described in docs/fleet.md and docs/fleet.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from driftcheck.judging.fleet_results import Cluster, FleetResult, NotChecked
from driftcheck.reports.dumping import dump
from driftcheck.reports.json import database_values, finding_values
from driftcheck.reports.output_style import PLAIN, OutputStyle

VERSION = 1
"""Increased when a key is removed or changes its meaning, not when a key is added."""


def in_json(fleet: FleetResult, output: OutputStyle = PLAIN) -> str:
    """Render the complete result as JSON."""
    values = {
        "version": VERSION,
        "exit_code": int(fleet.exit_code),
        "command": fleet.report.command,
        "project": fleet.report.project,
        "heads": fleet.heads,
        "size": fleet.size,
        "resumed": fleet.resumed,
        "clusters": [_cluster(cluster, fleet) for cluster in fleet.clusters],
        "not_checked": [_not_checked(each) for each in fleet.not_checked],
        "faults": [finding_values(finding, fleet.report) for finding in fleet.faults],
    }
    return dump(values, output)


def _cluster(cluster: Cluster, fleet: FleetResult) -> dict[str, Any]:
    return {
        "members": [asdict(member) for member in cluster.members],
        "stamped": cluster.report.stamped,
        "at_head": cluster.is_at_head,
        "fails": fleet.fails(cluster),
        "compared": database_values(cluster.report, fleet.report),
    }


def _not_checked(each: NotChecked) -> dict[str, Any]:
    return {**asdict(each.member), "reason": each.reason, "hint": each.hint}
