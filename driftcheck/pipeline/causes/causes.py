"""Replaces findings that have one common cause by a finding of the cause."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.causes.made_by_models import with_models_as_cause
from driftcheck.pipeline.causes.models_in_history import with_uses_of_models
from driftcheck.pipeline.causes.wrong_stamps import upgrade_after_fix
from driftcheck.pipeline.completion.finding_context import FindingContext
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.faults.faults import undecided_drift
from driftcheck.sources.history import History


def with_causes(
    faults: Sequence[Finding],
    completed: Sequence[tuple[Finding, Judged]],
    database: DatabaseState,
    history: History,
    context: FindingContext,
) -> list[Finding]:
    """Return all findings about a database, with causes in place of what they explain.

    Args:
        faults: The findings about the project, its history and the stamp.
        completed: The completed findings about the changes of the database, with these changes.
        database: The state of the database.
        history: The history.
        context: What the findings were completed with.
    """
    if history.fault is not None:
        changes = [*undecided_drift((finding for finding, _ in completed), history.fault)]
    else:
        changes = with_models_as_cause(completed, database, context)
    findings = [*upgrade_after_fix([*faults, *changes])]
    return with_uses_of_models(findings, history, database.database_key)
