"""The form for programs: JSON, described in docs/json.md and docs/report.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from driftcheck.judging.findings import (
    DatabaseReport,
    Evidence,
    Finding,
    Ignored,
    Origin,
    PhantomOperation,
    Play,
    Remedy,
    Report,
    SourceLine,
)
from driftcheck.reports.dumping import dump
from driftcheck.reports.page import PLAIN, Page
from driftcheck.schema import Address

VERSION = 1
"""Raised when a key goes or changes its meaning; a new key leaves it as it is."""


def render(report: Report, page: Page = PLAIN) -> str:
    """Write the whole report as JSON, whatever the width of the page."""
    return dump(_report(report), page)


def _report(report: Report) -> dict[str, Any]:
    return {
        "version": VERSION,
        "exit_code": int(report.exit_code),
        "command": report.command,
        "project": report.project,
        "strict_coverage": report.strict_coverage,
        **(_checks(report) if report.checks else {}),
        "databases": [_database(database, report) for database in report.databases],
    }


def _checks(report: Report) -> dict[str, Any]:
    checks = [asdict(check) for check in report.checks]
    return {"subject": report.subject, "checks": checks}


def _database(database: DatabaseReport, report: Report) -> dict[str, Any]:
    return {
        "name": database.name,
        "location": database.location,
        "dialect": database.dialect,
        "server_version": database.server_version,
        "stamped": database.stamped,
        "heads": database.heads,
        "gaps": database.gaps,
        "replay": database.replay,
        "findings": [_finding(finding, report) for finding in database.findings],
        "phantom_operations": [_phantom(phantom) for phantom in database.phantom_operations],
        "coverage": {
            "compared": dict(database.coverage.compared),
            "not_compared": dict(database.coverage.not_compared),
            "left_out": database.coverage.left_out,
        },
        "shadows": database.shadows,
        "notes": database.notes,
        "plays": [_play(play) for play in database.plays],
        **({"whereabouts": asdict(database.whereabouts)} if database.whereabouts else {}),
        "ignored": [_ignored(one, report) for one in database.ignored],
    }


def _play(play: Play) -> dict[str, Any]:
    return {
        "start": play.start,
        "gets_through": play.gets_through,
        "acts": [
            {"said": act.said, "came_off": act.came_off, "code": act.code} for act in play.acts
        ],
    }


def _ignored(one: Ignored, report: Report) -> dict[str, Any]:
    return {
        "reason": one.reason,
        "until": None if one.until is None else one.until.isoformat(),
        "finding": {**_finding(one.finding, report), "fails": False},
    }


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
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
        "part_of": _address(finding.part_of),
        **{side.value: text for side, text in finding.definitions.items()},
        "message": finding.message,
        "leads_to": finding.leads_to,
        "differences": [
            {"attribute": d.attribute, "wanted": d.wanted, "actual": d.actual}
            for d in finding.differences
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


def _line(place: SourceLine) -> dict[str, Any]:
    return {"file": place.file, "line": place.line}


def _origin(origin: Origin) -> dict[str, Any]:
    return {"revision": origin.revision, "file": origin.file, "line": origin.line}
