"""Reports a live database that the models created, for example with ``create_all()``, as one cause.

Some projects create a new database from the models and stamp it with the head. Each difference
between the models and the migrations is then a difference between live and stamped, and nobody
altered the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.difference_text import brief_difference
from driftcheck.judging.findings import Finding, Remedy, Severity, Verdict
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.completion.finding_context import FindingContext
from driftcheck.pipeline.completion.remedies import not_generated
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.faults.faults import fault
from driftcheck.schema import Snapshot

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
    completed: Sequence[tuple[Finding, Judged]],
    database: DatabaseState,
    context: FindingContext,
) -> list[Finding]:
    """Replace the findings that the creation by the models explains by one finding.

    They are replaced if live is as the models in everything in which the models and the migrations
    differ, and at least two objects differ. A database to which only objects were added keeps the
    findings: they say the same of each object.

    Args:
        completed: The completed findings about the changes of a database, with these changes.
        database: The state of the database.
        context: What the findings were completed with.
    """
    models, findings = database.snapshots.get(Side.MODELS), [finding for finding, _ in completed]
    if models is None or any(each.verdict in _OPPOSITE for each in findings):
        return findings
    same, absent = [], []
    for finding, each in completed:
        if finding.verdict is Verdict.HAND_APPLIED or _is_as_in_models(each, models):
            same.append(finding)
        elif _is_absent_from_models(each, models):
            absent.append(finding)
    if len(same) < _FEWEST or all(each.change is ChangeType.EXTRA for each in same):
        return findings
    explained = [*same, *absent]
    cause = fault(
        "live-made-by-models",
        details="\n".join(map(_described, explained)),
        remedies=(
            _write([(f, each) for f, each in completed if f in same], context),
            *_create(absent),
        ),
        count=len(explained),
    )
    severity = min((each.severity for each in explained), key=_SEVERITIES.index)
    cause = replace(cause, severity=severity, verdict=Verdict.HAND_APPLIED)
    return [cause, *(each for each in findings if each not in explained)]


def _is_as_in_models(judged: Judged, models: Snapshot) -> bool:
    """Whether the objects of drift are in live as the models create them.

    Models and migrations may agree about such an object: names that the server chose for
    constraints are no difference between them.
    """
    drift = judged.changes.get(Gap.DRIFT, ())
    found = [change.actual for change in drift if judged.finding.verdict is Verdict.DRIFT]
    return bool(found) and all(
        actual is not None
        and actual.address in models.objects
        and models.objects[actual.address].attributes == actual.attributes
        for actual in found
    )


def _is_absent_from_models(judged: Judged, models: Snapshot) -> bool:
    """Whether an object of the migrations is missing from live, and from the models as well."""
    finding = judged.finding
    is_missing = finding.verdict is Verdict.DRIFT and finding.change is ChangeType.MISSING
    return is_missing and finding.address not in models.objects


def _described(finding: Finding) -> str:
    difference = brief_difference(finding) if finding.change is ChangeType.CHANGED else ""
    text = difference or (_DIFFERENCES[finding.change] if finding.change else "")
    return f"{finding.address}: {text}"


def _write(same: Sequence[tuple[Finding, Judged]], context: FindingContext) -> Remedy:
    """Return the remedy: the migration that makes the history equal to the models.

    Its operations were run on a copy of the head. None are shown if one of them failed, or if
    autogenerate did not run. What it does not write, such as the name of a constraint, follows.
    """
    command = context.upgrade.partition(" upgrade")[0]
    operations = context.operations
    texts = [operation.text for operation in operations.on_head]
    is_complete = operations.ran and not operations.errors
    adopted, left = [], []
    for finding, judged in same:
        if finding.verdict is Verdict.DRIFT:
            adopted += [r.code for r in finding.remedies if r.name == "adopt"]
        else:
            left.append(not_generated(judged, context))
    return Remedy(
        "write the migration",
        "Write a migration for these differences, on a database that the migrations built: "
        f"autogenerate sees none of them on this database. Then record it here: {command} stamp "
        "heads.",
        "python",
        "\n".join([*texts, *filter(None, left), *adopted] if is_complete else []),
    )


def _create(absent: Sequence[Finding]) -> Iterator[Remedy]:
    """Yield the remedy for objects that the migrations create and models cannot declare."""
    codes = [r.code for each in absent for r in each.remedies if r.name == "repair" and r.code]
    if codes:
        summary = "Create what the migrations create and the models do not declare."
        yield Remedy("create the rest", summary, "sql", "\n".join(codes))
