"""Reports what each revision does to the schema, as read from a shadow database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.actions.timeline.revision_events import break_of, revision_events
from driftcheck.config.settings import Settings
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import UsageError
from driftcheck.judging.timeline import DatabaseTimeline, RevisionEvents, Timeline
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.walks import HistoryWalker
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.revision_lookup import REVISIONS_HINT, revision_hint
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
    settings = replace(settings, gaps=())
    with open_project(settings, progress) as opened:
        selected = _selected(opened.loaded.script, revisions, since)
        walked = HistoryWalker(opened, Replays(opened)).walk({})
        databases = []
        for database_key, walk in walked.walks.items():
            maker = opened.shadows.maker(database_key)
            database = DatabaseTimeline(
                name=opened.loaded.environment.database_name(database_key),
                dialect=database_key.dialect,
                server_version=walk.frame.server_version,
                revisions=tuple(_events(walk, settings.schemas, selected)),
                shadows=maker.how,
                notes=tuple(maker.notes),
            )
            databases.append(database)
        return Timeline(
            opened.loaded.project.name, tuple(databases), break_of(walked.history.fault)
        )


def _events(
    walk: Walk, schemas: Collection[str], selected: Collection[str] | None
) -> Iterator[RevisionEvents]:
    """Yield the events of the selected revisions; of all revisions if none is selected."""
    for events in revision_events(walk, catalog_for(walk.frame.dialect), schemas):
        if selected is None or events.revision in selected:
            yield events


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
        raise UsageError(f"{error}", hint=revision_hint(script, name)) from None
    if not matches:
        raise UsageError(f"there is no revision {name!r}", hint=REVISIONS_HINT)
    return matches
