"""What ``driftcheck repair --apply`` asks, and what it says when it has run a plan."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.dialects import display_name
from driftcheck.judging.repair_outcome import RepairOutcome
from driftcheck.judging.repair_result import DatabaseRepair, RepairResult
from driftcheck.reports.terminal.counting import counted


def question(repairs: Sequence[DatabaseRepair]) -> str:
    """Return the question whether plans shall be run.

    Args:
        repairs: The databases that have something to repair.
    """
    warnings = []
    for repair in repairs:
        if not repair.is_atomic:
            name = display_name(repair.dialect, repair.server_version)
            warnings.append(
                f"{name} commits each of these statements by itself, and none can be rolled back. "
                "If one fails, those before it stay. A migration that runs at the same time is "
                "not noticed before the next statement."
            )
    several = [
        f"{counted(len(repair.steps), 'statement')} on {repair.location}" for repair in repairs
    ]
    by_hand = sum(len(repair.manual_steps) for repair in repairs)
    if by_hand:
        warnings.append(f"{counted(by_hand, 'manual step')} will be left to do afterwards.")
    return " ".join([*dict.fromkeys(warnings), f"Run {' and '.join(several)}?"])


def outcome_text(outcome: RepairOutcome) -> str:
    """Return a sentence that says what was done to a database."""
    parts = []
    if outcome.together:
        parts.append(f"{counted(outcome.together, 'statement')} in one transaction")
    if outcome.separate:
        parts.append(f"{counted(outcome.separate, 'statement')} one by one")
    return (
        f"driftcheck: repaired {outcome.location}: ran {' and '.join(parts)}; the schema was read "
        "again and is as planned"
    )


def left_text(result: RepairResult) -> str:
    """Return what is left to do by hand, and how to see all drift that is left."""
    lines = [
        f"driftcheck: left to do by hand: {step.text}"
        for repair in result.databases
        for step in repair.manual_steps
    ]
    compare = f"driftcheck: not everything was repaired; run {result.compare} to see what is left"
    return "\n".join([*lines, compare])
