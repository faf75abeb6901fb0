"""Makes the check of the guard, in a process of its own: what drift is there, and what is pending.

Almost always, nothing has drifted, and a quick check says so without loading the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from driftcheck.actions.compare.quick_check import quick_result
from driftcheck.actions.guard.answer_cache import cached_answer, save_answer
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import ENVIRONMENT, Settings
from driftcheck.errors import SeveralDatabasesError
from driftcheck.judging.findings import Finding, Severity
from driftcheck.judging.guard_answer import (
    Answer,
    DatabaseAnswer,
    DriftedObject,
    DriftFinding,
    HeadOperation,
)
from driftcheck.judging.report import DatabaseReport
from driftcheck.pipeline.progress import Progress
from driftcheck.storage.snapshot_file import digest

if TYPE_CHECKING:  # importing SQLAlchemy takes longer than a quick check
    from sqlalchemy.engine import URL

    from driftcheck.pipeline.check import CheckedDatabase

_GAPS = (Gap.PENDING, Gap.DRIFT)


@dataclass(frozen=True)
class Question:
    """What the guard asks.

    Attributes:
        operations: A digest of the operations that autogenerate has written; empty if it is not
            known.
        needs_remedies: Whether an answer from the cache, which has no remedies, is not enough.
    """

    operations: str = ""
    needs_remedies: bool = False


def answer(settings: Settings, question: Question, progress: Progress = lambda _: None) -> Answer:
    """Return what the guard needs to know of a project.

    Args:
        settings: The settings.
        question: What the guard asks.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The check could not be made.
    """
    quick = quick_result(replace(settings, gaps=(Gap.DRIFT,)))
    if quick is not None and quick.report is not None:
        return Answer(quick.directories)
    if quick is not None and question.operations and not question.needs_remedies:
        found = cached_answer(quick, question.operations)
        if found is not None:
            return found
    try:
        result, live = _full(replace(settings, gaps=_GAPS), progress)
    except SeveralDatabasesError:
        if settings.named("database_url") != ENVIRONMENT["database_url"]:
            raise  # the project's own settings name one database
        return Answer((), has_several=True)
    if quick is not None and question.operations and quick.live == live:
        save_answer(quick, question.operations, result)
    return result


def _full(settings: Settings, progress: Progress) -> tuple[Answer, str]:
    """Compare models, head, stamped and live of all databases.

    Returns:
        The answer, and a digest of the live schema; empty if there are several.
    """
    # Imported here because the import takes longer than a quick check.
    from driftcheck.actions.compare.quick_check_cache import save_quick_check  # noqa: PLC0415
    from driftcheck.pipeline.building.replays import Replays  # noqa: PLC0415
    from driftcheck.pipeline.check import ProjectCheck  # noqa: PLC0415
    from driftcheck.pipeline.opening import open_project  # noqa: PLC0415
    from driftcheck.sources.files import source_directories  # noqa: PLC0415

    with open_project(settings, progress) as (loaded, shadows, declarations):
        replays = Replays(loaded, shadows, settings, progress)
        checked = ProjectCheck(loaded, shadows, replays, settings, progress).run(declarations)
        save_quick_check(loaded, shadows, settings, checked.state)
        directories = tuple(map(str, source_directories(loaded.script)))
        states = checked.state.databases
        urls = [shadows.live_url(state.database_key) for state in states]
        parts = zip(urls, checked.reports, checked.databases, strict=True)
        databases = tuple(_database_answer(*each) for each in parts)
        live = states[0].snapshots.get(Side.LIVE) if len(states) == 1 else None
        return Answer(directories, databases), "" if live is None else digest(live)


def _database_answer(url: URL, report: DatabaseReport, checked: CheckedDatabase) -> DatabaseAnswer:
    """Return what is known of the database at a URL, which need not be the project's own."""
    # Imported here because the import takes longer than a quick check.
    from driftcheck.databases.location import database_key_of  # noqa: PLC0415

    drift = tuple(_drift(checked))
    on_head = tuple(HeadOperation(o.text, o.address) for o in checked.operations.on_head)
    faults = [each for each in report.findings if not each.gaps]
    errors = tuple(each.message for each in faults if each.severity is Severity.ERROR)
    not_known = ""
    if Gap.DRIFT not in report.gaps or (drift and not checked.operations.ran):
        why = [*errors, checked.operations.not_run, "the schemas could not be compared"]
        not_known = next(filter(None, why))
    return DatabaseAnswer(database_key_of(url), drift, on_head, errors, not_known)


def _drift(checked: CheckedDatabase) -> Iterator[DriftFinding]:
    """Yield the findings of drift, notes included: autogenerate knows no notes.

    If the report has the cause of a finding instead, its own remedies are not the right ones.
    """
    from driftcheck.pipeline.completion.operation_matching import objects_in, tables_in  # noqa: PLC0415

    reported = {(each.finding.rule, each.finding.address) for each in checked.judged}
    for judged in checked.completed:
        finding = judged.finding
        if judged.changes.get(Gap.DRIFT):
            yield DriftFinding(
                finding.message,
                tuple(_causes(finding)),
                tuple(DriftedObject(o.address, o.subject) for o in objects_in(judged)),
                tuple(sorted(tables_in(judged))),
                bool(judged.changes.get(Gap.PENDING)),
                finding.phantom.colleague_error or "" if finding.phantom else "",
                finding.remedies if (finding.rule, finding.address) in reported else (),
            )


def _causes(finding: Finding) -> Iterator[str]:
    if finding.why:
        yield finding.why
    if finding.evidence is not None:
        yield finding.evidence.text
    if finding.origin is not None:
        yield f"Revision {finding.origin.revision} has created the object."
