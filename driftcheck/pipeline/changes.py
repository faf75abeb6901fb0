"""Finds the changes of a database in the gaps, and judges them."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.judge import Judged, changes_of, judge
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.renames import RenameFollower
from driftcheck.schema import Snapshot
from driftcheck.sources.models import hidden_tables
from driftcheck.sources.statement_log import has_word


def judged_changes(state: DatabaseState, renames: RenameFollower) -> list[Judged]:
    """Compare the schemas of a database in its gaps, and make a finding of each change."""
    catalog = state.catalog
    changes = {gap: _changes(state, gap, renames) for gap in state.gaps}
    return judge(changes, state.snapshots, catalog.describe, catalog.note)


def drift_in(judged: Sequence[Judged]) -> list[Change]:
    """Return the changes of drift that findings report."""
    return [change for each in judged for change in each.changes.get(Gap.DRIFT, ())]


def pending_changes(state: DatabaseState, schema: Snapshot) -> list[Change]:
    """Return the changes between the models and a schema, as far as models can declare them.

    Args:
        state: The state of the database, with its models.
        schema: The schema of the head, or of a copy of the head after some operations.
    """
    sides = {Side.MODELS: state.snapshots[Side.MODELS], Side.HEAD: schema}
    declarable = {side: _declarable(state, snapshot) for side, snapshot in sides.items()}
    changes = changes_of(Gap.PENDING, declarable)
    return [change for change in changes if not _is_refused(change, state)]


def _changes(state: DatabaseState, gap: Gap, renames: RenameFollower) -> list[Change]:
    if gap is Gap.PENDING:
        return pending_changes(state, state.snapshots[Side.HEAD])
    changes = changes_of(gap, state.snapshots)
    if gap is Gap.DRIFT:
        stamped, live = state.snapshots[Side.STAMPED], state.snapshots[Side.LIVE]
        return renames.without_consequences(state.database_key, changes, stamped, live)
    return changes


def _is_refused(change: Change, state: DatabaseState) -> bool:
    """Whether the models declare an extra object in a statement that the database refused."""
    if change.type is not ChangeType.EXTRA:
        return False
    return any(
        all(has_word(refused.statement, name) for name in change.address.path)
        for refused in state.refused
    )


def _declarable(state: DatabaseState, snapshot: Snapshot) -> Snapshot:
    """Limit a schema to what models can declare and the project's filters let autogenerate see."""
    kinds = {kind.name for kind in state.catalog.kinds if kind.models_can_declare}
    snapshot = snapshot.only(lambda schema_object: schema_object.address.kind in kinds)
    return snapshot.without(hidden_tables(state.configured, snapshot))
