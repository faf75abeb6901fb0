"""Tells what each revision of a history does to the schema, as seen in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.actions.timeline.revisions import break_of, revisions_of
from driftcheck.config.settings import Settings
from driftcheck.databases.location import Place
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
    """Replay the history, and see what each revision does.

    Args:
        settings: The project, and how it is replayed.
        revisions: Only these; all of them where none is named.
        since: Only those that come after this one.
        progress: Told what is being done.

    Raises:
        UsageError: A revision that is named is not one of the history.
        DriftcheckError: The history could not be replayed; nothing was left behind.
    """
    with open_session(replace(settings, gaps=()), progress) as session:
        script = session.project.script_directory()
        wanted = _wanted(script, revisions, since)
        walked = walk_history(session, {})
        databases = tuple(
            _database(session, place, walk, wanted) for place, walk in walked.walks.items()
        )
        return Timeline(session.project.name, databases, break_of(walked.fault))


def _database(
    session: Session, place: Place, walk: Walk, wanted: Collection[str] | None
) -> DatabaseTimeline:
    maker = session.maker(place)
    told = revisions_of(walk, catalog_for(place.dialect), session.settings.schemas)
    return DatabaseTimeline(
        name=session.environment.databases[place][0].bind or place.database,
        dialect=place.dialect,
        server_version=walk.frame.server_version,
        revisions=tuple(one for one in told if wanted is None or one.revision in wanted),
        shadows=maker.how,
        notes=tuple(maker.notes),
    )


def _wanted(
    script: ScriptDirectory, revisions: Sequence[str], since: str
) -> Collection[str] | None:
    """The revisions that are asked for; ``None`` for all of them."""
    if not revisions and not since:
        return None
    wanted = {one.revision for name in revisions for one in named_revisions(script, name)}
    if since:
        (first, *_) = named_revisions(script, since)
        wanted |= {one.revision for one in script.walk_revisions(first.revision, "heads")}
        wanted -= {first.revision}
    return wanted


def named_revisions(script: ScriptDirectory, name: str) -> Sequence[Any]:
    """The revisions that somebody names: by the beginning of an identifier, ``head``, a label.

    Raises:
        UsageError: There is none.
    """
    try:
        found = [*script.get_revisions(name)]
    except CommandError as error:
        raise UsageError(f"{error}", hint="driftcheck history lists every revision.") from None
    if not found:
        raise UsageError(
            f"{name!r} names no revision", hint="driftcheck history lists every revision."
        )
    return found
