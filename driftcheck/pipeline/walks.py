"""Walks the history of a session's project: the schema after every revision, in one replay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from driftcheck.databases.connection import connect
from driftcheck.databases.location import Place
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CatalogError, DriftcheckError
from driftcheck.pipeline.histories import prepare_stage, replay_past_roles, wording
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address
from driftcheck.sources.files import changed, contents, relative
from driftcheck.sources.history import keys, version_tables
from driftcheck.sources.replay import Destinations, Fault, Replay
from driftcheck.sources.walk import Revision, State, Walk, ancestry
from driftcheck.sources.within import read_within


@dataclass(frozen=True)
class Walked:
    """The walks of a project's databases, and what the replay did besides.

    Attributes:
        walks: A walk for each database.
        fault: What stopped the replay, if anything did: the walks end there.
        files: Files of the project that the replay has written.
    """

    walks: Mapping[Place, Walk]
    fault: Fault | None
    files: Sequence[Path]


def walk_history(session: Session, stamped: Destinations) -> Walked:
    """Replay the history to its heads, and read every database after each revision.

    Args:
        session: The session.
        stamped: The revisions of each live database's version tables: the replay goes there
            first, so that with several branches its walk leads past them.

    Raises:
        ReplayError: What must come before the history does not run.
        CatalogError: A shadow cannot be read.
    """
    script = session.project.script_directory()
    before = contents(script)
    walked: list[tuple[dict[Place, Walk], Fault | None]] = []

    def replay() -> Fault | None:
        walked.append(_walk(session, stamped))
        return walked[-1][1]

    replay_past_roles(session, session.replayed, replay)
    walks, fault = walked[-1]
    if fault is None:
        for walk in walks.values():
            _require_all(walk, session.environment.heads)
    return Walked(walks, fault, changed(before, contents(script)))


def _walk(session: Session, stamped: Destinations) -> tuple[dict[Place, Walk], Fault | None]:
    session.progress("replaying the history")
    begun_at = prepare_stage(session, session.replayed)
    walks = {place: _beginning(session, place, begun_at) for place in session.environment.databases}
    total = len(session.project.revisions())

    def observe(place: Place, identifier: str, connection: Any) -> Iterable[Address]:
        walk = walks[place]
        shadow = session.replayed.shadows[place].url
        try:
            reading = read_within(connection, shadow, session.scope, walk.now.reading)
        except DriftcheckError:
            raise
        except Exception as error:  # every driver has errors of its own
            raise CatalogError(
                f"the shadow database cannot be read after revision {identifier}",
                details=database_message(error),
            ) from error
        walk.go(_revision(session, identifier), replay.statements, reading)
        session.progress(f"replaying the history: {len(walk.steps)} of {total} revisions")
        return walk.now.reading.objects

    replay = Replay(session.project, session.redirect, session.replayed, observe)
    replay.known = {place: frozenset(walk.now.reading.objects) for place, walk in walks.items()}
    heads = dict.fromkeys(keys(session.environment), session.environment.heads)
    if replay.upgrade(stamped):
        replay.upgrade(heads)
    return walks, replay.fault


def _require_all(walk: Walk, heads: Sequence[str]) -> None:
    """See to it that every revision was read: a walk with a gap would tell lies."""
    missing = walk.ancestry(heads) - walk.now.applied
    if missing:
        raise CatalogError(
            f"the shadow database could not be read after revision {min(missing)}",
            hint="Its transaction was left aborted, or env.py did not run it for every database.",
        )


def _beginning(session: Session, place: Place, begun_at: Sequence[str]) -> Walk:
    """The walk of a database whose shadow is where the history is taken up."""
    catalog = catalog_for(place.dialect)
    with closing(connect(session.replayed.shadows[place].url)) as connection:
        frame = catalog.read(connection, session.scope)
        reading = catalog.read_again(connection, session.scope, None)
    word = wording(session, place) or (lambda thing: thing)
    things = {kind: tuple(map(word, several)) for kind, several in reading.by_kind.items()}
    script = session.project.script_directory()
    parents = {one.revision: one._all_down_revisions for one in script.walk_revisions()}  # noqa: SLF001
    at = [one.revision for one in script.get_revisions(tuple(begun_at))]
    return Walk(
        beginning=State(ancestry(at, parents), replace(reading, by_kind=things)),
        frame=frame,
        hidden=tuple(table.address(frame) for table in version_tables(session.environment)[place]),
        parents=parents,
        word=word,
    )


def _revision(session: Session, identifier: str) -> Revision:
    script = session.project.script_directory().get_revision(identifier)
    title = next(iter((script.doc or "").strip().splitlines()), "")
    return Revision(identifier, title, relative(script.path, session.project.root))
