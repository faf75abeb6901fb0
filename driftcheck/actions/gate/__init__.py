"""The gate: checks a branch's migrations before they are merged. No live database is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from driftcheck.actions.gate.branch import Branch
from driftcheck.actions.gate.checks import checks_made
from driftcheck.actions.gate.colleague import Colleague, Played
from driftcheck.actions.gate.merge import Merge, heads_of, in_order, missing_parents, read_merge
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import ProjectError
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.pipeline.check import Checked, check_in
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.project.loading import Project
from driftcheck.sources.files import version_places

COMMAND = "driftcheck gate"


def gate(settings: Settings, progress: Progress = lambda _: None) -> Report:
    """Check the revisions that the base lacks, and what became of those that it has.

    Args:
        settings: What to check, and how; ``base`` is what the branch will be merged into. Live
            is looked at only where ``database_url`` names it.
        progress: Told what is being done.

    Raises:
        DriftcheckError: The check could not be made; nothing was left behind.
    """
    gaps = (Gap.PENDING, Gap.DRIFT) if settings.database_url else (Gap.PENDING,)
    settings = replace(settings, gaps=gaps)
    read: list[tuple[Project, Merge]] = []

    def look(project: Project) -> None:
        read.append((project, read_merge(project.unloaded_script(), settings.base)))

    try:
        with open_session(settings, progress, look) as session:
            merge = read[0][1]
            script = session.project.script_directory()
            if set(version_places(script)) != {*merge.ours.places, *merge.outside}:
                merge = read_merge(script, settings.base)  # env.py names other places
            merge.complete(script)
            return _report(session, merge)
    except ProjectError as error:
        for project, merge in read:
            branch = Branch(merge, project.root)
            missing = any(f.rule == "gate-parent-missing" for f in branch.unloadable())
            if missing and not merge.ours.unreadable:
                return _unloadable(project, settings, merge, branch.faults(), error.message)
        raise


def _report(session: Session, merge: Merge) -> Report:
    branch, checked = Branch(merge, session.project.root), check_in(session)
    faults = branch.faults()
    played = _play(session, merge, branch, checked)
    first, *_ = checked.databases
    databases = []
    for one, report in zip(checked.databases, checked.reports, strict=True):
        own = [found for at, found in played.findings if at == one.place]
        before = faults if one is first else []
        notes = (*_notes(merge), *played.notes) if one is first else ()
        findings = (*before, *_not_told(report.findings, before), *own)
        databases.append(replace(report, findings=findings, notes=(*report.notes, *notes)))
    return Report(
        session.project.name,
        tuple(databases),
        session.settings.fail_on,
        COMMAND,
        subject=_subject(merge),
        checks=tuple(checks_made(session.settings, faults, checked, played)),
        strict_coverage=session.settings.strict_coverage,
    )


def _play(session: Session, merge: Merge, branch: Branch, checked: Checked) -> Played:
    """Play the colleague, where the branch has something to give her."""
    history = checked.replayed.history
    if history.fault is not None:
        return Played(stopped="the history does not build")
    if any(missing_parents(merge.merged)):
        return Played(stopped=f"merged with {merge.base}, the history cannot be loaded")
    if not (merge.new or merge.edited or merge.deleted):
        return Played(stopped=f"{merge.base} has every revision")
    return Colleague(session, merge, branch, history).play()


def _not_told(findings: Iterable[Finding], told: Sequence[Finding]) -> Iterator[Finding]:
    """Findings without that of several heads, where the gate has told which is one too many."""
    surplus = any(finding.rule == "gate-several-heads" for finding in told)
    return (f for f in findings if not (surplus and f.rule == "history-several-heads"))


def _subject(merge: Merge) -> str:
    count = len(merge.new)
    revisions = ", ".join(one.revision for one in in_order(merge.new))
    what = f"{count or 'no'} new revision{'s' * (count != 1)}"
    behind = len(merge.ahead)
    lacks = f"; {merge.base.name} has {behind} more" if behind else ""
    return f"{what} since {merge.base}" + f": {revisions}" * bool(revisions) + lacks


def _notes(merge: Merge) -> Iterator[str]:
    for place in merge.outside:
        yield f"{place} is not in the repository of the migrations: its revisions are not held new"
    for path, (why, _) in {**merge.theirs.unreadable, **merge.ours.unreadable}.items():
        yield f"{path} was left out of what git tells: {why}"


def _unloadable(
    project: Project, settings: Settings, merge: Merge, faults: Sequence[Finding], error: str
) -> Report:
    """What there is to say of a history that Alembic cannot load."""
    database = DatabaseReport(
        name=project.name,
        location="",
        dialect="",
        server_version="",
        stamped=(),
        heads=heads_of(merge.ours.revisions),
        findings=tuple(faults),
        coverage=Coverage({}),
        gaps=(),
        replay="",
        notes=(error,),
    )
    checks = checks_made(settings, faults, None, Played(stopped="the history cannot be loaded"))
    return Report(
        project.name,
        (database,),
        settings.fail_on,
        COMMAND,
        subject=_subject(merge),
        checks=tuple(checks),
    )
