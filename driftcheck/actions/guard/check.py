"""Makes the check of the guard, in a process of its own: what drift is there, and what is pending.

Almost always, nothing has drifted, and a quick check says so without loading the project. If there
is drift, the answer of the last check is taken while nothing has changed on which it depends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from driftcheck.actions.compare.quick_check import QuickResult, quick_result
from driftcheck.actions.guard.answer_cache import cached_answer, save_answer
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import ENVIRONMENT, Settings
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.errors import CannotCheckError, SeveralDatabasesError
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

    from driftcheck.pipeline.building.opened_project import OpenedProject
    from driftcheck.pipeline.check import Checked, CheckedDatabase

_GAPS = (Gap.PENDING, Gap.DRIFT)


def answer(settings: Settings, progress: Progress = lambda _: None) -> Answer:
    """Return what the guard needs to know of a project.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The check could not be made.
    """
    quick = quick_result(replace(settings, gaps=(Gap.DRIFT,)), reads_state=True)
    if quick is not None and quick.report is not None:
        return Answer(quick.directories)
    found = None if quick is None else cached_answer(quick)
    if found is not None:
        return found
    try:
        return _full(replace(settings, gaps=_GAPS), quick, progress)
    except SeveralDatabasesError:
        if settings.named("database_url") != ENVIRONMENT["database_url"]:
            raise  # the project's own settings name one database
        return Answer((), has_several=True)


def _full(settings: Settings, quick: QuickResult | None, progress: Progress) -> Answer:
    """Compare models, head, stamped and live of all databases."""
    # Imported here because the import takes longer than a quick check.
    from driftcheck.actions.compare.quick_check_cache import save_quick_check  # noqa: PLC0415
    from driftcheck.pipeline.building.replays import Replays  # noqa: PLC0415
    from driftcheck.pipeline.check import ProjectCheck  # noqa: PLC0415
    from driftcheck.pipeline.opening import open_project  # noqa: PLC0415
    from driftcheck.sources.files import source_directories  # noqa: PLC0415

    with open_project(settings, progress) as opened:
        checked = ProjectCheck(opened, Replays(opened)).run()
        saved = save_quick_check(opened, checked.state)
        directories = tuple(map(str, source_directories(opened.loaded.script)))
        states = checked.state.databases
        urls = [opened.shadows.live_url(state.database_key) for state in states]
        parts = zip(urls, checked.reports, checked.databases, strict=True)
        result = Answer(directories, tuple(_database_answer(*each) for each in parts))
        if quick is not None and saved is not None and quick.files == saved.check.files:
            _remember(result, quick, opened, checked)
        return result


def _remember(result: Answer, quick: QuickResult, opened: OpenedProject, checked: Checked) -> None:
    """Cache an answer, if a check would give it again while nothing changes that it depends on.

    The live database was read several times. It is read once more, so that it is known to have been
    in one state for the whole check.
    """
    # Imported here because the import takes longer than a quick check.
    from driftcheck.actions.compare.quick_check_cache import inputs_of_check  # noqa: PLC0415
    from driftcheck.pipeline.autogenerate.caches import can_be_cached  # noqa: PLC0415
    from driftcheck.sources.live import reading  # noqa: PLC0415

    (database,) = checked.databases
    live = database.state.snapshots.get(Side.LIVE)
    history = checked.state.result.history
    if live is None or not database.is_repeatable or not can_be_cached(opened, history):
        return
    with (
        suppress(CannotCheckError),
        reading(opened.shadows.live_url(database.state.database_key)) as now,
    ):
        is_same = digest(live) == quick.live and PostgreSQLCatalog().state(now) == quick.state
        inputs = inputs_of_check(opened) if is_same else None
        if inputs is not None:
            save_answer(quick, inputs, result)


def _database_answer(url: URL, report: DatabaseReport, checked: CheckedDatabase) -> DatabaseAnswer:
    """Return what is known of the database at a URL, which need not be the project's own."""
    # Imported here because the import takes longer than a quick check.
    from driftcheck.databases.location import database_key_of  # noqa: PLC0415

    drift = tuple(_drift(checked))
    on_head = tuple(HeadOperation(o.rendered, o.address) for o in checked.operations.on_head)
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
