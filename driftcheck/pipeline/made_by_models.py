"""Reports a live database that the models created, for example with ``create_all()``, as one cause.

Some projects create a new database from the models and stamp it with the head. Each difference
between the models and the migrations is then a difference between live and stamped, and nobody
altered the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftcheck.chain import Side
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.difference_text import brief_difference
from driftcheck.judging.findings import Finding, Remedy, Severity, Verdict
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.faults import fault
from driftcheck.pipeline.remedies import Operations

_FEWEST = 2
_OPPOSITE = (Verdict.PENDING, Verdict.CONFLICT)
_DIFFERENCES = {
    ChangeType.EXTRA: "only in the models",
    ChangeType.MISSING: "only in the migrations",
    ChangeType.CHANGED: "differs",
    ChangeType.RENAMED: "has another name in the models",
}
_SEVERITIES = list(Severity)


def with_models_as_cause(
    findings: Sequence[Finding],
    database: DatabaseState,
    operations: Operations,
    upgrade: str,
) -> list[Finding]:
    """Replace the findings that the creation by the models explains by one finding.

    They are replaced if live is as the models in everything in which the models and the migrations
    differ, and at least two objects differ. A database to which only objects were added keeps the
    findings: they say the same of each object.

    Args:
        findings: The findings about the changes of a database.
        database: The state of the database.
        operations: The operations that autogenerate writes.
        upgrade: The project's upgrade command.
    """
    same = [each for each in findings if each.verdict is Verdict.HAND_APPLIED]
    only_added = all(each.change is ChangeType.EXTRA for each in same)
    is_opposite = any(each.verdict in _OPPOSITE for each in findings)
    if len(same) < _FEWEST or only_added or is_opposite:
        return list(findings)
    same += [each for each in findings if _is_dropped_with_models(each, database)]
    cause = fault(
        "live-made-by-models",
        details="\n".join(map(_described, same)),
        remedies=(_write(operations, upgrade),),
        count=len(same),
    )
    severity = min((each.severity for each in same), key=_SEVERITIES.index)
    cause = replace(cause, severity=severity, verdict=Verdict.HAND_APPLIED)
    return [cause, *(each for each in findings if each not in same)]


def _is_dropped_with_models(finding: Finding, database: DatabaseState) -> bool:
    """Whether an object of the migrations is missing from live, and from the models as well."""
    if finding.verdict is not Verdict.DRIFT or finding.change is not ChangeType.MISSING:
        return False
    return finding.address not in database.snapshots[Side.MODELS].objects


def _described(finding: Finding) -> str:
    difference = brief_difference(finding) if finding.change is ChangeType.CHANGED else ""
    text = difference or (_DIFFERENCES[finding.change] if finding.change else "")
    return f"{finding.address}: {text}"


def _write(operations: Operations, upgrade: str) -> Remedy:
    """Return the remedy: the migration that makes the history equal to the models.

    Its operations were run on a copy of the head. None are shown if one of them failed.
    """
    command = upgrade.partition(" upgrade")[0]
    shown = () if operations.errors else operations.on_head
    return Remedy(
        "write the migration",
        "Write a migration for these differences, on a database that the migrations built: "
        f"autogenerate sees none of them on this database. Then record it here: {command} stamp "
        "heads.",
        "python",
        "\n".join(operation.text for operation in shown),
    )
