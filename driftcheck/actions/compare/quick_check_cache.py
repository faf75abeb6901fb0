"""Writes the quick-check cache, with which the next check for drift can be quick."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.actions.compare.quick_check import Memo, history_digest, remember
from driftcheck.chain import Side
from driftcheck.pipeline.database_state import Database
from driftcheck.pipeline.histories import Replayed
from driftcheck.pipeline.session import Session
from driftcheck.sources.files import source_directories
from driftcheck.sources.history import version_tables


def save_quick_check(session: Session, databases: Sequence[Database], replayed: Replayed) -> None:
    """Write the quick-check cache after a full check, if a quick check is possible.

    A quick check is not possible with several databases or heads, with a bootstrap, after a failed
    replay, or if the replay changed files of the project.

    Args:
        session: The session of the full check.
        databases: The databases that were checked.
        replayed: The history.
    """
    (database, *others), history = databases, replayed.history
    facts = session.shadows.facts(session.target(database.database_key))
    built = database.snapshots.get(Side.STAMPED)
    stamped = database.live.stamped if database.live else None
    heads = session.environment.heads
    impossible = others or history.fault or replayed.files or session.settings.bootstrap
    if impossible or facts is None or built is None or not stamped or len(heads) != 1:
        return
    directories = [str(path) for path in source_directories(session.project.script_directory())]
    tables = version_tables(session.environment)[database.database_key]
    maker = session.maker(database.database_key)
    memo = Memo(
        project=session.project.name,
        places=directories,
        files=history_digest(directories, session.project.root),
        heads=heads,
        version_tables=[(table.schema, table.name) for table in tables],
        database=database.configured[0].bind,
        answers={},
        shadows=maker.how,
        notes=maker.notes,
    )
    remember(session.settings, memo, facts, stamped, built)
