"""Reports what each revision does to the schema, as read from a shadow database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.actions.timeline.revision_events import break_of, revision_events
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import UsageError
from driftcheck.judging.timeline import DatabaseTimeline, Timeline
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.pipeline.walks import walk_history
from driftcheck.sources.walk import Walk


def history(
    settings: Settings,
    revisions: Sequence[str] = (),
    since: str = "",
    progress: Progress = lambda _: None,
) -> Timeline:
    """Replay the history, and report the schema changes of each revision.

    Args:
        settings: The settings.
        revisions: The revisions to report; empty for all.
        since: Report only the revisions after this one; empty for all.
        progress: Called with a short description of each step.

    Raises:
        UsageError: The history has no such revision.
        DriftcheckError: The history could not be replayed. Nothing was left behind.
    """
    with open_session(replace(settings, gaps=()), progress) as session:
        script = session.project.script_directory()
        selected = _selected(script, revisions, since)
        walked = walk_history(session, {})
        databases = tuple(
            _database(session, database_key, walk, selected)
            for database_key, walk in walked.walks.items()
        )
        return Timeline(session.project.name, databases, break_of(walked.fault))


def _database(
    session: Session, database_key: DatabaseKey, walk: Walk, selected: Collection[str] | None
) -> DatabaseTimeline:
    maker = session.maker(database_key)
    events = revision_events(walk, catalog_for(database_key.dialect), session.settings.schemas)
    return DatabaseTimeline(
        name=session.environment.databases[database_key][0].bind or database_key.database,
        dialect=database_key.dialect,
        server_version=walk.frame.server_version,
        revisions=tuple(
            revision for revision in events if selected is None or revision.revision in selected
        ),
        shadows=maker.how,
        notes=tuple(maker.notes),
    )


def _selected(
    script: ScriptDirectory, revisions: Sequence[str], since: str
) -> Collection[str] | None:
    """The identifiers of the revisions to report; ``None`` for all."""
    if not revisions and not since:
        return None
    selected = {
        revision.revision for name in revisions for revision in named_revisions(script, name)
    }
    if since:
        (first, *_) = named_revisions(script, since)
        later = script.walk_revisions(first.revision, "heads")
        selected |= {revision.revision for revision in later}
        selected -= {first.revision}
    return selected


def named_revisions(script: ScriptDirectory, name: str) -> Sequence[Any]:
    """Resolve a name: an identifier or its beginning, ``head``, or a branch label.

    Raises:
        UsageError: There is no such revision.
    """
    try:
        matches = [*script.get_revisions(name)]
    except CommandError as error:
        raise UsageError(f"{error}", hint="driftcheck history lists all revisions.") from None
    if not matches:
        raise UsageError(
            f"there is no revision {name!r}", hint="driftcheck history lists all revisions."
        )
    return matches
