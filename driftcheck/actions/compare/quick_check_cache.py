"""Leaves the answers from which the next check for drift alone can be quick."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.actions.compare.quick_check import Memo, history_digest, remember
from driftcheck.chain import Side
from driftcheck.pipeline.database_state import Database
from driftcheck.pipeline.histories import Replayed
from driftcheck.pipeline.session import Session
from driftcheck.sources.files import source_directories
from driftcheck.sources.history import version_tables


def leave_answers(session: Session, databases: Sequence[Database], replayed: Replayed) -> None:
    """Leave what the next check needs, where nothing stands against a quick one."""
    (one, *others), history = databases, replayed.history
    facts = session.shadows.facts(session.target(one.place))
    built = one.snapshots.get(Side.STAMPED)
    stamped = one.live.stamped if one.live else None
    heads = session.environment.heads
    unusual = others or history.fault or replayed.files or session.settings.bootstrap
    if unusual or facts is None or built is None or not stamped or len(heads) != 1:
        return
    places = [str(place) for place in source_directories(session.project.script_directory())]
    memo = Memo(
        project=session.project.name,
        places=places,
        files=history_digest(places, session.project.root),
        heads=heads,
        version_tables=[(t.schema, t.name) for t in version_tables(session.environment)[one.place]],
        database=one.configured[0].bind,
        answers={},
        shadows=session.maker(one.place).how,
        notes=session.maker(one.place).notes,
    )
    remember(session.settings, memo, facts, stamped, built)
