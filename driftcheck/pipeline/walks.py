"""Replays a project's history, and reads the schema after every revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from driftcheck.databases.connection import connect
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CatalogError, DriftcheckError
from driftcheck.pipeline.histories import prepare_shadow_set, replay_past_roles, wording
from driftcheck.pipeline.session import Session
from driftcheck.schema import Address
from driftcheck.sources.files import changed_files, file_digests, relative
from driftcheck.sources.history import version_table_keys, version_tables
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure
from driftcheck.sources.transaction_reading import read_in_transaction
from driftcheck.sources.walk import Revision, State, Walk, ancestry


@dataclass(frozen=True)
class WalkedHistory:
    """The walks of a project's databases.

    Attributes:
        walks: A walk for each database.
        fault: The failure that stopped the replay, if any. The walks end before it.
        files: Files of the project that the replay has changed.
    """

    walks: Mapping[DatabaseKey, Walk]
    fault: RevisionFailure | None
    files: Sequence[Path]


def walk_history(session: Session, stamped: Destinations) -> WalkedHistory:
    """Replay the history to its heads, and read every database after each revision.

    Args:
        session: The session.
        stamped: The revisions of each live database's version tables. The replay goes there
            first, so that the walk passes this state also in a history with branches.

    Raises:
        ReplayError: The bootstrap or the base snapshot fails.
        CatalogError: A shadow cannot be read.
    """
    script = session.project.script_directory()
    before = file_digests(script)
    results: list[tuple[dict[DatabaseKey, Walk], RevisionFailure | None]] = []

    def replay() -> RevisionFailure | None:
        results.append(_walk(session, stamped))
        return results[-1][1]

    replay_past_roles(session, session.replayed, replay)
    walks, fault = results[-1]
    if fault is None:
        for walk in walks.values():
            _require_all(walk, session.environment.heads)
    return WalkedHistory(walks, fault, changed_files(before, file_digests(script)))


def _walk(
    session: Session, stamped: Destinations
) -> tuple[dict[DatabaseKey, Walk], RevisionFailure | None]:
    session.progress("replaying the history")
    start = prepare_shadow_set(session, session.replayed)
    walks = {
        database_key: _start_walk(session, database_key, start)
        for database_key in session.environment.databases
    }
    total = len(session.project.revisions())

    def observe(database_key: DatabaseKey, identifier: str, connection: Any) -> Iterable[Address]:
        walk = walks[database_key]
        shadow = session.replayed.shadows[database_key].url
        try:
            reading = read_in_transaction(connection, shadow, session.scope, walk.now.reading)
        except DriftcheckError:
            raise
        except Exception as error:  # every driver has its own exceptions
            raise CatalogError(
                f"the shadow database cannot be read after revision {identifier}",
                details=database_message(error),
            ) from error
        walk.add_step(_revision(session, identifier), replay.statements, reading)
        session.progress(f"replaying the history: {len(walk.steps)} of {total} revisions")
        return walk.now.reading.objects

    replay = Replay(session.project, session.redirect, session.replayed, observe)
    replay.known = {
        database_key: frozenset(walk.now.reading.objects) for database_key, walk in walks.items()
    }
    heads = dict.fromkeys(version_table_keys(session.environment), session.environment.heads)
    if replay.upgrade(stamped):
        replay.upgrade(heads)
    return walks, replay.fault


def _require_all(walk: Walk, heads: Sequence[str]) -> None:
    """Raise unless every revision was read: changes would be attributed to later revisions."""
    missing = walk.ancestry(heads) - walk.now.applied
    if missing:
        raise CatalogError(
            f"the shadow database could not be read after revision {min(missing)}",
            hint="The revision leaves its transaction aborted, or env.py does not run it for every "
            "database.",
        )


def _start_walk(session: Session, database_key: DatabaseKey, start: Sequence[str]) -> Walk:
    """The walk of a database whose shadow is prepared for the first revision.

    Args:
        session: The session.
        database_key: The database.
        start: The revisions that the shadow is stamped with.
    """
    catalog = catalog_for(database_key.dialect)
    with closing(connect(session.replayed.shadows[database_key].url)) as connection:
        frame = catalog.read(connection, session.scope)
        reading = catalog.read_again(connection, session.scope, None)
    reword = wording(session, database_key) or (lambda item: item)
    objects = {kind: tuple(map(reword, of_kind)) for kind, of_kind in reading.by_kind.items()}
    script = session.project.script_directory()
    parents = {
        revision.revision: revision._all_down_revisions  # noqa: SLF001
        for revision in script.walk_revisions()
    }
    applied = [revision.revision for revision in script.get_revisions(tuple(start))]
    return Walk(
        beginning=State(ancestry(applied, parents), replace(reading, by_kind=objects)),
        frame=frame,
        hidden=tuple(
            table.address(frame) for table in version_tables(session.environment)[database_key]
        ),
        parents=parents,
        reword=reword,
    )


def _revision(session: Session, identifier: str) -> Revision:
    script = session.project.script_directory().get_revision(identifier)
    title = next(iter((script.doc or "").strip().splitlines()), "")
    return Revision(identifier, title, relative(script.path, session.project.root))
