"""The format of a repair for programs: JSON, described in docs/repair.md."""

from __future__ import annotations

from typing import Any

from driftcheck.judging.findings import Finding
from driftcheck.judging.repair_result import (
    DatabaseRepair,
    RepairResult,
    ResultManualStep,
    ResultStep,
    StepHazard,
)
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.schema import Address

VERSION = 1
"""Increased when a key is removed or changes its meaning, not when a key is added."""


def in_json(result: RepairResult, output: OutputStyle = PLAIN) -> str:
    """Render the result as JSON."""
    values = {
        "version": VERSION,
        "exit_code": int(result.exit_code),
        "command": "driftcheck repair",
        "project": result.project,
        "databases": [_database(repair) for repair in result.databases],
    }
    return dump(values, output)


def _database(repair: DatabaseRepair) -> dict[str, Any]:
    return {
        "name": repair.name,
        "location": repair.location,
        "dialect": repair.dialect,
        "server_version": repair.server_version,
        "stamped": repair.stamped,
        "proved": repair.is_proved,
        "proof": repair.proof,
        "atomic": repair.is_atomic,
        "findings": [_finding(finding) for finding in repair.findings],
        "steps": [_step(number, step) for number, step in enumerate(repair.steps, start=1)],
        "manual_steps": [_manual_step(step) for step in repair.manual_steps],
        "not_restored": repair.not_restored,
        "notes": repair.notes,
        "faults": [_finding(finding) for finding in repair.faults],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "kind": finding.address.kind if finding.address else None,
        "address": _sql(finding.address),
        "message": finding.message,
    }


def _step(number: int, step: ResultStep) -> dict[str, Any]:
    return {
        "number": number,
        "statement": step.statement,
        "kind": step.address.kind,
        "address": step.address.sql,
        "rule": step.finding.rule if step.finding else None,
        "finding": _sql(step.finding.address) if step.finding else None,
        "separate": step.is_separate,
        "in_transaction": step.runs_in_transaction,
        "hazards": [_hazard(hazard) for hazard in step.hazards],
    }


def _hazard(hazard: StepHazard) -> dict[str, Any]:
    return {
        "hazard": hazard.name,
        "text": hazard.text,
        "table": _sql(hazard.table),
        "rows": hazard.rows,
        "lock": hazard.lock or None,
    }


def _manual_step(step: ResultManualStep) -> dict[str, Any]:
    return {
        "text": step.text,
        "kind": step.address.kind,
        "address": step.address.sql,
        "rule": step.finding.rule if step.finding else None,
        "finding": _sql(step.finding.address) if step.finding else None,
    }


def _sql(address: Address | None) -> str | None:
    return None if address is None else address.sql
