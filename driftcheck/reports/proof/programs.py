"""The form of a proof for programs: JSON, described in docs/selftest.md."""

from __future__ import annotations

from collections import Counter
from typing import Any

from driftcheck.judging.mutation_results import DatabaseProof, Outcome, Proof, Tally, Tried
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle

VERSION = 1
"""Raised when a key goes or changes its meaning; a new key leaves it as it is."""


def in_json(proof: Proof, page: OutputStyle = PLAIN) -> str:
    """Write the proof as JSON."""
    return dump(
        {
            "version": VERSION,
            "exit_code": int(proof.exit_code),
            "command": proof.command,
            "project": proof.project,
            "databases": [_database(database) for database in proof.databases],
        },
        page,
    )


def _database(database: DatabaseProof) -> dict[str, Any]:
    return {
        "name": database.name,
        "dialect": database.dialect,
        "server_version": database.server_version,
        "heads": database.heads,
        "possible": database.possible,
        "begun": len(database.tried),
        "carried_through": database.run,
        "seed": database.seed,
        "total": _tally(database.total),
        "kinds": {kind: _tally(tally) for kind, tally in database.tallies.items()},
        "missed": [_tried(one) for one in database.faults if one.outcome is Outcome.MISSED],
        "false_alarms": [
            _tried(one) for one in database.faults if one.outcome is Outcome.FALSE_ALARM
        ],
        "not_applicable": _not_applicable(database),
        "shadows": database.shadows,
        "notes": database.notes,
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "found": tally.found,
        "missed": tally.missed,
        "quiet": tally.quiet,
        "false_alarms": tally.false_alarms,
        "not_applicable": tally.not_applicable,
    }


def _tried(one: Tried) -> dict[str, Any]:
    return {
        "kind": one.address.kind,
        "address": one.address.sql,
        "doing": one.doing,
        "statements": one.statements,
        "told": one.told,
        "reason": one.reason,
    }


def _not_applicable(database: DatabaseProof) -> list[dict[str, Any]]:
    """What was not tried, and why not: names differ, so the same reason is counted once a sort."""
    sorts = Counter(
        (one.address.kind, one.doing)
        for one in database.tried
        if one.outcome is Outcome.NOT_APPLICABLE
    )
    reasons = {(one.address.kind, one.doing): one.reason for one in database.tried if one.reason}
    return [
        {"kind": kind, "doing": doing, "count": count, "for_example": reasons[kind, doing]}
        for (kind, doing), count in sorts.items()
    ]
