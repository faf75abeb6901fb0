"""The format for programs: JSON, described in docs/json.md and docs/report.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from driftcheck.judging.difference_text import brief_difference
from driftcheck.judging.findings import (
    Evidence,
    Finding,
    IgnoredFinding,
    Origin,
    PhantomOperation,
    Remedy,
    SourceLine,
)
from driftcheck.judging.report import DatabaseReport, Report, RevisionMatch, Simulation
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.schema import Address

VERSION = 1
"""Increased when a key is removed or changes its meaning, not when a key is added."""


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render the complete report as JSON."""
    return dump(_report(report), output)


def _report(report: Report) -> dict[str, Any]:
    return {
        "version": VERSION,
        "exit_code": int(report.exit_code),
        "command": report.command,
        "project": report.project,
        "strict_coverage": report.strict_coverage,
        **(_checks(report) if report.checks else {}),
        "databases": [database_values(database, report) for database in report.databases],
    }


def _checks(report: Report) -> dict[str, Any]:
    checks = [asdict(check) for check in report.checks]
    return {"subject": report.subject, "checks": checks}


def database_values(database: DatabaseReport, report: Report) -> dict[str, Any]:
    """Return everything about one database."""
    return {
        "name": database.name,
        "location": database.location,
        "dialect": database.dialect,
        "server_version": database.server_version,
        "stamped": database.stamped,
        "heads": database.heads,
        "gaps": database.gaps,
        "replay": database.replay,
        "findings": [finding_values(finding, report) for finding in database.findings],
        "phantom_operations": [_phantom(phantom) for phantom in database.phantom_operations],
        "coverage": {
            "compared": dict(database.coverage.compared),
            "not_compared": dict(database.coverage.not_compared),
            "left_out": database.coverage.left_out,
        },
        "shadows": database.shadows,
        "notes": database.notes,
        "simulations": [_simulation(simulation) for simulation in database.simulations],
        **_revision_match(database.revision_match),
        **_repair(database),
        "ignored": [_ignored(ignored, report) for ignored in database.ignored],
    }


def _simulation(simulation: Simulation) -> dict[str, Any]:
    return {
        "start": simulation.start,
        "succeeds": simulation.succeeds,
        "steps": [
            {"description": step.description, "succeeded": step.succeeded, "code": step.code}
            for step in simulation.steps
        ],
    }


def _repair(database: DatabaseReport) -> dict[str, Any]:
    """The script that repairs all findings. It would also repair those that are ignored."""
    if database.repair is None or database.ignored:
        return {}
    steps = [
        {
            "statement": step.statement,
            "kind": step.address.kind,
            "address": step.address.sql,
            "rule": step.rule or None,
            "finding": _address(step.finding),
            "hazards": step.hazards,
        }
        for step in database.repair.steps
    ]
    return {"repair": {"steps": steps, "manual_steps": database.repair.manual_steps}}


def _revision_match(found: RevisionMatch | None) -> dict[str, Any]:
    if found is None:
        return {}
    values = {
        "states": found.states,
        "changes": found.changes,
        "as_stamped": found.as_stamped,
        "tried": found.states_compared,
        "composed": found.composed,
    }
    return {"revision_match": values}


def _ignored(ignored: IgnoredFinding, report: Report) -> dict[str, Any]:
    return {
        "reason": ignored.reason,
        "until": None if ignored.until is None else ignored.until.isoformat(),
        "finding": {**finding_values(ignored.finding, report), "fails": False},
    }


def finding_values(finding: Finding, report: Report) -> dict[str, Any]:
    """Return everything about one finding."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "fails": report.fails(finding),
        "gap": finding.gaps[0] if finding.gaps else None,
        "gaps": finding.gaps,
        "verdict": finding.verdict,
        "change": finding.change,
        "kind": finding.address.kind if finding.address else None,
        "address": _address(finding.address),
        "new_name": finding.new_name or None,
        "part_of": _address(finding.part_of),
        **{side.value: text for side, text in finding.definitions.items()},
        "message": finding.message,
        "leads_to": finding.impact,
        "differences": [
            {"attribute": d.attribute, "wanted": d.wanted, "actual": d.actual}
            for d in finding.differences
        ],
        "difference": brief_difference(finding),
        "values": [
            {"attribute": each.attribute, **each.values} for each in finding.attribute_values
        ],
        "parts": [{"kind": part.kind, "address": part.sql} for part in finding.parts],
        "remedy": [_remedy(remedy) for remedy in finding.remedies],
        "phantom": _phantom(finding.phantom) if finding.phantom else None,
        "origin": _origin(finding.origin) if finding.origin else None,
        "declared": _line(finding.declared) if finding.declared else None,
        "location": _line(finding.location) if finding.location else None,
        "details": finding.details,
        "why": finding.why,
        "blind_spot": finding.blind_spot,
        "evidence": _evidence(finding.evidence) if finding.evidence else None,
    }


def _address(address: Address | None) -> str | None:
    return None if address is None else address.sql


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "name": remedy.name,
        "summary": remedy.summary,
        "language": remedy.language,
        "code": remedy.code,
        "loses_data": remedy.loses_data,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {"text": evidence.text, "tombstone": evidence.tombstone, "at": evidence.at}


def _phantom(phantom: PhantomOperation) -> dict[str, Any]:
    return {
        "operation": phantom.operation,
        "address": phantom.address.sql,
        "colleague_error": phantom.colleague_error,
    }


def _line(line: SourceLine) -> dict[str, Any]:
    return {"file": line.file, "line": line.line}


def _origin(origin: Origin) -> dict[str, Any]:
    return {"revision": origin.revision, "file": origin.file, "line": origin.line}
