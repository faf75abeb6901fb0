"""The JSON report of a selftest, described in docs/selftest.md."""

from __future__ import annotations

from collections import Counter
from typing import Any

from driftcheck.judging.mutation_results import (
    DatabaseResult,
    MutationResult,
    Outcome,
    SelftestResult,
    Tally,
)
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle

VERSION = 1
"""Increased when a key is removed or changes its meaning. A new key does not increase it."""


def in_json(selftest: SelftestResult, output: OutputStyle = PLAIN) -> str:
    """Render the result as JSON."""
    return dump(
        {
            "version": VERSION,
            "exit_code": int(selftest.exit_code),
            "command": selftest.command,
            "project": selftest.project,
            "databases": [_database(database) for database in selftest.databases],
        },
        output,
    )


def _database(database: DatabaseResult) -> dict[str, Any]:
    return {
        "name": database.name,
        "dialect": database.dialect,
        "server_version": database.server_version,
        "heads": database.heads,
        "possible": database.possible,
        "begun": len(database.results),
        "carried_through": database.applied,
        "seed": database.seed,
        "total": _tally(database.total),
        "kinds": {kind: _tally(tally) for kind, tally in database.tallies.items()},
        "missed": _failures(database, Outcome.MISSED),
        "false_alarms": _failures(database, Outcome.FALSE_ALARM),
        "not_applicable": _not_applicable(database),
        "shadows": database.shadows,
        "notes": database.notes,
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "found": tally.detected,
        "missed": tally.missed,
        "quiet": tally.quiet,
        "false_alarms": tally.false_alarms,
        "not_applicable": tally.not_applicable,
    }


def _failures(database: DatabaseResult, outcome: Outcome) -> list[dict[str, Any]]:
    return [_result(result) for result in database.failures if result.outcome is outcome]


def _result(result: MutationResult) -> dict[str, Any]:
    return {
        "kind": result.address.kind,
        "address": result.address.sql,
        "doing": result.description,
        "statements": result.statements,
        "told": result.reported,
        "reason": result.reason,
    }


def _not_applicable(database: DatabaseResult) -> list[dict[str, Any]]:
    """The number of mutations that were not applicable, per kind and description.

    The reasons of one group differ in names only, so one reason is given as an example.
    """
    results = [r for r in database.results if r.outcome is Outcome.NOT_APPLICABLE]
    counts = Counter((result.address.kind, result.description) for result in results)
    reasons = {(r.address.kind, r.description): r.reason for r in results if r.reason}
    return [
        {"kind": kind, "doing": description, "count": count, "for_example": reason}
        for (kind, description), count in counts.items()
        for reason in [reasons[kind, description]]
    ]
